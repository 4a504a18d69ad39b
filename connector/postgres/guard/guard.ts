import type { SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import { judgeStatement } from "../../../protocol/policy/judge.ts";
import type { PolicySet } from "../../../protocol/policy/policy-set.ts";
import { Principals, SessionUsage } from "../../../protocol/policy/usage.ts";
import { factsOf, type StatementFacts } from "../../../protocol/sql/facts.ts";
import { loadParser } from "../../../protocol/sql/parser.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { admitted, refusedBy, revoked } from "../../guard/admission.ts";
import { detectorsFor } from "../../guard/detectors.ts";
import type { PolicyHolder } from "../../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../../guard/subject.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import { CatalogCache, type CatalogSource } from "../catalog/cache.ts";
import { refusedSetting } from "../mask/revealing-settings.ts";
import type { Admission } from "../startup.ts";
import { ParsedTexts } from "./parsed-texts.ts";
import { hidesTheSame, type Sight, sightOf } from "./sight.ts";

/** What all sessions of one connector process share to judge by. */
export class Guard {
  readonly policies: PolicyHolder;
  readonly texts = new ParsedTexts();
  /** Resolves when statements can be parsed. */
  readonly parser: Promise<void>;
  readonly now: () => number;
  /** Counts of the principals that have sessions here. */
  readonly principals = new Principals();
  readonly #catalogs = new Map<string, CatalogCache>();
  readonly #log: (message: string) => void;
  readonly #source: CatalogSource | undefined;

  /** `source`: where catalogs are asked, instead of connections of their own to the targets. */
  constructor(
    policies: PolicyHolder,
    now: () => number,
    log: (message: string) => void,
    source?: CatalogSource,
  ) {
    this.#source = source;
    this.policies = policies;
    this.now = now;
    this.#log = log;
    // A parser that can't be had is told to each session.
    this.parser = loadParser();
    this.parser.catch(() => {});
  }

  /** Counters for a new session of this principal. */
  usage(principal: string): SessionUsage {
    return new SessionUsage(this.principals.of(principal));
  }

  /** The catalog of one of a target's databases, as others than the session have committed it. */
  catalog(target: PostgresTargetConfig, database: string): CatalogCache {
    const key = JSON.stringify([target.name, database]);
    let cache = this.#catalogs.get(key);
    if (cache === undefined) {
      cache = new CatalogCache(target, database, this.#log, this.#source && { source: this.#source });
      this.#catalogs.set(key, cache);
    }
    return cache;
  }

  /**
   * Checks what an agent asks for as its session starts: that it may connect by the policies of this moment, and
   * change the settings that it names. Answers those policies. Throws `forbidden`, `approval_required`.
   */
  async admit(facts: SessionFacts, admission: Admission): Promise<PolicySet> {
    await this.parser;
    const set = await admitted(this.policies, facts, this.now());
    if (admission.settings.length === 0) return set;
    const decision = judgeStatement(
      set,
      subjectOf(facts),
      policyTarget(facts),
      startupFacts(admission.settings),
      {
        database: admission.database,
        inTransaction: false,
        plan: null,
        ...this.usage(facts.principal).of("", this.now()),
      },
    );
    if (decision.verdict !== "allow") throw refusedBy(decision, `settings ${admission.settings.join(", ")}`);
    return set;
  }

  /**
   * How much a new session sees, by the policies that admitted it; it stays so as long as the session lasts. Throws
   * `invalid_config` where the key of masks can't be had, `forbidden` for settings that would show what is masked.
   */
  async sight(
    set: PolicySet,
    facts: SessionFacts,
    target: PostgresTargetConfig,
    { database, changes }: Admission,
  ): Promise<Sight> {
    const sight = await sightOf(set, facts, target, database);
    const refused = sight.masks === null ? null : refusedSetting(changes);
    if (refused === null) return sight;
    throw new SallyportError(
      "forbidden",
      `a session in which columns are masked can't begin with ${refused.construct}`,
      refused.hint,
    );
  }

  /** The error that must end a session from which other labels would be hidden now than when it began; null otherwise. */
  resighted(
    facts: SessionFacts,
    target: PostgresTargetConfig,
    database: string,
    { masks }: Sight,
  ): SallyportError | null {
    const held = this.policies.current;
    if (held === null || hidesTheSame(held.set, facts, target, database, masks)) return null;
    return new SallyportError(
      "forbidden",
      "the policies have changed which labelled columns may be seen here",
      "Connect again: what is masked stays the same as long as a session lasts.",
    );
  }

  /** What detectors do for a session by the policies of this moment; null where there are none. */
  detectors(facts: SessionFacts, target: PostgresTargetConfig, database: string): Detectors | null {
    const held = this.policies.current;
    return held && detectorsFor(held.set, facts, target.detectors, database);
  }

  /** The error that must end a session which the policies of this moment would not let open; null otherwise. */
  revoked(facts: SessionFacts): SallyportError | null {
    return revoked(this.policies, facts, this.now());
  }

  /** Ends the catalogs' connections. */
  stop(): void {
    for (const cache of this.#catalogs.values()) cache.stop();
  }
}

function startupFacts(settings: string[]): StatementFacts {
  return factsOf("SET", "postgres:set", {
    effects: ["change-setting"],
    settings: [...new Set(settings)].sort(),
  });
}

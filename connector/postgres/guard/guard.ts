import { randomBytes } from "node:crypto";
import type { SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Decision } from "../../../protocol/policy/decision.ts";
import { judgeStatement } from "../../../protocol/policy/judge.ts";
import type { PolicySet, PolicyTarget, Subject } from "../../../protocol/policy/policy-set.ts";
import { Principals, SessionUsage } from "../../../protocol/policy/usage.ts";
import { factsOf, type StatementFacts } from "../../../protocol/sql/facts.ts";
import { loadParser } from "../../../protocol/sql/parser.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import type { PolicyHolder } from "../../guard/policy-holder.ts";
import { hasLabels } from "../../mask/label-of.ts";
import { maskKey } from "../../mask/mask-key.ts";
import { maskedLabels } from "../../mask/masked-labels.ts";
import { CatalogCache, type CatalogSource } from "../catalog/cache.ts";
import type { SessionMasks } from "../mask/masking.ts";
import { refusedSetting } from "../mask/revealing-settings.ts";
import type { Admission } from "../startup.ts";
import { ParsedTexts } from "./parsed-texts.ts";

/** Of the key of one session's masks. */
const KEY_BYTES = 32;
/** How long the policy set that a session was opened under may take to arrive, ms. */
export const POLICY_MS = 5_000;

/** What all sessions of one connector process share to judge by. */
export class Guard {
  readonly policies: PolicyHolder;
  readonly texts = new ParsedTexts();
  /** Resolves when statements can be parsed. */
  readonly parser: Promise<void>;
  readonly now: () => number;
  readonly #principals = new Principals();
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
    return new SessionUsage(this.#principals.of(principal));
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
   * change the settings that it names. Throws `forbidden`, `approval_required`.
   */
  async admit(facts: SessionFacts, admission: Admission): Promise<void> {
    await this.parser;
    const set = await this.policies.atLeast(facts.policy.revision, POLICY_MS);
    this.#checkConnect(set, facts);
    if (admission.settings.length === 0) return;
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
  }

  /**
   * What a new session may not see of the target's labelled columns, by the policies of this moment; null where it may
   * see all. It holds for as long as the session lasts. Throws `invalid_config` where the key of masks can't be had, `forbidden`
   * for settings that would show what is masked.
   */
  async masks(
    facts: SessionFacts,
    target: PostgresTargetConfig,
    { database, changes }: Admission,
  ): Promise<SessionMasks | null> {
    if (!hasLabels(target.labels)) return null;
    const set = await this.policies.atLeast(facts.policy.revision, POLICY_MS);
    const masks = await masksUnder(set, facts, target, database);
    const refused = masks === null ? null : refusedSetting(changes);
    if (refused === null) return masks;
    throw new SallyportError(
      "forbidden",
      `a session in which columns are masked can't begin with ${refused.construct}`,
      refused.hint,
    );
  }

  /** The error that must end a session which may see other labels now than when it began; null otherwise. */
  unmasked(
    facts: SessionFacts,
    { labels }: PostgresTargetConfig,
    database: string,
    masks: SessionMasks | null,
  ): SallyportError | null {
    const held = this.policies.current;
    if (held === null || !hasLabels(labels)) return null;
    const now = maskedLabels(held.set, subjectOf(facts), policyTarget(facts), labels, database);
    const before = masks?.masked ?? [];
    if (now.length === before.length && now.every(({ name }, index) => name === before[index]?.name))
      return null;
    return new SallyportError(
      "forbidden",
      "the policies have changed which labelled columns may be seen here",
      "Connect again: a session sees by one set of masks as long as it lasts.",
    );
  }

  /** The error that must end a session which the policies of this moment would not let open; null otherwise. */
  revoked(facts: SessionFacts): SallyportError | null {
    const held = this.policies.current;
    // Its statements are refused until there is one; the session itself may stay.
    if (held === null) return null;
    try {
      this.#checkConnect(held.set, facts);
      return null;
    } catch (error) {
      return error as SallyportError;
    }
  }

  /** A connection that needs an approval has one, its lease, until that is over. */
  #checkConnect(set: PolicySet, facts: SessionFacts): void {
    const { listed, mode, lease, target } = facts;
    const decision = set.decide(subjectOf(facts), "connect", policyTarget(facts), { listed, mode });
    if (decision.verdict === "allow") return;
    if (decision.verdict === "block") throw refusedBy(decision, `opening ${target}`);
    if (lease !== undefined && this.now() < lease.until) return;
    const words = lease === undefined ? "needs an approval" : "needs another approval, for its lease is over";
    throw new SallyportError(
      "approval_required",
      `opening ${target} ${words}: ${decision.reason}`,
      `Ask for it with \`sallyport connect ${target} --reason '…'\`.`,
    );
  }

  /** Ends the catalogs' connections. */
  stop(): void {
    for (const cache of this.#catalogs.values()) cache.stop();
  }
}

/** What these policies keep from somebody; null where it is nothing. Throws `invalid_config`. */
export async function masksUnder(
  set: PolicySet,
  who: Parameters<typeof subjectOf>[0] & Parameters<typeof policyTarget>[0],
  target: PostgresTargetConfig,
  database: string,
): Promise<SessionMasks | null> {
  const { labels } = target;
  const masked = maskedLabels(set, subjectOf(who), policyTarget(who), labels, database);
  if (masked.length === 0) return null;
  return {
    labels,
    masked,
    keys: { session: randomBytes(KEY_BYTES).toString("hex"), target: await maskKey(target) },
  };
}

/** Who asks, as policies see it. */
export function subjectOf({
  principal,
  onBehalfOf,
  groups,
}: Pick<SessionFacts, "principal" | "onBehalfOf" | "groups">): Subject {
  return { principal, groups, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
}

export function policyTarget({
  target,
  kind,
  connector,
}: Pick<SessionFacts, "target" | "kind" | "connector">): PolicyTarget {
  return { name: target, kind, connector };
}

function refusedBy(decision: Exclude<Decision, { verdict: "allow" }>, what: string): SallyportError {
  const { verdict, reason, policies } = decision;
  const words =
    verdict === "block"
      ? "is blocked by policy"
      : "needs an approval, which can't be asked for while a session starts";
  const hint = policies.length === 0 ? undefined : `Decided by ${policies.join(", ")}.`;
  return new SallyportError("forbidden", `${what} ${words}: ${reason}`, hint);
}

function startupFacts(settings: string[]): StatementFacts {
  return factsOf("SET", "postgres:set", {
    effects: ["change-setting"],
    settings: [...new Set(settings)].sort(),
  });
}

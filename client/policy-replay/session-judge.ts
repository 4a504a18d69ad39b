import type { PlanEstimate } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Block, Decision } from "../../protocol/policy/decision.ts";
import { judgeStatement, worst } from "../../protocol/policy/judge.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import { type ParsedStatement, parseSql, SqlSyntaxError } from "../../protocol/sql/parser.ts";
import { PreparedNames } from "./prepared-names.ts";
import type { Recorded, RecordedFacts } from "./recorded-facts.ts";
import type { ReplayedSession } from "./replayed-session.ts";
import type { ExchangeRun, NamedPortal, Run, SshRun, Step } from "./steps.ts";
import { classifyText, factsWithoutCatalog, isNameless, mayBeOf } from "./without-catalog.ts";

/** On what a judgement rests; of a string's statements the weakest. */
export const BASES = [
  /** The facts of this very statement, or the only ones recorded of its shape; or its text tells all (BEGIN). */
  "recorded",
  /** Several facts were recorded of its shape, and the worst counts. */
  "ambiguous",
  /** No facts were recorded: the text alone, without the target's catalog. */
  "text",
  /** The guard itself refuses it, whatever the policies. */
  "guard",
  /** Its text is not in the recording. */
  "unknown",
] as const;
export type Basis = (typeof BASES)[number];

export interface Judgement {
  run: Run | SshRun | ExchangeRun;
  then: Decision;
  /** Null when nothing can be said: its basis is `unknown`. */
  now: Decision | null;
  basis: Basis;
  /** The statement of the string that decides; null when its text is not in the recording. */
  statement: string | null;
}

/** What was decided of a statement that no event tells about: it went to the target. */
export const WENT: Decision = { verdict: "allow", policies: [], rows: null, bytes: null };

const NOTHING = { decision: WENT, basis: "recorded", fingerprint: null } as const;

/** Cursors of a session; the guard allows no more. */
const MAX_CURSORS = 1_000;
const DECLARES = "DECLARE CURSOR";
const FETCHES: ReadonlySet<string> = new Set(["FETCH", "MOVE"]);
/** Tags of statements after which prepared names are gone. */
const FORGETS = /^(DEALLOCATE|DISCARD ALL)/;

/** What a statement may do, as far as it is known. */
interface Findings {
  candidates: Recorded[];
  basis: Basis;
}

interface Verdict {
  decision: Decision;
  basis: Basis;
  statement: string;
  /** Null when nothing ran. */
  fingerprint: string | null;
}

/** Judges the steps of a recorded session with a database by a policy set, in their order. */
export class SessionJudge {
  readonly #session: ReplayedSession;
  readonly #database: string;
  readonly #recorded: RecordedFacts;
  readonly #names = new PreparedNames();
  readonly #portals = new PreparedNames();
  readonly #cursors: Findings[] = [];

  constructor(session: ReplayedSession, database: string, recorded: RecordedFacts) {
    this.#session = session;
    this.#database = database;
    this.#recorded = recorded;
  }

  /** The judgement of a run; null for other steps, which bear on what follows. */
  take(step: Step): Judgement | null {
    switch (step.step) {
      case "run":
        return this.#run(step);
      case "named":
        this.#names.add(step.name, step.text);
        return null;
      case "portal":
        this.#portal(step);
        return null;
      case "delivered":
        this.#session.delivered(step.rows, step.bytes);
        return null;
      case "request":
      case "exchange":
      case "policy":
        return null;
    }
  }

  /** When it goes is not always to be seen: what it may have stood for once counts from then on. */
  #portal({ name, statement, text }: NamedPortal): void {
    const texts = text === null ? this.#names.of(statement) : [text];
    if (texts === null) this.#portals.lose(name);
    for (const one of texts ?? []) this.#portals.add(name, one);
  }

  #run(run: Run): Judgement {
    const then = run.judged?.decision ?? run.asked?.decision ?? WENT;
    const verdicts = this.#verdicts(run);
    for (const { fingerprint } of verdicts ?? []) {
      if (fingerprint === null) continue;
      this.#session.went(fingerprint, run.time);
    }
    if (verdicts === null) return { run, then, now: null, basis: "unknown", statement: run.text };
    const now = worst(verdicts.map(({ decision }) => decision));
    const decided = verdicts.find(({ decision }) => decision.verdict === now.verdict);
    const basis = verdicts.reduce<Basis>((weakest, one) => weaker(weakest, one.basis), "recorded");
    return { run, then, now, basis, statement: decided?.statement ?? run.text };
  }

  /** Of each statement that the run was, or may have been; null when it is not known what it may have been. */
  #verdicts(run: Run): Verdict[] | null {
    const { judged, text, name } = run;
    if (judged?.facts) {
      const { facts } = judged;
      const plan =
        judged.plan ?? run.asked?.plan ?? greatestPlan(this.#recorded.of(facts.fingerprint).variants);
      return [this.#judge(run, { candidates: [{ facts, plan }], basis: "recorded" }, text ?? "")];
    }
    if (run.protocol === "function") return null;
    const prepared = run.doubtful || text === null ? this.#names.of(name ?? "") : [];
    if (prepared === null) return null;
    const verdicts: Verdict[] = [];
    for (const one of text === null ? prepared : [text, ...prepared]) {
      const found = this.#text(run, one);
      if (found === null) return null;
      verdicts.push(...found);
    }
    return verdicts.length === 0 ? [{ ...NOTHING, statement: text ?? "" }] : verdicts;
  }

  #text(run: Run, text: string): Verdict[] | null {
    const parsed = parse(text, run.cut);
    if (!(parsed instanceof Error)) {
      return parsed.flatMap((statement, index) => this.#statement(run, statement, run.tags[index] ?? ""));
    }
    // What the guard can't read never reaches a target; it did where there was no guard yet.
    if (run.judged) return null;
    const decision = run.outcome === "done" ? blocked(`the guard can't read it: ${parsed.message}`) : WENT;
    return [{ decision, basis: "guard", statement: text, fingerprint: null }];
  }

  #statement(run: Run, parsed: ParsedStatement, tag: string): Verdict[] {
    const { facts, effects } = classifyText(parsed);
    const findings = this.#find(facts, parsed.fingerprint);
    const verdicts = [this.#judge(run, findings, parsed.text)];
    if (FETCHES.has(facts.tag)) {
      verdicts.push(...this.#cursors.map((cursor) => this.#judge(run, cursor, parsed.text)));
      const portal = fetchedFrom(parsed);
      if (this.#portals.has(portal)) {
        const unheard = "the statement of the portal that it reads is not in the recording";
        verdicts.push(...this.#executed(run, facts, this.#portals.of(portal), unheard, parsed.text));
      }
    }
    if (facts.tag === DECLARES && this.#cursors.length < MAX_CURSORS) this.#cursors.push(findings);
    for (const effect of effects) {
      if (effect.kind === "prepare") this.#names.add(effect.name, effect.query);
      if (effect.kind === "deallocate" && FORGETS.test(tag)) this.#names.remove(effect.name);
      if (effect.kind === "execute") {
        const unheard = "the prepared statement that it executes is not in the recording";
        verdicts.push(...this.#executed(run, facts, this.#names.of(effect.name), unheard, parsed.text));
      }
    }
    return verdicts;
  }

  /** What EXECUTE or FETCH runs of these texts; null: `unheard`. `own`: its own facts, which tell nothing of that. */
  #executed(
    run: Run,
    own: StatementFacts,
    texts: string[] | null,
    unheard: string,
    statement: string,
  ): Verdict[] {
    const known = texts?.map((text) => parse(text, false)) ?? [new Error("there is no such name")];
    return known.flatMap((parsed) => {
      if (parsed instanceof Error) {
        const opaque = [...own.opaque, unheard];
        const candidates = [{ facts: { ...own, opaque }, plan: null }];
        return [this.#judge(run, { candidates, basis: "text" }, statement)];
      }
      return parsed.map((one) =>
        this.#judge(run, this.#find(classifyText(one).facts, one.fingerprint), statement),
      );
    });
  }

  /** The facts that may be a statement's: those recorded of its shape, else what its text alone tells. */
  #find(local: StatementFacts, fingerprint: string): Findings {
    const { variants, partial } = this.#recorded.of(fingerprint);
    const candidates = variants.filter(({ facts }) => mayBeOf(facts, local));
    if (!partial && candidates.length > 0) {
      return { candidates, basis: candidates.length === 1 ? "recorded" : "ambiguous" };
    }
    const fallback = { facts: factsWithoutCatalog(local), plan: greatestPlan(variants) };
    return { candidates: [...candidates, fallback], basis: isNameless(local) ? "recorded" : "text" };
  }

  /** As the guard does, what went before is counted, and not the statement itself. */
  #judge(run: Run, { candidates, basis }: Findings, statement: string): Verdict {
    const { fingerprint } = candidates[0]!.facts;
    const { policies, subject, target } = this.#session;
    const counts = this.#session.counts(fingerprint, run.time);
    const { inTransaction } = run;
    const decisions = candidates.map(({ facts, plan: recorded }) => {
      // Where nothing else is known, the estimate that approvers were shown: it is of the whole text.
      const plan = recorded ?? run.asked?.plan ?? null;
      const circumstances = { database: this.#database, inTransaction, plan, ...counts };
      try {
        return judgeStatement(policies, subject, target, facts, circumstances);
      } catch (error) {
        return blocked(`the policies could not be evaluated: ${(error as Error).message}`);
      }
    });
    return { decision: worst(decisions), basis, statement, fingerprint };
  }
}

function parse(text: string, cut: boolean): ParsedStatement[] | Error {
  if (cut) return new Error("it is longer than the guard takes");
  try {
    return parseSql(text);
  } catch (error) {
    if (error instanceof SqlSyntaxError || error instanceof SallyportError) return error;
    throw error;
  }
}

function blocked(reason: string): Block {
  return { verdict: "block", policies: [], reason };
}

/** The portal or cursor that FETCH and MOVE name. */
function fetchedFrom({ tree }: ParsedStatement): string {
  return "FetchStmt" in tree ? (tree.FetchStmt.portalname ?? "") : "";
}

function greatestPlan(variants: Recorded[]): PlanEstimate | null {
  return variants.reduce<PlanEstimate | null>(
    (most, { plan }) => (most && plan && most.cost > plan.cost ? most : (plan ?? most)),
    null,
  );
}

function weaker(one: Basis, other: Basis): Basis {
  return BASES.indexOf(other) > BASES.indexOf(one) ? other : one;
}

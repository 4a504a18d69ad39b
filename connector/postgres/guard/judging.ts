import type { PlanEstimate, SessionFacts } from "../../../protocol/control.ts";
import type { Decision } from "../../../protocol/policy/decision.ts";
import { wantsPlan } from "../../../protocol/policy/judge.ts";
import type { PolicySet } from "../../../protocol/policy/policy-set.ts";
import type { SessionUsage } from "../../../protocol/policy/usage.ts";
import type { ClassifiedStatement, StatementFacts } from "../../../protocol/sql/facts.ts";
import type { PolicyHolder } from "../../guard/policy-holder.ts";
import { policyTarget, subjectOf } from "../../guard/subject.ts";
import { Verdicts } from "../../guard/verdicts.ts";
import type { Conversation } from "../conversation.ts";
import type { PlannedText } from "./own-queries.ts";
import { Refusal } from "./refusal.ts";
import type { Reporter } from "./reporter.ts";
import type { Missing } from "./verdict.ts";

export interface JudgingOptions {
  facts: SessionFacts;
  database: string;
  policies: PolicyHolder;
  usage: SessionUsage;
  talk: Conversation;
  reporter: Reporter;
  now(): number;
}

/** What the policies of this moment say of statements of one session. */
export class Judging {
  readonly #options: JudgingOptions;
  readonly #verdicts: Verdicts;

  constructor(options: JudgingOptions) {
    this.#options = options;
    this.#verdicts = new Verdicts(subjectOf(options.facts), policyTarget(options.facts));
  }

  /**
   * The verdict. `plan`: undefined where it wasn't asked yet; `text`: what the planner can be asked about. `prepare` is
   * judged as the cheapest plan would be, and refuses only what could not run under any. Throws `Refusal`.
   */
  decide(
    statements: readonly ClassifiedStatement[],
    plan: PlanEstimate | null | undefined,
    text: PlannedText | null,
    stage: "prepare" | "plan" | "run",
  ): Decision | Missing {
    const [violation] = statements.flatMap((one) => one.pinViolations);
    if (violation !== undefined) throw Refusal.of("42501", `refused by Sallyport: ${violation}`, PIN_HINT);
    const { policies, facts, reporter, talk } = this.#options;
    const held = policies.current;
    if (held === null || held.stamp.revision < facts.policy.revision) return { need: "policy" };
    const { set, stamp } = held;
    reporter.policy(stamp);
    const all = statements.map((statement) => statement.facts);
    if (plan === undefined) {
      if (!all.some((one) => wantsPlan(set, one))) return this.#judge(set, all, null);
      const cheapest = this.#judge(set, all, { rows: 0, cost: 0 });
      if (stage === "prepare" || cheapest.verdict === "block") return cheapest;
      if (text !== null && talk.status !== "E") return { need: "plan", text };
    }
    return this.#judge(set, all, plan ?? null);
  }

  /** Statements are about to run. */
  ran(statements: readonly ClassifiedStatement[], plan: PlanEstimate | null): void {
    this.#count(statements);
    for (const { facts } of statements) this.#options.reporter.ran(facts, plan);
  }

  /** Statements were refused; they count as attempts. */
  refused(
    decision: Exclude<Decision, { verdict: "allow" }>,
    sql: string,
    statements: readonly ClassifiedStatement[],
    plan: PlanEstimate | null,
  ): void {
    this.#count(statements);
    const facts = statements.length === 1 ? statements[0]!.facts : null;
    this.#options.reporter.refused(decision, sql, facts, plan);
  }

  #count(statements: readonly ClassifiedStatement[]): void {
    const now = this.#options.now();
    for (const { facts } of statements) this.#options.usage.statement(facts.fingerprint, now);
  }

  #judge(set: PolicySet, all: readonly StatementFacts[], plan: PlanEstimate | null): Decision {
    const { usage, talk, database, now } = this.#options;
    const at = now();
    return this.#verdicts.judge(set, all, ({ fingerprint }) => ({
      database,
      inTransaction: talk.status !== "I",
      plan,
      ...usage.of(fingerprint, at),
    }));
  }
}

const PIN_HINT = "What a session's settings must stay is in Sallyport's guide to policies.";

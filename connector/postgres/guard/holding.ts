import type { StatementQuestion } from "../../../protocol/approval/approval.ts";
import { agreed } from "../../../protocol/approval/cover.ts";
import type { PlanEstimate } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Approve, Block } from "../../../protocol/policy/decision.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { HeldWords } from "../../guard/approval-words.ts";
import type { Approvals, Hold } from "../../guard/approvals.ts";
import type { Request } from "../conversation.ts";
import { CANCELLED, refusalOfAnswer } from "./approval-messages.ts";
import type { Judging, JudgingOptions } from "./judging.ts";
import type { PlannedText } from "./own-queries.ts";
import { Refusal, refusalOfAbsent } from "./refusal.ts";
import type { SessionCatalog } from "./session-catalog.ts";
import type { Approved, SessionNames } from "./session-names.ts";
import { type Asked, askAbout, cantBeHeld, type HeldMessage, isStill } from "./statement-question.ts";
import type { TargetTimeouts } from "./target-timeouts.ts";
import { type Missing, refuse, type Verdict } from "./verdict.ts";

export interface HoldingOptions extends JudgingOptions {
  catalog: SessionCatalog;
  approvals: Approvals;
  /** To the agent, where a notice may stand. */
  tell(words: HeldWords): void;
  timeouts: TargetTimeouts;
}

/** How often people are asked about one message, when what they approved is not what would run any more. */
const MAX_ASKED = 3;
/** What was found out for the message that is being judged. */
export interface Findings {
  plan?: PlanEstimate | null | undefined;
  /** The text of a SELECT that calls the function of a function-call message. */
  call?: string;
  /** People were asked about it so often. */
  asked: number;
  /** What they were asked last, and what becomes of that. */
  question?: Asked;
  hold?: Hold<StatementQuestion>;
}

/** Of a held message what it says itself. */
export type Held = Omit<HeldMessage, "message" | "plan">;

/** Messages that policies don't simply allow: refused, or held until people have answered and then looked at anew. */
export class Holding {
  readonly #options: HoldingOptions;
  readonly #judging: Judging;
  readonly #names: SessionNames;
  /** The question that is open. */
  #hold: Hold | undefined;
  /** The agent has cancelled the message that is being judged. */
  #cancelled = false;
  /** The agent has closed its end: what it left behind runs only where nobody need be asked. */
  #left = false;

  constructor(options: HoldingOptions, judging: Judging, names: SessionNames) {
    this.#options = options;
    this.#judging = judging;
    this.#names = names;
  }

  /** Another message is judged from here on. */
  begin(): void {
    this.#cancelled = false;
  }

  /** The agent cancels the message that is being judged: what is held is withdrawn. */
  cancel(): void {
    this.#cancelled = true;
    this.#hold?.withdraw("the agent cancelled the statement");
  }

  /** The agent has closed its end. */
  leave(): void {
    this.#left = true;
    this.#hold?.withdraw("the agent closed the connection");
  }

  /** Holds the message until people have answered. All that was known of it may have changed then. */
  async ask(asked: Asked, findings: Findings): Promise<Refusal | undefined> {
    const { timeouts } = this.#options;
    findings.hold?.withdraw("what it would do has changed since it was approved");
    if (findings.asked >= MAX_ASKED) {
      return cantBeHeld("what it would do, or the policies, changed each time that it was approved");
    }
    findings.asked += 1;
    try {
      const warning = await timeouts.begin();
      if (this.#cancelled || this.#left) return CANCELLED;
      const hold = this.#open(asked.question, warning);
      if (hold instanceof Refusal) return hold;
      this.#hold = hold;
      findings.question = asked;
      findings.hold = hold;
      const outcome = await hold.decided();
      if (!outcome.approved) return refusalOfAnswer(hold.question, outcome.why);
      await this.#options.catalog.doubt();
      findings.plan = undefined;
      return undefined;
    } finally {
      this.#hold = undefined;
      timeouts.stop();
    }
  }

  #open(question: StatementQuestion, warning: string | null): Hold<StatementQuestion> | Refusal {
    const { approvals, tell } = this.#options;
    try {
      return approvals.ask(question, { tell, warning });
    } catch (error) {
      if (error instanceof SallyportError) return cantBeHeld(error.message, error.hint);
      throw error;
    }
  }

  /** What stands in the way of a message that isn't simply allowed; undefined where people have agreed to it. */
  bar(
    request: Request,
    decision: Approve | Block,
    held: Held,
    text: PlannedText | null,
    findings: Findings,
  ): Verdict | Missing | undefined {
    const { sql, all } = held;
    const refused = (refusal?: Refusal) =>
      this.refused(request, decision, sql, all, findings.plan ?? null, refusal);
    const absent = refusalOfAbsent(all);
    if (absent !== undefined || decision.verdict === "block") return refused(absent);
    // Only then it is known what names mean, and whether there is a transaction that has failed.
    if (!this.#options.talk.answered) return { need: "answers" };
    if (this.#options.talk.status === "E")
      return refused(cantBeHeld("the transaction has failed", ROLL_BACK));
    if (findings.plan === undefined && text !== null) return { need: "plan", text };
    const asked = this.#askAbout(request, decision, held, findings);
    if (asked instanceof Refusal) return refused(asked);
    const { hold, question } = findings;
    const outcome = hold?.outcome;
    if (hold && outcome?.approved === false) return refused(refusalOfAnswer(hold.question, outcome.why));
    if (question !== undefined && isStill(question, asked)) return undefined;
    return { need: "approval", asked, refused };
  }

  #askAbout(request: Request, decision: Approve, held: Held, findings: Findings): Asked | Refusal {
    const { facts, database } = this.#options;
    const message = request as HeldMessage["message"];
    try {
      return askAbout(facts, database, { ...held, message, plan: findings.plan ?? null }, decision);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  /** What people agreed to about this message, for what it opens. */
  approved({ hold }: Findings): Approved | null {
    if (hold?.outcome.approved !== true) return null;
    const { question } = hold;
    return { question, until: this.#options.now() + question.expiresMs };
  }

  /** Whether what people agreed to earlier is enough for this verdict. */
  covers(approved: Approved | null, decision: Approve | Block): boolean {
    if (approved === null || decision.verdict === "block") return false;
    return this.#options.now() < approved.until && agreed(approved.question, decision);
  }

  /** For a FETCH that is held only for what it reads on in: what people agreed to when that was declared or bound. */
  covering(
    statements: ClassifiedStatement[],
    decision: Approve | Block,
    { plan }: Findings,
  ): Approved | null {
    if (decision.verdict === "block") return null;
    let first: Approved | null = null;
    const rest = this.#names.withExecuted(statements, (approved) => {
      if (approved === null || !this.covers(approved, decision)) return false;
      if (first === null || approved.until < first.until) first = approved;
      return true;
    });
    if (first === null || !Array.isArray(rest)) return null;
    const found = this.#judging.decide(rest, plan, null, "run");
    return "verdict" in found && found.verdict === "allow" ? first : null;
  }

  /** Refuses the message: by what does not exist, or by the policies, or as it is said. */
  refused(
    request: Request,
    decision: Approve | Block,
    sql: string,
    statements: readonly ClassifiedStatement[],
    plan: PlanEstimate | null,
    refusal?: Refusal,
  ): Verdict {
    this.#judging.refused(decision, sql, statements, plan);
    return refuse(request, refusal ?? refusalOfAbsent(statements) ?? Refusal.byPolicy(decision));
  }
}

/** What people agreed to goes with the message that it lets pass, and is withdrawn where that doesn't. */
export function settled(verdict: Verdict, { hold }: Findings): Verdict {
  if (hold === undefined) return verdict;
  if (verdict.act === "pass" && hold.outcome.approved) verdict.exchange.approval = hold;
  else hold.withdraw("the policies, or what it would do, have changed since it was approved");
  return verdict;
}

const ROLL_BACK = "Roll it back.";

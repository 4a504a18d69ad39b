import {
  type ApprovalAsk,
  type ApprovalNews,
  type HeldQuestion,
  MAX_APPROVAL_REASON,
  MAX_APPROVALS,
} from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  approvedWords,
  type HeldWords,
  heldWords,
  type NotApproved,
  notApprovedBy,
  unreachedWords,
  voteWords,
} from "./approval-words.ts";
import type { Timers } from "./timers.ts";

export interface ApprovalsOptions {
  /** To the edge, in order with all else that is recorded. */
  ask(ask: ApprovalAsk): void;
  timers: Timers;
  /** ms since 1970 */
  now(): number;
}

/** Whoever waits for an answer. */
export interface Waiting {
  /** Words for the agent, where a message may stand; 50 times for a question at most. */
  tell(words: HeldWords): void;
  /** A sentence of what goes on running meanwhile; told with the first words. */
  warning?: string | null;
}

/** What became of a question; `notApprovedWords` has the words for it. */
export type Outcome = { approved: true } | { approved: false; why: NotApproved };

/** How long after a question's end its session waits to be told so, ms. */
const GRACE_MS = 30_000;
/** Words about one question: an edge that says too much is not passed on. */
const MAX_TOLD = 50;
/** Questions of one session that wait at the same time: people are not asked more, and memory has a bound. */
export const MAX_OPEN_APPROVALS = 20;

/**
 * The questions of one session. What is held and how it goes on is the kind of target's own: it asks, waits for
 * `Hold.decided`, judges anew, and says `used` in the moment in which it lets go of what it held, or `withdraw`.
 * Several may be open at once, each with words of its own.
 */
export class Approvals {
  readonly #options: ApprovalsOptions;
  #last = 0;
  readonly #open = new Map<number, Hold>();

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /**
   * Asks the edge, at once. The question must be one that the edge takes (`checkAskable`), or it ends the session.
   * Throws `too_many` when the session has asked too often, or asks too much at once.
   */
  ask<Question extends HeldQuestion>(question: Question, waiting: Waiting): Hold<Question> {
    if (this.#last >= MAX_APPROVALS) {
      throw new SallyportError(
        "too_many",
        `a session may ask ${MAX_APPROVALS} times at most`,
        "Open another session.",
      );
    }
    if (this.#open.size >= MAX_OPEN_APPROVALS) {
      throw new SallyportError(
        "too_many",
        `${MAX_OPEN_APPROVALS} questions of this session wait for an answer`,
        "Wait until some of them are answered.",
      );
    }
    this.#last += 1;
    const approval = this.#last;
    const hold = new Hold(this.#options, approval, question, waiting, () => this.#open.delete(approval));
    this.#open.set(approval, hold as Hold);
    return hold;
  }

  /** The edge's news; those of questions that are over change nothing. */
  news({ approval, news }: ApprovalNews): void {
    this.#open.get(approval)?.heard(news);
  }

  /** The session is over: nobody waits any more, and nothing can be told. */
  end(): void {
    for (const hold of [...this.#open.values()]) hold.end();
  }
}

/** One question, from when it is asked until what was held is released or refused. */
export class Hold<Question extends HeldQuestion = HeldQuestion> {
  /** Its number in the session, from 1. */
  readonly approval: number;
  readonly question: Question;
  readonly #options: ApprovalsOptions;
  readonly #waiting: Waiting;
  readonly #decided = Promise.withResolvers<void>();
  readonly #stopTimer: () => void;
  readonly #over: () => void;
  #id = "";
  #votes = -1;
  #told = 0;
  readonly #unreached = new Set<string>();
  /** `over`: released, or withdrawn on this side. */
  #state: "pending" | "approved" | "refused" | "over" = "pending";
  #why: NotApproved = { why: "cancelled" };

  /** Only `Approvals.ask` makes one. `over` is called when nothing more can become of it. */
  constructor(
    options: ApprovalsOptions,
    approval: number,
    question: Question,
    waiting: Waiting,
    over: () => void,
  ) {
    this.#options = options;
    this.#over = over;
    this.approval = approval;
    this.question = question;
    this.#waiting = waiting;
    // Nobody need wait for it: that it never comes is no fault of the process.
    this.#decided.promise.catch(() => {});
    options.ask({ event: "approval_asked", approval, question });
    this.#stopTimer = options.timers.after(question.expiresMs + GRACE_MS, () => this.#late());
  }

  /** The question's id, by which people name it; null before the edge has taken it. */
  get id(): string | null {
    return this.#id === "" ? null : this.#id;
  }

  /** Resolves when it is decided, by whomever. Throws `session_ended`. */
  async decided(): Promise<Outcome> {
    await this.#decided.promise;
    return this.outcome;
  }

  /** As it is now: an approval that wasn't used may be taken back. */
  get outcome(): Outcome {
    return this.#state === "approved" ? { approved: true } : { approved: false, why: this.#why };
  }

  /** What was held goes to the target now. Only where `outcome` is approved in this moment; once. */
  used(): void {
    if (this.#state !== "approved") throw new Error("what is held was released without its approval");
    this.#end("over");
    this.#options.ask({ event: "approval_used", approval: this.approval });
  }

  /**
   * Nobody asks any more: the agent cancelled, or what was approved is not what would run now. Of what is over already
   * nothing. `reason`: for the recording.
   */
  withdraw(reason: string, why: NotApproved = { why: "cancelled" }): void {
    if (this.#state !== "pending" && this.#state !== "approved") return;
    this.#why = why;
    this.#end("over");
    const words = reason.slice(0, MAX_APPROVAL_REASON).toWellFormed();
    this.#options.ask({ event: "approval_withdrawn", approval: this.approval, reason: words });
  }

  /** The session is over. */
  end(): void {
    this.#decided.reject(new SallyportError("session_ended", "the session is over"));
    this.#end("over");
  }

  /** What the edge says of it. */
  heard(news: ApprovalNews["news"]): void {
    if (this.#state !== "pending" && this.#state !== "approved") return;
    const why = notApprovedBy(news);
    if (why !== null) {
      this.#why = why;
      this.#end("refused");
    } else if (this.#state === "pending") {
      this.#progress(news);
    }
  }

  #progress(news: ApprovalNews["news"]): void {
    if (news.status === "approved") {
      if (this.#id !== "") this.#tell(approvedWords(this.#id, news.by));
      this.#state = "approved";
      this.#stopTimer();
      this.#decided.resolve();
    } else if (news.status === "pending") {
      const first = this.#id === "";
      this.#id = news.id;
      const warning = this.#waiting.warning ?? null;
      if (first) this.#tell(heldWords(this.question, news, this.#options.now(), warning));
      else if (news.votes !== this.#votes) this.#tell(voteWords(news));
      this.#votes = news.votes;
    } else if (news.status === "unreached" && !this.#unreached.has(news.channel)) {
      if (this.#unreached.size < MAX_TOLD) this.#unreached.add(news.channel);
      if (this.#id !== "") this.#tell(unreachedWords(this.#id, news.channel));
    }
  }

  #tell(words: HeldWords): void {
    this.#told += 1;
    if (this.#told <= MAX_TOLD) this.#waiting.tell(words);
  }

  /** The edge should have said so long ago. */
  #late(): void {
    this.withdraw("nobody answered in time", { why: "expired" });
  }

  #end(state: "refused" | "over"): void {
    this.#state = state;
    this.#stopTimer();
    this.#over();
    this.#decided.resolve();
  }
}

import {
  type ApprovalAsk,
  type ApprovalNews,
  MAX_APPROVAL_REASON,
  MAX_APPROVALS,
} from "../../../protocol/approval.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import {
  approvedNotice,
  heldNotice,
  refusalOfNews,
  unreachedNotice,
  voteNotice,
} from "./approval-notices.ts";
import { Refusal } from "./refusal.ts";
import { type Asked, cantBeHeld } from "./statement-question.ts";
import type { Timers } from "./timers.ts";

export interface ApprovalsOptions {
  /** To the edge. */
  ask(ask: ApprovalAsk): void;
  /** To the agent: a whole NoticeResponse, where a message may stand. */
  tell(notice: Uint8Array): void;
  timers: Timers;
  now(): number;
}

/** What became of a question. */
export type Outcome = { approved: true } | { approved: false; refusal: Refusal };

/** How long after a question's end its session waits to be told so, ms. */
const GRACE_MS = 30_000;
/** Notices about one question: an edge that says too much is not passed on. */
const MAX_NOTICES = 50;

/** The questions of one session: at most one is open at a time, for what follows it waits. */
export class Approvals {
  readonly #options: ApprovalsOptions;
  #last = 0;
  #open: Hold | undefined;

  constructor(options: ApprovalsOptions) {
    this.#options = options;
  }

  /** Asks the edge. `warning`: for the agent. Throws `Refusal` when the session has asked too much. */
  open(asked: Asked, warning: string | null): Hold {
    if (this.#last >= MAX_APPROVALS) {
      throw cantBeHeld(`a session may ask ${MAX_APPROVALS} times at most`, "Open another session.");
    }
    this.#last += 1;
    const hold = new Hold(this.#options, this.#last, asked, warning, () => {
      if (this.#open === hold) this.#open = undefined;
    });
    this.#open = hold;
    return hold;
  }

  /** The edge's news; those of questions that are over change nothing. */
  news(news: ApprovalNews): void {
    if (this.#open?.approval === news.approval) this.#open.heard(news.news);
  }

  /** The session is over: nobody waits any more, and nothing can be told. */
  end(): void {
    this.#open?.end();
  }
}

/** One question, from when it is asked until what was held is released or refused. */
export class Hold {
  readonly approval: number;
  readonly asked: Asked;
  readonly #options: ApprovalsOptions;
  readonly #warning: string | null;
  readonly #decided = Promise.withResolvers<void>();
  readonly #stopTimer: () => void;
  readonly #over: () => void;
  #id = "";
  #votes = -1;
  #notices = 0;
  readonly #unreached = new Set<string>();
  /** `over`: released, or withdrawn on this side. */
  #state: "pending" | "approved" | "refused" | "over" = "pending";
  #refusal: Refusal | undefined;

  constructor(
    options: ApprovalsOptions,
    approval: number,
    asked: Asked,
    warning: string | null,
    over: () => void,
  ) {
    this.#options = options;
    this.#over = over;
    this.approval = approval;
    this.asked = asked;
    this.#warning = warning;
    options.ask({ event: "approval_asked", approval, question: asked.question });
    this.#stopTimer = options.timers.after(asked.question.expiresMs + GRACE_MS, () => this.#late());
  }

  /** Resolves when it is decided, by whomever. Throws `session_ended`. */
  async decided(): Promise<Outcome> {
    await this.#decided.promise;
    return this.outcome;
  }

  /** As it is now: an approval that wasn't used may be taken back. */
  get outcome(): Outcome {
    if (this.#state === "approved") return { approved: true };
    return { approved: false, refusal: this.#refusal ?? CANCELLED };
  }

  /** What was held goes to the target now. */
  used(): void {
    if (this.#state !== "approved") throw new Error("a statement was released without its approval");
    this.#end("over");
    this.#options.ask({ event: "approval_used", approval: this.approval });
  }

  /** Nobody asks any more: the agent cancelled, or what was approved is not what would run now. */
  withdraw(reason: string, refusal = CANCELLED): void {
    if (this.#state !== "pending" && this.#state !== "approved") return;
    this.#refusal = refusal;
    this.#end("over");
    const words = reason.slice(0, MAX_APPROVAL_REASON).toWellFormed();
    this.#options.ask({ event: "approval_withdrawn", approval: this.approval, reason: words });
  }

  /** The session is over. */
  end(): void {
    this.#decided.reject(new SallyportError("session_ended", "the session is over"));
    this.#end("over");
  }

  heard(news: ApprovalNews["news"]): void {
    if (this.#state !== "pending" && this.#state !== "approved") return;
    const refusal = refusalOfNews(this.asked.question, news);
    if (refusal !== null) {
      this.#refusal = refusal;
      this.#end("refused");
    } else if (this.#state === "pending") {
      this.#progress(news);
    }
  }

  #progress(news: ApprovalNews["news"]): void {
    if (news.status === "approved") {
      if (this.#id !== "") this.#tell(approvedNotice(this.#id, news.by));
      this.#state = "approved";
      this.#stopTimer();
      this.#decided.resolve();
    } else if (news.status === "pending") {
      const first = this.#id === "";
      this.#id = news.id;
      if (first) this.#tell(heldNotice(this.asked.question, news, this.#options.now(), this.#warning));
      else if (news.votes !== this.#votes) this.#tell(voteNotice(news));
      this.#votes = news.votes;
    } else if (news.status === "unreached" && !this.#unreached.has(news.channel)) {
      if (this.#unreached.size < MAX_NOTICES) this.#unreached.add(news.channel);
      if (this.#id !== "") this.#tell(unreachedNotice(this.#id, news.channel));
    }
  }

  #tell(notice: Uint8Array): void {
    this.#notices += 1;
    if (this.#notices <= MAX_NOTICES) this.#options.tell(notice);
  }

  /** The edge should have said so long ago. */
  #late(): void {
    const refusal = refusalOfNews(this.asked.question, { status: "expired" });
    this.withdraw("nobody answered in time", refusal ?? CANCELLED);
  }

  #end(state: "refused" | "over"): void {
    this.#state = state;
    this.#stopTimer();
    this.#over();
    this.#decided.resolve();
  }
}

/** As the server says it of a statement that its client cancelled. */
export const CANCELLED = Refusal.of("57014", "canceling statement due to user request");

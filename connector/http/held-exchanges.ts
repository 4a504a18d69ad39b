import type { RequestQuestion } from "../../protocol/approval/approval.ts";
import type { Approvals, Hold, Outcome } from "../guard/approvals.ts";
import type { Timers } from "../guard/timers.ts";

/** What became of waiting: the question's outcome, or that it stands still (`waiting`), or that who asked is gone. */
export type Awaited =
  | { state: "decided"; outcome: Outcome; hold: Hold<RequestQuestion> }
  | { state: "waiting"; hold: Hold<RequestQuestion> }
  | { state: "gone" };

/**
 * The questions of one session about exchanges. Unlike a statement's, a question outlives the exchange that asked: a
 * client that can't wait so long sends the same request again, which joins the question, or has its answer. An approval
 * that nobody comes for within the time that the question had is given back.
 */
export class HeldExchanges {
  readonly #approvals: Approvals;
  readonly #timers: Timers;
  readonly #holds = new Map<string, Hold<RequestQuestion>>();

  constructor(approvals: Approvals, timers: Timers) {
    this.#approvals = approvals;
    this.#timers = timers;
  }

  /**
   * Asks, or joins the question about the same request under the same rules, and waits at most `waitMs`, and until the
   * question has an id, by which people can name it: then `told` is called, if it still waits. Throws `too_many`,
   * `session_ended`.
   */
  async wait(
    question: RequestQuestion,
    waitMs: number,
    signal: AbortSignal,
    told: (hold: Hold<RequestQuestion>) => void = () => {},
  ): Promise<Awaited> {
    const key = keyOf(question);
    const hold = this.#holds.get(key) ?? this.#ask(key, question);
    const late = Promise.withResolvers<"waiting">();
    const stop = this.#timers.after(waitMs, () => late.resolve("waiting"));
    const gone = Promise.withResolvers<"gone">();
    const leave = () => gone.resolve("gone");
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    try {
      const known = this.#known.get(hold)!.promise;
      let isWaiting = true;
      const over = () => {
        isWaiting = false;
      };
      known.then(() => isWaiting && told(hold));
      const lateOnceKnown = Promise.all([late.promise, known]).then(([state]) => state);
      const first = await Promise.race([hold.decided(), lateOnceKnown, gone.promise]).finally(over);
      if (first === "gone") return { state: "gone" };
      if (first === "waiting") return { state: "waiting", hold };
      // Refused once is told once: who asks again means it.
      if (!first.approved) this.#forget(key, hold);
      return { state: "decided", outcome: first, hold };
    } finally {
      stop();
      signal.removeEventListener("abort", leave);
    }
  }

  /** The approval is used, or given back: the next such request asks anew. */
  over(hold: Hold<RequestQuestion>): void {
    this.#forget(keyOf(hold.question), hold);
  }

  /** The session is over: nothing can be released any more. */
  end(): void {
    for (const [key, hold] of [...this.#holds]) this.#forget(key, hold);
  }

  #ask(key: string, question: RequestQuestion): Hold<RequestQuestion> {
    const known = Promise.withResolvers<void>();
    const hold = this.#approvals.ask(question, { tell: () => known.resolve() });
    this.#known.set(hold, known);
    this.#holds.set(key, hold);
    const unused = () => {
      const stop = this.#timers.after(question.expiresMs, () => {
        hold.withdraw("nobody came for what was approved");
        this.#forget(key, hold);
      });
      this.#unused.set(hold, stop);
    };
    hold.decided().then(
      ({ approved }) => {
        if (approved && this.#holds.get(key) === hold) unused();
      },
      () => this.#forget(key, hold),
    );
    return hold;
  }

  /** Resolves once the edge has given the question its id. */
  readonly #known = new WeakMap<Hold<RequestQuestion>, PromiseWithResolvers<void>>();
  readonly #unused = new WeakMap<Hold<RequestQuestion>, () => void>();

  #forget(key: string, hold: Hold<RequestQuestion>): void {
    this.#unused.get(hold)?.();
    if (this.#holds.get(key) === hold) this.#holds.delete(key);
  }
}

/** The same bytes under other rules are another question. */
function keyOf({ sha256, policies, actions, scope, approvals, unreadable }: RequestQuestion): string {
  return JSON.stringify([sha256, policies, actions, scope, approvals, unreadable]);
}

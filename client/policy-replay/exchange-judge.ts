import type { Decision } from "../../protocol/policy/decision.ts";
import { exchangeFingerprint, judgeExchange, judgeUnreadable } from "../../protocol/policy/exchange.ts";
import type { ReplayedSession } from "./replayed-session.ts";
import { type Judgement, WENT } from "./session-judge.ts";
import type { ExchangeRun, Step } from "./steps.ts";

/** Judges the steps of a recorded HTTP or Kubernetes session by a policy set, in their order, with the facts of then. */
export class ExchangeJudge {
  readonly #session: ReplayedSession;

  constructor(session: ReplayedSession) {
    this.#session = session;
  }

  /** The judgement of a request or response; null for other steps, which bear on what follows. */
  take(step: Step): Judgement | null {
    if (step.step === "exchange") return this.#exchange(step);
    if (step.step === "delivered") this.#session.delivered(step.rows, step.bytes);
    return null;
  }

  #exchange(run: ExchangeRun): Judgement {
    const { request, facts, time, text } = run;
    const then: Decision = run.judged?.decision ?? run.asked?.decision ?? WENT;
    // One principal has one account on a target, so that what is counted is told apart without it.
    const fingerprint = facts && exchangeFingerprint("", request, facts);
    const now = fingerprint === null ? null : this.#judge(run, fingerprint);
    // As the guard does: what did not go to the target does not count.
    if (run.outcome === "done") this.#session.went(fingerprint ?? "", time);
    return { run, then, now, basis: now === null ? "unknown" : "recorded", statement: text };
  }

  #judge({ request, facts, unreadable, time }: ExchangeRun, fingerprint: string): Decision | null {
    const kind = request.kubernetes === null ? "http" : "kubernetes";
    if (facts === null || facts.type !== kind) return null;
    const { policies, subject, target } = this.#session;
    const counts = this.#session.counts(fingerprint, time);
    return unreadable === null
      ? judgeExchange(policies, subject, target, request, facts, counts)
      : judgeUnreadable(policies, subject, target, request, facts, unreadable, counts);
  }
}

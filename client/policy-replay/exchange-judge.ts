import type { Decision } from "../../protocol/policy/decision.ts";
import { exchangeFingerprint, judgeExchange, judgeUnreadable } from "../../protocol/policy/exchange.ts";
import type { PolicySet, PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import type { UsageCounter } from "../../protocol/policy/usage.ts";
import { type Judgement, WENT } from "./session-judge.ts";
import type { ExchangeRun, SessionOf, Step } from "./steps.ts";

/** Judges the steps of a recorded HTTP or Kubernetes session by a policy set, in their order, with the facts of then. */
export class ExchangeJudge {
  readonly #set: PolicySet;
  readonly #subject: Subject;
  readonly #target: PolicyTarget;
  readonly #session: UsageCounter;
  readonly #principal: UsageCounter;

  /** `principal`: the usage of all sessions that the principal has on the connector. */
  constructor(set: PolicySet, { facts }: SessionOf, session: UsageCounter, principal: UsageCounter) {
    const { principal: name, groups, onBehalfOf, target, kind, connector } = facts;
    this.#set = set;
    this.#subject = { principal: name, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) };
    this.#target = { name: target, kind, connector };
    this.#session = session;
    this.#principal = principal;
  }

  /** The judgement of a request or response; null for other steps, which bear on what follows. */
  take(step: Step): Judgement | null {
    if (step.step === "exchange") return this.#exchange(step);
    if (step.step === "delivered") {
      for (const usage of [this.#session, this.#principal]) usage.result(step.rows, step.bytes);
    }
    return null;
  }

  #exchange(run: ExchangeRun): Judgement {
    const { request, facts, time, text } = run;
    const then: Decision = run.judged?.decision ?? run.asked?.decision ?? WENT;
    // One principal has one account on a target, so that what is counted is told apart without it.
    const fingerprint = facts && exchangeFingerprint("", request, facts);
    const now = fingerprint === null ? null : this.#judge(run, fingerprint);
    // As the guard does: what did not go to the target does not count.
    if (run.outcome === "done") {
      for (const usage of [this.#session, this.#principal]) usage.statement(fingerprint ?? "", time);
    }
    return { run, then, now, basis: now === null ? "unknown" : "recorded", statement: text };
  }

  #judge({ request, facts, unreadable, time }: ExchangeRun, fingerprint: string): Decision | null {
    const kind = request.kubernetes === null ? "http" : "kubernetes";
    if (facts === null || facts.type !== kind) return null;
    const counts = {
      session: this.#session.of(fingerprint, time),
      principalUsage: this.#principal.of(fingerprint, time),
    };
    return unreadable === null
      ? judgeExchange(this.#set, this.#subject, this.#target, request, facts, counts)
      : judgeUnreadable(this.#set, this.#subject, this.#target, request, facts, unreadable, counts);
  }
}

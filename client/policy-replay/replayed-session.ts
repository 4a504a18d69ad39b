import type { PolicySet, PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import type { UsageCounter } from "../../protocol/policy/usage.ts";
import type { SessionOf } from "./steps.ts";

/** A recorded session as policies see it: who, at which target, and what was counted so far. */
export class ReplayedSession {
  readonly subject: Subject;
  readonly target: PolicyTarget;
  /** What it is judged by now. */
  policies: PolicySet;
  readonly #session: UsageCounter;
  readonly #principal: UsageCounter;

  /** `principal`: the usage of all sessions that the principal has on the connector. */
  constructor(policies: PolicySet, { facts }: SessionOf, session: UsageCounter, principal: UsageCounter) {
    this.policies = policies;
    const { principal: name, groups, onBehalfOf, target, kind, connector } = facts;
    this.subject = { principal: name, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) };
    this.target = { name: target, kind, connector };
    this.#session = session;
    this.#principal = principal;
  }

  /** The counts at this time, ms since 1970. */
  counts(fingerprint: string, time: number) {
    return {
      session: this.#session.of(fingerprint, time),
      principalUsage: this.#principal.of(fingerprint, time),
    };
  }

  /** Something went to the target. */
  went(fingerprint: string, time: number): void {
    for (const usage of [this.#session, this.#principal]) usage.statement(fingerprint, time);
  }

  /** Results went to the agent. */
  delivered(rows: number, bytes: number): void {
    for (const usage of [this.#session, this.#principal]) usage.result(rows, bytes);
  }
}

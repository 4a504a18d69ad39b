import type { Decision } from "../../protocol/policy/decision.ts";
import type { PolicySet, PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import { judgeSsh, requestFingerprint } from "../../protocol/policy/ssh.ts";
import type { UsageCounter } from "../../protocol/policy/usage.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { type Judgement, WENT } from "./session-judge.ts";
import type { SessionOf, SshRun, Step } from "./steps.ts";

/** Judges the steps of a recorded SSH session by a policy set, in their order; command lines are parsed anew. */
export class SshJudge {
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

  /** The judgement of a request; null for other steps, which bear on what follows. */
  take(step: Step): Judgement | null {
    if (step.step === "request") return this.#request(step);
    if (step.step === "delivered") {
      for (const usage of [this.#session, this.#principal]) usage.result(step.rows, step.bytes);
    }
    return null;
  }

  #request(run: SshRun): Judgement {
    const { account, request, time, text } = run;
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    const fingerprint = requestFingerprint(account, request, facts);
    const now = judgeSsh(this.#set, this.#subject, this.#target, request, facts, {
      account,
      session: this.#session.of(fingerprint, time),
      principalUsage: this.#principal.of(fingerprint, time),
    });
    // As the guard does: what did not go to the target does not count.
    if (run.outcome === "done") {
      for (const usage of [this.#session, this.#principal]) usage.statement(fingerprint, time);
    }
    const then: Decision = run.judged?.decision ?? run.asked?.decision ?? WENT;
    return { run, then, now, basis: "recorded", statement: text };
  }
}

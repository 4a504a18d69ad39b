import type { Decision } from "../../protocol/policy/decision.ts";
import { judgeSsh, requestFingerprint } from "../../protocol/policy/ssh.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import type { ReplayedSession } from "./replayed-session.ts";
import { type Judgement, WENT } from "./session-judge.ts";
import type { SshRun, Step } from "./steps.ts";

/** Judges the steps of a recorded SSH session by a policy set, in their order; command lines are parsed anew. */
export class SshJudge {
  readonly #session: ReplayedSession;

  constructor(session: ReplayedSession) {
    this.#session = session;
  }

  /** The judgement of a request; null for other steps, which bear on what follows. */
  take(step: Step): Judgement | null {
    if (step.step === "request") return this.#request(step);
    if (step.step === "delivered") this.#session.delivered(step.rows, step.bytes);
    return null;
  }

  #request(run: SshRun): Judgement {
    const { account, request, time, text } = run;
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    const fingerprint = requestFingerprint(account, request, facts);
    const { policies, subject, target } = this.#session;
    const now = judgeSsh(policies, subject, target, request, facts, {
      account,
      ...this.#session.counts(fingerprint, time),
    });
    // As the guard does: what did not go to the target does not count.
    if (run.outcome === "done") this.#session.went(fingerprint, time);
    const then: Decision = run.judged?.decision ?? run.asked?.decision ?? WENT;
    return { run, then, now, basis: "recorded", statement: text };
  }
}

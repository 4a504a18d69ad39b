import type { RequestQuestion } from "../../protocol/approval/approval.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Approve, Block, Decision } from "../../protocol/policy/decision.ts";
import { judgeSsh, requestFingerprint } from "../../protocol/policy/ssh.ts";
import type { SessionUsage } from "../../protocol/policy/usage.ts";
import type { LineFacts } from "../../protocol/shell/facts.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import type { ForwardRequest, SshRequest } from "../../protocol/ssh/request.ts";
import { type HeldWords, notApprovedWords } from "../guard/approval-words.ts";
import type { Approvals, Hold } from "../guard/approvals.ts";
import type { HeldPolicy, PolicyHolder } from "../guard/policy-holder.ts";
import { isStillApproved, requestQuestion } from "../guard/request-question.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";
import type { Recorder } from "./recorder.ts";

export interface SshGuardOptions {
  facts: SessionFacts;
  /** The login name at the target. */
  account: string;
  policies: PolicyHolder;
  usage: SessionUsage;
  recorder: Recorder;
  approvals: Approvals;
  /** ms since 1970 */
  now(): number;
}

/** Who asks for something. */
export interface Asker {
  /** The channel that asks; 0 for what belongs to none. */
  channel: number;
  /** Words while it waits for people. */
  tell(words: HeldWords): void;
  /** It asks no more: its channel is closed, or it was interrupted. */
  signal: AbortSignal;
}

/** `watched`: only while somebody watches. `policies`: by which it was judged. */
export type Answer =
  | { allowed: true; watched: boolean; policies: HeldPolicy | null }
  | { allowed: false; words: HeldWords };

/** How often people are asked about one request, when what they approved is not what would run any more. */
const MAX_ASKED = 3;
const NO_POLICIES: Block = {
  verdict: "block",
  policies: [],
  reason: "The policies in force can't be used by this connector, so it refuses everything.",
};

/** Judges what one SSH session asks of its target: recorded first, then judged, held where people must agree. */
export class SshGuard {
  readonly #options: SshGuardOptions;

  constructor(options: SshGuardOptions) {
    this.#options = options;
  }

  /** Answers once the request is on record and its verdict is clear. Rejects when the session ends before. */
  async ask(request: SshRequest, asker: Asker): Promise<Answer> {
    const { account, recorder, usage, now } = this.#options;
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    await recorder.logged({ event: "requested", channel: asker.channel, request });
    const answer = await this.#decide(request, facts, asker);
    if (answer.allowed) usage.statement(requestFingerprint(account, request, facts), now());
    return answer;
  }

  /** The same for what must be answered at once, so that nobody can be asked. */
  askAtOnce(request: ForwardRequest, channel: number): Answer {
    const { recorder } = this.#options;
    recorder.event({ event: "requested", channel, request });
    const decision = this.#judge(request, null);
    if (decision.verdict === "allow") return this.#allowed(decision);
    recorder.event({ event: "request_judged", channel, request, decision, facts: null });
    const words = decision.verdict === "block" ? blockedWords(decision) : { message: decision.reason };
    return {
      allowed: false,
      words: { ...words, message: `no ${request.direction} forwarding: ${words.message}` },
    };
  }

  /** The words that must end a request which was let through, where the policies of this moment block it; else null. */
  blocked(request: SshRequest): HeldWords | null {
    if (this.#options.policies.current === null) return null;
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    const decision = this.#judge(request, facts);
    return decision.verdict === "block" ? blockedWords(decision) : null;
  }

  /** The same just before what was let through begins: it may have waited long. */
  blockedSince(request: SshRequest, { policies }: Extract<Answer, { allowed: true }>): HeldWords | null {
    return policies === this.#options.policies.current ? null : this.blocked(request);
  }

  #allowed({ watched }: Exclude<Decision, Block>): Answer {
    return { allowed: true, watched: watched === true, policies: this.#options.policies.current };
  }

  async #decide(request: SshRequest, facts: LineFacts | null, asker: Asker): Promise<Answer> {
    const refuse = (decision: Approve | Block, words: HeldWords): Answer => {
      const { channel } = asker;
      this.#options.recorder.event({ event: "request_judged", channel, request, decision, facts });
      return { allowed: false, words };
    };
    for (let asked = 0; ; asked++) {
      const decision = this.#judge(request, facts);
      if (decision.verdict === "block") return refuse(decision, blockedWords(decision));
      if (decision.verdict === "allow") return this.#allowed(decision);
      if (asked === MAX_ASKED) return refuse(decision, CHANGING);
      const outcome = await this.#held(request, facts, decision, asker);
      if (outcome === "approved") return this.#allowed(decision);
      if (outcome !== "changed") return refuse(decision, outcome);
    }
  }

  /** Asks people. `changed`: they agreed to what the policies say differently now. */
  async #held(
    request: SshRequest,
    facts: LineFacts | null,
    decision: Approve,
    asker: Asker,
  ): Promise<"approved" | "changed" | HeldWords> {
    const { account, approvals } = this.#options;
    const fingerprint = requestFingerprint(account, request, facts);
    let hold: Hold<RequestQuestion>;
    try {
      const question = requestQuestion(decision, { account, request, fingerprint });
      hold = approvals.ask(question, { tell: (words) => asker.tell(words) });
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      return { message: error.message, ...(error.hint !== undefined && { hint: error.hint }) };
    }
    const gone = () => hold.withdraw("the agent asks no more");
    if (asker.signal.aborted) gone();
    asker.signal.addEventListener("abort", gone);
    try {
      const outcome = await hold.decided();
      if (!outcome.approved) return notApprovedWords(hold.question, outcome.why);
      const now = this.#judge(request, facts);
      const stands =
        now.verdict === "approve" &&
        now.watched === decision.watched &&
        isStillApproved(hold.question, requestQuestion(now, { account, request, fingerprint }));
      if (stands) hold.used();
      else hold.withdraw("the policies have changed since it was approved");
      return stands ? "approved" : "changed";
    } finally {
      asker.signal.removeEventListener("abort", gone);
    }
  }

  #judge(request: SshRequest, facts: LineFacts | null): Decision {
    const { policies, facts: session, account, usage, now } = this.#options;
    const { current } = policies;
    if (current === null) return NO_POLICIES;
    const counts = usage.of(requestFingerprint(account, request, facts), now());
    return judgeSsh(current.set, subjectOf(session), policyTarget(session), request, facts, {
      account,
      ...counts,
    });
  }
}

const CHANGING: HeldWords = {
  message: "the policies changed each time that it was approved",
  hint: "Try again.",
};

function blockedWords({ reason, policies }: Block): HeldWords {
  return {
    message: `refused by policy: ${reason}`,
    ...(policies.length > 0 && { hint: `Decided by ${policies.join(", ")}.` }),
  };
}

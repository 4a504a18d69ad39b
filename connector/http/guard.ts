import type { RequestQuestion } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import type { Approve, Block, Decision } from "../../protocol/policy/decision.ts";
import {
  exchangeActions,
  exchangeFingerprint,
  judgeExchange,
  judgeUnreadable,
  seesBody,
} from "../../protocol/policy/exchange.ts";
import type { SessionUsage } from "../../protocol/policy/usage.ts";
import { notApprovedWords } from "../guard/approval-words.ts";
import type { Hold } from "../guard/approvals.ts";
import type { HeldPolicy, PolicyHolder } from "../guard/policy-holder.ts";
import { isStillApproved, requestQuestion } from "../guard/request-question.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";
import type { HeldExchanges } from "./held-exchanges.ts";
import { recorded } from "./recorded.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

export interface ExchangeGuardOptions {
  facts: SessionFacts;
  /** As whom the target sees the agent, where it is told; else empty. */
  account: string;
  policies: PolicyHolder;
  usage: SessionUsage;
  held: HeldExchanges;
  record(event: ConnectorEvent): void;
  /** Whether somebody watches the session now. */
  isWatched(): boolean;
  /** ms since 1970 */
  now(): number;
}

/** Who asks for something. */
export interface Asker {
  /** The stream's number. */
  exchange: number;
  /** How long it may wait for people, ms. */
  waitMs: number;
  /** It waits for people, who know it by this approval. */
  held(approval: string): void;
  /** It asks no more. */
  signal: AbortSignal;
}

/**
 * What is judged: a request, or, with `unreadable`, its response of that content type. `transcoded`: its body goes on in
 * another form than it came in.
 */
export interface Judged {
  request: HttpRequest;
  facts: ExchangeFacts;
  transcoded: boolean;
  unreadable: string | null;
}

/**
 * `policies`: by which it was judged. `bytes`: of the response's body, at most; null for no bound. `watched`: only while
 * somebody watches. `approval`: the one that released it.
 */
export type Answer =
  | { allowed: true; policies: HeldPolicy; bytes: number | null; watched: boolean; approval: string | null }
  | { allowed: false; refusal: Refusal };

export type Allowed = Extract<Answer, { allowed: true }>;

const MAX_ASKED = 3;
/** After how many seconds a client that was told to come again should. */
const RETRY_AFTER = 10;
const NO_POLICIES: Block = {
  verdict: "block",
  policies: [],
  reason: "The policies in force can't be used by this connector, so it refuses everything.",
};

/** Judges what one session asks of an HTTP or Kubernetes target, and holds what people must agree to. */
export class ExchangeGuard {
  readonly #options: ExchangeGuardOptions;

  constructor(options: ExchangeGuardOptions) {
    this.#options = options;
  }

  /** Whether the policies of this moment look at what the request's body holds; where none can be used, all is looked at. */
  seesBody(request: HttpRequest): boolean {
    const { current } = this.#options.policies;
    return current === null || seesBody(current.set, exchangeActions(request));
  }

  /** Answers once the verdict is clear. Rejects when the session ends before. */
  async ask(judged: Judged, asker: Asker): Promise<Answer> {
    const { account, usage, now } = this.#options;
    const answer = await this.#decide(judged, asker);
    if (answer.allowed && judged.unreadable === null) {
      usage.statement(exchangeFingerprint(account, judged.request, judged.facts), now());
    }
    return answer;
  }

  /** What would be said of it now, without asking or recording. */
  verdict(judged: Judged): Decision["verdict"] {
    return this.#judge(judged).verdict;
  }

  /** Why what was let through must end, where the policies of this moment block it; else null. */
  blockedSince(judged: Judged, { policies }: Allowed): Refusal | null {
    const { current } = this.#options.policies;
    if (current === null || current === policies) return null;
    const decision = this.#judge(judged);
    return decision.verdict === "block" ? blockedBy(decision) : null;
  }

  async #decide(judged: Judged, asker: Asker): Promise<Answer> {
    const refuse = (decision: Approve | Block, refusal: Refusal): Answer => {
      const { exchange } = asker;
      const { unreadable } = judged;
      this.#options.record({ event: "exchange_judged", exchange, decision, ...recorded(judged), unreadable });
      return { allowed: false, refusal };
    };
    for (let asked = 0; ; asked++) {
      const decision = this.#judge(judged);
      if (decision.verdict === "block") return refuse(decision, blockedBy(decision));
      if (decision.watched === true && !this.#options.isWatched()) {
        const reason = "Nobody watches.";
        return refuse({ verdict: "block", policies: decision.policies, reason }, this.unwatched);
      }
      if (decision.verdict === "allow") return this.#allowed(decision, null);
      if (asked === MAX_ASKED) return refuse(decision, CHANGING);
      const outcome = await this.#hold(judged, decision, asker);
      if (typeof outcome === "string") return this.#allowed(decision, outcome);
      if (outcome !== null) return refuse(decision, outcome);
    }
  }

  /** The words for what needs somebody who watches, while nobody does. */
  get unwatched(): Refusal {
    const { session } = this.#options.facts;
    return {
      code: "forbidden",
      message: "this needs somebody who watches, and nobody does",
      hint: `Who may watch runs \`sallyport sessions watch ${session}\`; then send it again.`,
    };
  }

  #allowed({ watched, bytes }: Exclude<Decision, Block>, approval: string | null): Answer {
    const { current } = this.#options.policies;
    return current === null
      ? { allowed: false, refusal: blockedBy(NO_POLICIES) }
      : { allowed: true, policies: current, bytes, watched: watched === true, approval };
  }

  /** Asks people: the approval's id; why not; null where they agreed to what the policies say differently now. */
  async #hold(judged: Judged, decision: Approve, asker: Asker): Promise<string | Refusal | null> {
    const question = this.#question(judged, decision);
    if (!("kind" in question)) return question;
    try {
      const awaited = await this.#options.held.wait(question, asker.waitMs, asker.signal, ({ id }) => {
        if (id !== null) asker.held(id);
      });
      if (awaited.state === "gone") return GONE;
      if (awaited.state === "waiting") return stillHeld(awaited.hold, this.#options.now());
      if (!awaited.outcome.approved) return notApproved(awaited.hold, awaited.outcome.why);
      return this.#release(judged, decision, awaited.hold);
    } catch (error) {
      if (error instanceof SallyportError && error.code === "too_many") return refusalOf(error);
      throw error;
    }
  }

  /** In the moment in which it goes on, it must be what was approved; two that waited for one approval can't both use it. */
  #release(judged: Judged, decision: Approve, hold: Hold<RequestQuestion>): string | null {
    const now = this.#judge(judged);
    const question = now.verdict === "approve" ? this.#question(judged, now) : null;
    if (!hold.outcome.approved) return null;
    this.#options.held.over(hold);
    if (
      question === null ||
      !("kind" in question) ||
      now.verdict !== "approve" ||
      now.watched !== decision.watched ||
      !isStillApproved(hold.question, question)
    ) {
      hold.withdraw("the policies have changed since it was approved");
      return null;
    }
    hold.used();
    return hold.id;
  }

  #question({ request, facts, unreadable }: Judged, decision: Approve): RequestQuestion | Refusal {
    const { account } = this.#options;
    const fingerprint = exchangeFingerprint(account, request, facts);
    try {
      return requestQuestion(decision, { account, request, fingerprint, unreadable });
    } catch (error) {
      if (error instanceof SallyportError) return refusalOf(error);
      throw error;
    }
  }

  #judge({ request, facts, unreadable }: Judged): Decision {
    const { policies, facts: session, account, usage, now } = this.#options;
    const { current } = policies;
    if (current === null) return NO_POLICIES;
    const subject = subjectOf(session);
    const target = policyTarget(session);
    const counts = usage.of(exchangeFingerprint(account, request, facts), now());
    return unreadable === null
      ? judgeExchange(current.set, subject, target, request, facts, counts)
      : judgeUnreadable(current.set, subject, target, request, facts, unreadable, counts);
  }
}

const GONE: Refusal = { code: "agent_gone", message: "cancelled while it waited for an approval" };

const CHANGING: Refusal = {
  code: "forbidden",
  message: "the policies changed each time that it was approved",
  hint: "Try again.",
};

function blockedBy({ reason, policies }: Block): Refusal {
  return {
    code: "forbidden",
    message: `refused by policy: ${reason}`,
    ...(policies.length > 0 && { hint: `Decided by ${policies.join(", ")}.` }),
  };
}

function notApproved(hold: Hold<RequestQuestion>, why: Parameters<typeof notApprovedWords>[1]): Refusal {
  return {
    code: "forbidden",
    ...notApprovedWords(hold.question, why),
    ...(hold.id !== null && { approval: hold.id }),
  };
}

function stillHeld({ question, id }: Hold<RequestQuestion>, _now: number): Refusal {
  const which = id === null ? "an approval" : `approval ${id}`;
  const show = id === null ? "" : `Who may approve runs \`sallyport approvals show ${id}\`. `;
  return {
    code: "approval_required",
    message: `waiting for ${which}: ${question.reason}`,
    hint: `${show}Send the same request again once it is approved; \`Prefer: wait=SECONDS\` waits longer.`,
    ...(id !== null && { approval: id }),
    retryAfter: RETRY_AFTER,
  };
}

import { createHash, type Hash } from "node:crypto";
import { type ApprovalAsk, type ApprovalEvent, MAX_APPROVALS } from "../../approval/approval.ts";
import { fieldValue } from "../fields.ts";
import type { RequestHead } from "../head.ts";
import type { HttpRequest } from "../request.ts";
import type { Side } from "./events.ts";

/**
 * Exchanges that may be open at once; beyond, the oldest counts as unfinished. A session has at most `MAX_STREAMS`
 * open, but a recording may hold anything.
 */
export const MAX_OPEN = 512;

/** An exchange that is not over, as far as what follows may speak of it. */
export interface Exchange {
  readonly number: number;
  /** ms since 1970 */
  readonly begun: number;
  readonly head: RequestHead;
  /** Of the request's body. */
  readonly hash: Hash | null;
  /** `asked`: people are asked about the request; `sent`: it went to the target; `judged`: it was refused. */
  state: "new" | "asked" | "sent" | "judged";
  /** People are asked about its response. */
  responseAsked: boolean;
  /** Its response has begun, but for interim ones. */
  responded: boolean;
  /** Messages go both ways. */
  websocket: boolean;
  readonly ended: Record<Side, boolean>;
  /** The side's last message goes on. */
  readonly within: Record<Side, boolean>;
}

interface Question {
  asked: number;
  exchange: number | null;
  request: HttpRequest | null;
  isOfResponse: boolean;
}

/** The open exchanges, and which of them an entry of an approval speaks of: it has a question's number alone. Memory is bounded. */
export class Exchanges {
  readonly #open = new Map<number, Exchange>();
  readonly #questions = new Map<number, Question>();
  #newest = 0;

  get open(): Iterable<Exchange> {
    return this.#open.values();
  }

  /** The exchange that begins; null for a number that is not above all before. */
  begin(number: number, head: RequestHead, begun: number): Exchange | null {
    if (number <= this.#newest) return null;
    this.#newest = number;
    const exchange: Exchange = {
      number,
      begun,
      head,
      hash: head.body ? createHash("sha256") : null,
      state: "new",
      responseAsked: false,
      responded: false,
      websocket: false,
      ended: { agent: false, target: false },
      within: { agent: false, target: false },
    };
    this.#open.set(number, exchange);
    return exchange;
  }

  get(number: number): Exchange | null {
    return this.#open.get(number) ?? null;
  }

  /** Whether an exchange of this number is over. */
  isOver(number: number): boolean {
    return number > 0 && number <= this.#newest && !this.#open.has(number);
  }

  /** The oldest exchange, where there are too many. */
  get excess(): Exchange | null {
    if (this.#open.size <= MAX_OPEN) return null;
    return this.#open.values().next().value ?? null;
  }

  over(exchange: Exchange): void {
    this.#open.delete(exchange.number);
  }

  /** The exchange of which an entry of an approval speaks, and how long ago people were asked, ms. */
  approval(
    entry: ApprovalAsk | ApprovalEvent,
    time: number,
  ): { exchange: number | null; waited: number | null } {
    if (entry.event === "approval_asked") this.#ask(entry, time);
    const question = this.#questions.get(entry.approval);
    if (question === undefined) return { exchange: null, waited: null };
    if (entry.event === "approval_used") question.exchange = this.#released(question);
    return { exchange: question.exchange, waited: Math.max(0, time - question.asked) };
  }

  #ask({ approval, question }: Extract<ApprovalAsk, { event: "approval_asked" }>, asked: number): void {
    const request = question.kind === "request" && question.request.type === "http" ? question.request : null;
    const isOfResponse = question.kind === "request" && question.actions.includes("http:unreadable");
    const exchange = request && this.#find(request, isOfResponse, "new");
    if (exchange && isOfResponse) exchange.responseAsked = true;
    else if (exchange) exchange.state = "asked";
    this.#questions.delete(approval);
    this.#questions.set(approval, { asked, exchange: exchange?.number ?? null, request, isOfResponse });
    for (const oldest of this.#questions.keys()) {
      if (this.#questions.size <= MAX_APPROVALS) break;
      this.#questions.delete(oldest);
    }
  }

  /** A question outlives the exchange that asked it: the same request may have come again, and is what goes on. */
  #released({ exchange, request, isOfResponse }: Question): number | null {
    const first = exchange === null ? null : this.get(exchange);
    if (first && (isOfResponse ? !first.responded : first.state === "asked")) return first.number;
    const other = request && this.#find(request, isOfResponse, isOfResponse ? "asked" : "new");
    if (other && !isOfResponse) other.state = "asked";
    return other?.number ?? exchange;
  }

  /**
   * The first open exchange that made this request and waits for an answer. Of a body that went on in another form than
   * it came in, such as JSON for protobuf, the hash tells nothing.
   */
  #find(request: HttpRequest, isOfResponse: boolean, before: "new" | "asked"): Exchange | null {
    for (const exchange of this.#open.values()) {
      const { state, responded, responseAsked, head, hash } = exchange;
      const waits = isOfResponse
        ? state === "sent" && !responded && (before === "asked" || !responseAsked)
        : state === "new";
      if (!waits || head.method !== request.method || head.target !== request.target) continue;
      if (request.body === null || request.contentType !== fieldValue(head.fields, "content-type"))
        return exchange;
      if (request.body.sha256 === (hash?.copy().digest("hex") ?? null)) return exchange;
    }
    return null;
  }
}

import type { SessionFacts } from "../../protocol/control.ts";
import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import { type Fields, type RequestHead, UPGRADE_FIELD } from "../../protocol/http/head.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { tellingFields } from "../../protocol/http/telling-fields.ts";
import type { Refusal } from "./refusal.ts";

/** A request whose body goes on in another form than it came in. */
export interface Transcoded {
  head: RequestHead;
  body: Buffer;
}

/** What differs between the kinds of targets that carry exchanges. Of one session. */
export interface ExchangeRules {
  readonly kind: SessionFacts["kind"] & ("http" | "kubernetes");
  /** As whom the target is told that the agent acts; empty where it is told nothing. */
  readonly account: string;
  /** Whether no body may go on unread. */
  readonly readsBodies: boolean;
  /**
   * Why a request with such a body is refused before it is judged; null where it isn't. `isSeen`: policies look at what
   * bodies hold, or something in them is masked.
   */
  refusal(request: HttpRequest, isSeen: boolean): Refusal | null;
  /** What is asked for, without its body. Throws `invalid_request` for what could be read in more than one way. */
  request(head: RequestHead): HttpRequest;
  /**
   * The request with its body as it is judged and sent on, where that is not as it came; null where it is, or why it is
   * refused. `isSeen`: as above.
   */
  transcoded(
    request: HttpRequest,
    head: RequestHead,
    body: Buffer,
    isSeen: boolean,
  ): { transcoded: Transcoded } | { refusal: Refusal } | null;
  /** What was proved of it. `body`: null where there is none, or where it is streamed. */
  facts(request: HttpRequest, head: RequestHead, body: Uint8Array | null): ExchangeFacts;
  /** The fields that go on, beside those that the target's side adds. Throws `invalid_request` as well. */
  fields(request: HttpRequest, head: RequestHead): Fields;
}

/** What a head asks for, without its body. `kubernetes`: what the API server takes it for; null for other targets. */
export function requestOf(
  { method, target, fields, websocket }: RequestHead,
  kubernetes: HttpRequest["kubernetes"],
): HttpRequest {
  return {
    type: "http",
    method,
    target,
    contentType: fieldValue(fields, "content-type"),
    fields: tellingFields(fields.filter(([name]) => name !== UPGRADE_FIELD)),
    body: null,
    streamed: false,
    websocket: websocket !== undefined,
    kubernetes,
  };
}

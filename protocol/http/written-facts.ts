import { kubernetesFacts } from "../kubernetes/facts-of.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import type { ExchangeFacts } from "./facts.ts";
import { httpFacts } from "./facts-of.ts";
import type { HttpRequest } from "./request.ts";
import { readTarget } from "./target.ts";
import { requestWritten, type WrittenRequest } from "./written-request.ts";

/** A request that somebody has written down, with what is proved of it. */
export interface WrittenExchange {
  request: HttpRequest;
  facts: ExchangeFacts;
}

/** How it would be sent, beside what is written. */
export interface WrittenOptions {
  /** Its body goes on as it comes, unread. */
  streamed?: boolean;
  /** It asks for a WebSocket. */
  websocket?: boolean;
  /** Of an HTTP target's settings. */
  encodedSlashes?: boolean;
}

/** What an HTTP target would be asked. Throws `invalid_request` for what would be refused before it is judged. */
export function writtenExchange(written: WrittenRequest, options: WrittenOptions = {}): WrittenExchange {
  const target = readTarget(written.target, { encodedSlashes: options.encodedSlashes ?? false });
  return {
    request: { ...requestWritten(written, null), ...sent(options) },
    facts: httpFacts(target, toRead(written, options)),
  };
}

/** What a Kubernetes target would be asked. Throws likewise. */
export function writtenApiRequest(written: WrittenRequest, options: WrittenOptions = {}): WrittenExchange {
  const info = requestInfo(written.method, written.target);
  const request = { ...requestWritten(written, info), ...sent(options) };
  return { request, facts: kubernetesFacts(request, null, toRead(written, options).body) };
}

function sent({ streamed = false, websocket = false }: WrittenOptions) {
  return { websocket, streamed, ...(streamed && { body: null }) };
}

function toRead({ contentType, body }: WrittenRequest, { streamed = false }: WrittenOptions) {
  return {
    contentType,
    contentEncoding: null,
    body: body === null || streamed ? null : Buffer.from(body),
    streamed,
  };
}

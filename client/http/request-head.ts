import type { IncomingMessage } from "node:http";
import { SallyportError } from "../../protocol/errors.ts";
import { agentFields, agentSubprotocols, trailerFields } from "../../protocol/http/fields.ts";
import {
  type Fields,
  MAX_FIELDS,
  MAX_TARGET,
  type RequestHead,
  UPGRADE_FIELD,
} from "../../protocol/http/head.ts";
import { readRequestHead, readTrailers } from "../../protocol/http/reading.ts";

/** An upgrade that is refused in the target's words; others, such as h2c, may be passed over (RFC 9110 section 7.8). */
const TOLD_UPGRADE = /^spdy\/\d(?:\.\d)?$/i;

/**
 * What a local client asks, as the head of a stream. Throws `invalid_request` for what can't be one; whether the target
 * gets it is for the connector to say.
 */
export function requestHead(request: IncomingMessage, isWebSocket: boolean): RequestHead {
  const { method = "", url = "", rawHeaders, headers } = request;
  if (!/^\/[!-~]*$/.test(url)) {
    throw new SallyportError(
      "invalid_request",
      "The request's target is no path of printable ASCII.",
      "Send a path, percent-encoded; this listener is no proxy, and leads to one target alone.",
    );
  }
  if (url.length > MAX_TARGET) {
    throw new SallyportError("invalid_request", `The request's target is longer than ${MAX_TARGET} bytes.`);
  }
  const fields = agentFields(lines(rawHeaders));
  const { upgrade } = headers;
  const told = !isWebSocket && upgrade !== undefined && TOLD_UPGRADE.test(upgrade);
  const head: RequestHead = {
    method,
    target: url,
    base: "",
    fields: told ? [...fields, [UPGRADE_FIELD, upgrade.toLowerCase()]] : fields,
    body: !isWebSocket && hasBody(request),
    ...(isWebSocket && { websocket: { subprotocols: subprotocolsOf(request) } }),
  };
  checkSendable(head);
  return head;
}

/** The trailers of a request that has been read to its end; null where there are none. Throws `invalid_request`. */
export function requestTrailers({ rawTrailers }: IncomingMessage): Fields | null {
  const fields = trailerFields(lines(rawTrailers));
  checkReadable(() => readTrailers(fields));
  return fields.length === 0 ? null : fields;
}

/** The subprotocols that a client asks for, without credentials. */
export function subprotocolsOf({ headers }: IncomingMessage): string[] {
  return [...new Set(agentSubprotocols(headers["sec-websocket-protocol"] ?? null))];
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** What no agent's side sends would be a fault of ours at the connector; it is the client's. */
function checkSendable(head: RequestHead): void {
  if (head.fields.length > MAX_FIELDS) {
    throw new SallyportError("frame_too_large", `The request has more than ${MAX_FIELDS} fields.`);
  }
  checkReadable(() => readRequestHead(head));
}

function checkReadable(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== "protocol_violation") return;
    throw new SallyportError("invalid_request", `The request can't be sent on: ${error.message}.`);
  }
}

function* lines(raw: readonly string[]): Generator<[name: string, value: string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) yield [raw[index]!, raw[index + 1]!];
}

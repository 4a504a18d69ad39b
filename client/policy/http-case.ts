import type { Field } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  type WrittenExchange,
  writtenApiRequest,
  writtenExchange,
} from "../../protocol/http/written-facts.ts";
import { readWrittenRequest } from "../../protocol/http/written-request.ts";

/** What a case asks of an HTTP or Kubernetes target. */
export interface ExchangeCase extends WrittenExchange {
  /** The content type of the response that can't be looked into, where it is that which is judged; else null. */
  response: string | null;
}

const KEYS = ["request", "contentType", "body", "streamed", "websocket", "response"];
const HINT = "Write GET /path, or {request: POST /path, body: …, contentType: …}.";

/** Reads such a case. Throws `invalid_config` with its place. */
export function exchangeCaseOf(field: Field, kind: "http" | "kubernetes"): ExchangeCase {
  const mapping = asMapping(field);
  const text = (name: string) => mapping?.get(name).optional((one) => one.string()) ?? null;
  const line = mapping === null ? field.string() : mapping.get("request").string();
  const isYes = (name: string) =>
    mapping?.get(name).optional((one) => one.oneOf(["yes", "no"]) === "yes") ?? false;
  const body = text("body");
  const contentType = text("contentType");
  const head = contentType === null ? line : `${line}\nContent-Type: ${contentType}`;
  try {
    const written = readWrittenRequest(body === null ? head : `${head}\n\n${body}`);
    const streamed = isYes("streamed");
    const options = { streamed, websocket: isYes("websocket") };
    const exchange =
      kind === "http" ? writtenExchange(written, options) : writtenApiRequest(written, options);
    return { ...exchange, response: text("response") };
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== "invalid_request") throw error;
    return field.fail(`is no request that would be judged: ${error.message}`, error.hint ?? HINT);
  }
}

/** Null where it is a text. */
function asMapping(field: Field): Field | null {
  try {
    field.string();
    return null;
  } catch {
    return field.mapping(KEYS, HINT);
  }
}

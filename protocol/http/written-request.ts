import { createHash } from "node:crypto";
import { SallyportError } from "../errors.ts";
import type { HttpRequest, RequestBody } from "./request.ts";

/** A request as people write it down to ask what would become of it. */
export interface WrittenRequest {
  method: string;
  target: string;
  contentType: string | null;
  /** Null where there is none. */
  body: string | null;
}

const HINT = "Write `GET /path?query`, and after an empty line the body, if there is one.";

/**
 * Reads a request: its first line is method and target, as in HTTP/1.1, with or without the version; then `Content-Type`
 * may follow, and after an empty line the body, exactly as it stands. Without a content type a body that is JSON is
 * taken for JSON. Throws `invalid_request`.
 */
export function readWrittenRequest(text: string): WrittenRequest {
  const [head = "", body] = split(text);
  const [first = "", ...fields] = head.split(/\r?\n/).filter((line) => line !== "");
  const [, method, target] = /^([A-Za-z-]+) (\/\S*)(?: HTTP\/1\.[01])?$/.exec(first.trim()) ?? [];
  if (method === undefined || target === undefined) {
    throw new SallyportError("invalid_request", "the text doesn't begin with a request line", HINT);
  }
  return { method, target, contentType: contentTypeOf(fields) ?? guessed(method, body), body: body ?? null };
}

/** The request that is written there, as it would be judged on a target of its kind: all of its body was read. */
export function requestWritten(written: WrittenRequest, kubernetes: HttpRequest["kubernetes"]): HttpRequest {
  const { method, target, contentType, body } = written;
  return {
    type: "http",
    method,
    target,
    contentType,
    body: body === null ? null : bodyOf(body),
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes,
  };
}

/** Head and body; the body is undefined where there is none. */
function split(text: string): [string, string?] {
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return [text];
  const body = text.slice(end.index + end[0].length);
  return body === "" ? [text.slice(0, end.index)] : [text.slice(0, end.index), body];
}

function contentTypeOf(fields: readonly string[]): string | null {
  const [field, ...more] = fields;
  if (field === undefined) return null;
  const [, value] = /^content-type:[ \t]*(\S(?:.*\S)?)[ \t]*$/i.exec(field) ?? [];
  if (value !== undefined && more.length === 0) return value;
  throw new SallyportError(
    "invalid_request",
    "of a request's fields only Content-Type is judged, once",
    `Leave out the others. ${HINT}`,
  );
}

/** As clients send it without being told: kubectl's patches are of their own type. */
function guessed(method: string, body: string | undefined): string | null {
  if (body === undefined) return null;
  try {
    JSON.parse(body);
    return method === "PATCH" ? "application/merge-patch+json" : "application/json";
  } catch {
    return null;
  }
}

function bodyOf(text: string): RequestBody {
  return {
    bytes: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
    text: /(?![\t\n\r])\p{Cc}/u.test(text) ? null : text,
  };
}

import type { BodyForm, HttpFacts } from "./facts.ts";
import { readJson, readUtf8 } from "./json.ts";
import { jsonLeaves } from "./json-leaves.ts";
import { isUtf8, type MediaType, readMediaType } from "./media-type.ts";
import { isOverride } from "./overrides.ts";
import type { Target } from "./target.ts";

/** A request's body, and what its head says of it. */
export interface BodyToRead {
  contentType: string | null;
  contentEncoding: string | null;
  /** All of it; null where there is none, and where it is streamed. */
  body: Uint8Array | null;
  /** It goes on as it comes, unread. */
  streamed: boolean;
}

type BodyFacts = Pick<HttpFacts, "bodyForm" | "fields" | "opaque">;

/** What is known of a request to an HTTP target. `opaque` holds all that another reader might take differently. */
export function httpFacts(target: Target, request: BodyToRead): HttpFacts {
  const body = bodyFacts(request);
  return {
    type: "http",
    path: target.path,
    query: target.query,
    bodyForm: body.bodyForm,
    fields: body.fields,
    opaque: [...target.opaque, ...body.opaque],
  };
}

/** How a body can be read: why it can't be, or by which media type. */
export function readableAs(
  request: BodyToRead,
): { none: true } | { unread: string } | { type: MediaType; body: Uint8Array } {
  const { contentType, contentEncoding, body, streamed } = request;
  if (streamed) return { unread: "the body goes on as it comes, unread" };
  if (body === null || body.length === 0) return { none: true };
  if (contentEncoding !== null && contentEncoding.toLowerCase() !== "identity") {
    return { unread: "the body is compressed" };
  }
  if (contentType === null) return { unread: "the body has no content type" };
  const type = readMediaType(contentType);
  if (type === null || !isUtf8(type))
    return { unread: "the body's content type is not read, or not of UTF-8" };
  return { type, body };
}

function bodyFacts(request: BodyToRead): BodyFacts {
  const readable = readableAs(request);
  if ("none" in readable) return { bodyForm: "none", fields: [], opaque: [] };
  if ("unread" in readable) return unread(readable.unread);
  const { essence } = readable.type;
  const form = formOf(essence);
  if (form === "unread") return unread(`bodies of ${essence} are not read`);
  const text = readUtf8(readable.body);
  if (text === null) return unread("the body is no UTF-8, or begins with a byte order mark");
  switch (form) {
    case "json":
      return jsonFacts(text);
    case "form":
      return formFacts(text);
    case "text":
      return { bodyForm: "text", fields: [], opaque: [`bodies of ${essence} are not taken apart`] };
  }
}

function unread(why: string): BodyFacts {
  return { bodyForm: "unread", fields: [], opaque: [why] };
}

function formOf(essence: string): Exclude<BodyForm, "none"> {
  if (/^(?:application|text)\/json$|^[^/]+\/[^/]+\+json$/.test(essence)) return "json";
  if (essence === "application/x-www-form-urlencoded") return "form";
  if (/^text\/|^application\/(?:xml|yaml|x-yaml|graphql|x-ndjson|sql)$|\+(?:xml|yaml)$/.test(essence))
    return "text";
  return "unread";
}

function jsonFacts(text: string): BodyFacts {
  const { value, opaque } = readJson(text, { foldCase: true });
  if (value === undefined) return { bodyForm: "json", fields: [], opaque };
  const found = jsonLeaves(value);
  return {
    bodyForm: "json",
    fields: found.leaves,
    opaque: [...opaque, ...found.opaque, ...overrides(value)],
  };
}

const OVERRIDE = "the body has a field that some servers take for the request's method or path";

function overrides(value: unknown): string[] {
  return value instanceof Map && [...value.keys()].some(isOverride) ? [OVERRIDE] : [];
}

const MAX_FORM_FIELDS = 2000;

function formFacts(text: string): BodyFacts {
  const opaque = new Set<string>();
  const decode = (raw: string): string => {
    try {
      const decoded = decodeURIComponent(raw.replaceAll("+", " "));
      if (decoded.includes("\0")) opaque.add("the form has a null character, where some servers end it");
      return decoded;
    } catch {
      opaque.add("the form has escapes that are not UTF-8");
      return raw;
    }
  };
  if (text.includes(";")) opaque.add("servers differ on whether a semicolon parts fields of a form");
  if (!/^[!-~]*$/.test(text)) opaque.add("the form has characters that should be escaped");
  const pieces = text.split("&").filter((piece) => piece !== "");
  if (pieces.length > MAX_FORM_FIELDS) opaque.add(`the form has more than ${MAX_FORM_FIELDS} fields`);
  const fields = pieces.slice(0, MAX_FORM_FIELDS).map((piece) => {
    const equals = piece.indexOf("=");
    const name = decode(equals < 0 ? piece : piece.slice(0, equals));
    if (isOverride(name)) opaque.add(OVERRIDE);
    return [name, equals < 0 ? "" : decode(piece.slice(equals + 1))] as const;
  });
  return { bodyForm: "form", fields, opaque: [...opaque] };
}

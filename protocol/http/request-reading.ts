import { createHash } from "node:crypto";
import { count, hasExactly, isObject, oneOf, type Shape, type Test, text } from "../json-shape.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import type { RequestInfo } from "../kubernetes/request-info.ts";
import { type Fields, MAX_FIELDS, MAX_TARGET } from "./head.ts";
import type { HttpRequest, RequestBody } from "./request.ts";
import { tellingFields } from "./telling-fields.ts";

/** Characters of a method: those of WebDAV have up to 16. */
const MAX_METHOD = 64;
const MAX_CONTENT_TYPE = 1_024;
/** UTF-16 units of a body that somebody may be shown: `MAX_APPROVAL_TEXT` bounds all texts together. */
const MAX_TEXT = 192 * 1024;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9112 section 3.2.1: what comes before the version ends at a blank. */
const TARGET = /^\/[!-~]*$/;
const CONTENT_TYPE = /^[ -~]*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t -~\x80-\xff]*$/;
const SHA256 = /^[0-9a-f]{64}$/;

const isBoolean: Test = (value) => typeof value === "boolean";
const isString: Test = (value) => typeof value === "string";
const isBytes = count(0, Number.MAX_SAFE_INTEGER);
const isSha256: Test = (value) => typeof value === "string" && SHA256.test(value);

const INFO: Shape<RequestInfo> = {
  isResource: isBoolean,
  verb: isString,
  path: isString,
  prefix: isString,
  group: isString,
  version: isString,
  namespace: isString,
  resource: isString,
  subresource: isString,
  name: isString,
  parts: (value) => Array.isArray(value) && value.every(isString),
};

const BODY: Shape<RequestBody> = { bytes: isBytes, sha256: isSha256, text: text(0, MAX_TEXT) };

const SHOWN: Shape<HttpRequest> = {
  type: oneOf(["http"]),
  method: (value) => matches(value, METHOD, MAX_METHOD),
  target: (value) => matches(value, TARGET, MAX_TARGET),
  contentType: (value) => value === null || matches(value, CONTENT_TYPE, MAX_CONTENT_TYPE),
  fields: (value) => isFields(value) && tellingFields(value).length === value.length,
  body: (value) => value === null || hasExactly(value, BODY),
  streamed: oneOf([false]),
  websocket: isBoolean,
  kubernetes: (value) => value === null || hasExactly(value, INFO),
};

/**
 * Reads a request that people are asked about: strictly, as what can't be shown to them can't be agreed to. So its body
 * is there whole, as text that has the digest and length which are said of it, and a Kubernetes target takes the request
 * for what method and target make of it. The answer is made anew, its members in one order. Null for what is none.
 */
export function readHttpRequest(value: unknown): HttpRequest | null {
  if (!hasExactly(value, SHOWN)) return null;
  const { type, method, target, contentType, fields, body, streamed, websocket, kubernetes } = value;
  if (body !== null && !isWhole(body)) return null;
  const info = kubernetes === null ? null : infoOf(method, target);
  if (kubernetes !== null && (info === null || !isSameInfo(kubernetes, info))) return null;
  return {
    type,
    method,
    target,
    contentType,
    fields: fields.map(([name, one]) => [name, one] as const),
    body: body && { bytes: body.bytes, sha256: body.sha256, text: body.text },
    streamed,
    websocket,
    kubernetes: info,
  };
}

/** Whether what stands in a recording is a request; members may have been added since. */
export function isHttpRequest(value: unknown): value is HttpRequest {
  if (!isObject(value)) return false;
  const { type, method, target, contentType, fields, body, streamed, websocket, kubernetes } = value;
  return (
    type === "http" &&
    [method, target].every(isString) &&
    (contentType === null || isString(contentType)) &&
    isFields(fields) &&
    (body === null || isBody(body)) &&
    isBoolean(streamed) &&
    isBoolean(websocket) &&
    (kubernetes === null || isRequestInfo(kubernetes))
  );
}

/** As `readFields` has made them: names of lower-case tokens, values of Latin-1 without controls. */
function isFields(value: unknown): value is Fields {
  return (
    Array.isArray(value) &&
    value.length <= MAX_FIELDS &&
    value.every(
      (line: unknown) =>
        Array.isArray(line) &&
        line.length === 2 &&
        matches(line[0], NAME, 256) &&
        matches(line[1], VALUE, 32 * 1024),
    )
  );
}

function isBody(value: unknown): boolean {
  return (
    isObject(value) &&
    isBytes(value.bytes) &&
    isSha256(value.sha256) &&
    (value.text === null || isString(value.text))
  );
}

function isRequestInfo(value: unknown): boolean {
  return isObject(value) && Object.entries(INFO).every(([name, test]) => test(value[name]));
}

/** Text with control characters is no text that a body could have (`RequestBody.text`). */
function isWhole({ bytes, sha256, text }: RequestBody): boolean {
  return (
    text !== null &&
    !/(?![\t\n\r])\p{Cc}/u.test(text) &&
    Buffer.byteLength(text) === bytes &&
    createHash("sha256").update(text).digest("hex") === sha256
  );
}

function infoOf(method: string, target: string): RequestInfo | null {
  try {
    return requestInfo(method, target);
  } catch {
    return null;
  }
}

function isSameInfo(given: RequestInfo, info: RequestInfo): boolean {
  const names = Object.keys(INFO) as (keyof RequestInfo)[];
  return names.every((name) => JSON.stringify(given[name]) === JSON.stringify(info[name]));
}

function matches(value: unknown, pattern: RegExp, most: number): boolean {
  return typeof value === "string" && value.length <= most && pattern.test(value);
}

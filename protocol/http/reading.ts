import { SallyportError } from "../errors.ts";
import { isObject } from "../json-shape.ts";
import { canonicalName } from "./field-name.ts";
import {
  agentFields,
  isBearerSubprotocol,
  isHopByHop,
  isSubprotocol,
  targetFields,
  trailerFields,
} from "./fields.ts";
import {
  APPROVAL_FIELD,
  type Fields,
  MAX_FIELDS,
  MAX_TARGET,
  type RequestHead,
  type ResponseHead,
  UPGRADE_FIELD,
} from "./head.ts";
import { isOverride } from "./overrides.ts";

/** Characters of a field's name, and of a value. */
const MAX_NAME = 256;
const MAX_VALUE = 32 * 1024;
/** Subprotocols that a WebSocket may ask for. */
const MAX_SUBPROTOCOLS = 32;

/** Lower case (RFC 9110 section 5.1). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 section 5.5 with `obs-text`, without a blank at either end: no line ends, no null, no other control. */
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;
/** Upper case alone: clients that send requests change the case of some methods and not of others. */
const METHOD = /^[A-Z][A-Z0-9-]{0,19}$/;
const REFUSED_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK", "PRI"]);
const BASE = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~%-]*){0,8}$/;
/** RFC 9110 section 8.3.1. */
const CONTENT_TYPE =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;(?:[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/;
const MAX_CONTENT_TYPE = 1024;

/** Fields that stand once: of two, one server takes the first and another the last. */
export const SINGLETONS: ReadonlySet<string> = new Set([
  "content-length",
  "content-type",
  "content-encoding",
  "content-range",
  "content-location",
  "content-disposition",
  "host",
  "range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
  "origin",
  "referer",
  "user-agent",
  "from",
  "date",
  "etag",
  "location",
  "last-modified",
  "retry-after",
  UPGRADE_FIELD,
]);

/**
 * Reads the head that opens an exchange's stream. What agent's sides take off (`agentFields`) is off then, whatever
 * the head had, but for `UPGRADE_FIELD`. The path is not looked into (`readTarget`, `requestInfo`). Throws `protocol_violation` for what no
 * agent's side sends, `invalid_request` for what an agent can ask but no target gets.
 */
export function readRequestHead(json: unknown): RequestHead {
  if (!isObject(json)) return violation("a request's head is not an object");
  const { method, target, base, body, websocket, ...rest } = json;
  const fields = readFields(rest.fields);
  if (Object.keys(rest).length !== 1) violation("a request's head has members that it doesn't know");
  if (typeof body !== "boolean") return violation("a request's head doesn't say whether a body follows");
  if (typeof target !== "string" || target.length > MAX_TARGET || !/^\/[!-~]*$/.test(target)) {
    return violation("the target of a request's head is no path in printable ASCII");
  }
  if (typeof base !== "string" || base.length > 512 || !BASE.test(base)) {
    return violation("the base of a request's head is no path");
  }
  for (const [name] of fields) checkRequestName(name);
  checkFraming(fields, body);
  checkContentType(fields);
  return {
    method: readMethod(method),
    target,
    base,
    fields: [...agentFields(fields), ...fields.filter(([name]) => name === UPGRADE_FIELD)],
    body,
    ...(websocket !== undefined && { websocket: readWebSocket(websocket, method) }),
  };
}

/**
 * Reads the head of a response, interim ones too, without what `targetFields` takes off but `APPROVAL_FIELD`, which no
 * target's response has here. Throws `protocol_violation`.
 */
export function readResponseHead(json: unknown): ResponseHead {
  if (!isObject(json)) return violation("a response's head is not an object");
  const { status, subprotocol, ...rest } = json;
  const fields = readFields(rest.fields);
  if (Object.keys(rest).length !== 1) violation("a response's head has members that it doesn't know");
  if (!Number.isInteger(status) || (status as number) < 100 || (status as number) > 599) {
    violation("a response's status is none from 100 to 599");
  }
  if ((status === 101) !== (subprotocol !== undefined)) {
    violation("a response's head has a subprotocol where it changes no protocol, or none where it does");
  }
  if (subprotocol !== undefined && subprotocol !== null && !isSubprotocol(subprotocol)) {
    violation("a response's subprotocol is no token");
  }
  for (const [name] of fields) if (isHopByHop(name)) violation(`a response's head has the field ${name}`);
  checkLength(fields);
  return {
    status: status as number,
    fields: [...targetFields(fields), ...fields.filter(([name]) => name === APPROVAL_FIELD)],
    ...(subprotocol !== undefined && { subprotocol: subprotocol as string | null }),
  };
}

/** Reads trailers (RFC 9110 section 6.5.1): none of framing, routing, modifiers, authentication, or about the content. Throws `protocol_violation`. */
export function readTrailers(json: unknown): Fields {
  const fields = readFields(json);
  const allowed = trailerFields(fields);
  if (allowed.length !== fields.length) {
    violation("trailers have a field that can't stand there, such as content-length or authorization");
  }
  return fields;
}

/**
 * Field lines: at most `MAX_FIELDS`, names of lower-case tokens, values of Latin-1 without controls but tabs, singletons
 * once. A name that is another's but for `_` in the place of `-` counts as that. Throws `protocol_violation`.
 */
export function readFields(json: unknown): Fields {
  if (!Array.isArray(json) || json.length > MAX_FIELDS) {
    return violation(`fields are no list of at most ${MAX_FIELDS}`);
  }
  const spelled = new Map<string, string>();
  return json.map((line: unknown) => {
    if (!Array.isArray(line) || line.length !== 2) return violation("a field is no pair of name and value");
    const [name, value] = line as unknown[];
    if (typeof name !== "string" || name.length > MAX_NAME || !NAME.test(name)) {
      return violation("a field's name is no lower-case token");
    }
    if (typeof value !== "string" || value.length > MAX_VALUE || !VALUE.test(value)) {
      return violation(
        `the field ${name} has a value with control characters, blanks at its ends, or no Latin-1`,
      );
    }
    const canonical = canonicalName(name);
    const before = spelled.get(canonical);
    if (before !== undefined && (before !== name || SINGLETONS.has(canonical))) {
      invalid(
        `the field ${canonical} stands twice, and servers differ on which they take`,
        "Send it once, with hyphens in its name.",
      );
    }
    if (name !== canonical && SINGLETONS.has(canonical)) {
      invalid(`the field ${name} is taken for ${canonical} by some servers`, "Write its name with hyphens.");
    }
    spelled.set(canonical, name);
    return [name, value] as const;
  });
}

function readMethod(method: unknown): string {
  if (typeof method !== "string" || !isToken(method)) return violation("a request's method is no token");
  if (!METHOD.test(method)) {
    invalid(
      "the request's method is not of upper-case letters, or longer than 20",
      "Methods such as GET have no lower case.",
    );
  }
  if (REFUSED_METHODS.has(method)) {
    invalid(
      `the method ${method} is none that a target gets`,
      "Use another: no tunnel or trace goes through here.",
    );
  }
  return method;
}

function checkRequestName(name: string): void {
  if (isHopByHop(name) && name !== "te") violation(`a request's head has the field ${name}`);
  if (isOverride(name)) {
    invalid(
      `the field ${name} says which method or path is meant`,
      "Send the request with that method and path itself.",
    );
  }
}

function checkFraming(fields: Fields, body: boolean): void {
  const length = checkLength(fields);
  if (!body && length !== null && length > 0) {
    violation("a request's head tells the length of a body, and that none follows");
  }
}

/** The value of `content-length`, or null. */
function checkLength(fields: Fields): number | null {
  const line = fields.find(([name]) => name === "content-length");
  if (line === undefined) return null;
  if (!/^[0-9]{1,15}$/.test(line[1]))
    return violation("content-length is no decimal number of at most 15 digits");
  return Number(line[1]);
}

function checkContentType(fields: Fields): void {
  const line = fields.find(([name]) => name === "content-type");
  if (line === undefined) return;
  if (line[1].length <= MAX_CONTENT_TYPE && CONTENT_TYPE.test(line[1])) return;
  invalid("content-type is no media type, or more than one", "Send one, such as application/json.");
}

function readWebSocket(json: unknown, method: unknown): { subprotocols: readonly string[] } {
  if (!isObject(json) || Object.keys(json).length !== 1)
    return violation("a WebSocket's request is malformed");
  const { subprotocols } = json;
  if (
    !Array.isArray(subprotocols) ||
    subprotocols.length > MAX_SUBPROTOCOLS ||
    !subprotocols.every(isSubprotocol)
  ) {
    return violation(`a WebSocket's subprotocols are no list of at most ${MAX_SUBPROTOCOLS} tokens`);
  }
  if (new Set(subprotocols).size !== subprotocols.length) violation("a WebSocket names a subprotocol twice");
  if (subprotocols.some(isBearerSubprotocol)) violation("a WebSocket's subprotocol holds a credential");
  if (method !== "GET") violation("a WebSocket is asked for by another method than GET");
  return { subprotocols };
}

function isToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME && TOKEN.test(value);
}

function violation(message: string): never {
  throw new SallyportError("protocol_violation", message);
}

function invalid(message: string, hint: string): never {
  throw new SallyportError("invalid_request", message, hint);
}

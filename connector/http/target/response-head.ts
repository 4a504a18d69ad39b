import type { IncomingMessage } from "node:http";
import type { SallyportError } from "../../../protocol/errors.ts";
import { canonicalName } from "../../../protocol/http/field-name.ts";
import { targetFields, trailerFields } from "../../../protocol/http/fields.ts";
import { type Fields, MAX_FIELDS, MAX_HEAD } from "../../../protocol/http/head.ts";
import { SINGLETONS } from "../../../protocol/http/reading.ts";
import { type Place, toldLinks, toldLocation } from "./told-location.ts";
import { badResponse, TOO_LONG } from "./upstream-error.ts";

/** Bytes of a response's head on the wire. */
export const MAX_RESPONSE_HEAD = 48 * 1024;
/** Bytes of JSON that are left for what the connector adds to a head. */
const RESERVE = 8 * 1024;

export interface Told {
  /** The target's name, for errors. */
  target: string;
  place: Place;
  /** The path under which the agent reaches the target. */
  base: string;
  /** What no field may show. */
  secrets: readonly string[];
}

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/;
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;
const MAX_VALUE = 32 * 1024;
/** Those of which two different ones would be two different responses. */
const DECISIVE: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "content-range",
  "location",
]);
/** Shorter secrets could stand anywhere. */
const LEAST_SECRET = 6;

/**
 * The fields of a response that the agent gets: `targetFields`, in a form that every reader of a head takes
 * (`readFields`), without those that show the connector's credential, and locations as `toldLocation` has them. `raw`: names and
 * values in turn, as Node has them. Throws `target_refused` for a head that is too long, or that says two things.
 */
export function responseFields(raw: readonly string[], told: Told): Fields {
  const fields = targetFields(readLines(raw, told)).flatMap(([name, value]) => toldField(name, value, told));
  const once = withoutDoubles(joinedCodings(fields), told.target);
  if (Buffer.byteLength(JSON.stringify(once)) > MAX_HEAD - RESERVE) throw badResponse(told.target, TOO_LONG);
  return once;
}

/** The trailers of a response that the agent gets. Throws `target_refused`. */
export function responseTrailers(raw: readonly string[], told: Told): Fields {
  const fields = trailerFields(readLines(raw, told)).flatMap(([name, value]) => toldField(name, value, told));
  return withoutDoubles(fields, told.target);
}

/** The head of a final response. Throws `target_refused` for what is none of HTTP/1.1, and as `responseFields`. */
export function responseHead(response: IncomingMessage, told: Told): { status: number; fields: Fields } {
  const { statusCode: status = 0, httpVersion, rawHeaders } = response;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") throw badResponse(told.target, "it is not HTTP/1.1");
  if (status === 101) throw unasked(told.target);
  if (status < 200 || status > 599) throw badResponse(told.target, `its status is ${status}`);
  checkCoding(rawHeaders, told.target);
  return { status, fields: responseFields(rawHeaders, told) };
}

/** Of a response with status 101. */
export function unasked(target: string): SallyportError {
  return badResponse(target, "it changes the protocol, which nobody asked for");
}

/** What is neither whole nor in chunks is not understood by all (RFC 9112 section 6.1). */
function checkCoding(raw: readonly string[], target: string): void {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (canonicalName(raw[i]!) === "transfer-encoding" && raw[i + 1]!.trim().toLowerCase() !== "chunked") {
      throw badResponse(target, "it uses a transfer coding other than chunked");
    }
  }
}

function readLines(raw: readonly string[], { target }: Told): [string, string][] {
  if (raw.length > 2 * MAX_FIELDS) throw badResponse(target, `it has more than ${MAX_FIELDS} fields`);
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  return lines;
}

function toldField(name: string, value: string, { place, base, secrets }: Told): [string, string][] {
  if (name === "te" || !NAME.test(name) || value.length > MAX_VALUE || !VALUE.test(value)) return [];
  if (secrets.some((secret) => secret.length >= LEAST_SECRET && value.includes(secret))) return [];
  if (name === "location" || name === "content-location")
    return given(name, toldLocation(value, place, base));
  if (name === "link") return given(name, toldLinks(value, place, base));
  // Only browsers know it, in forms that differ; with a URL it is a redirect.
  if (name === "refresh" && !/^\d+$/.test(value)) return [];
  return [[name, value]];
}

function given(name: string, value: string | null): [string, string][] {
  return value === null || !VALUE.test(value) ? [] : [[name, value]];
}

/** `content-encoding` is a list, which may stand in more than one line; the lines are in order. */
function joinedCodings(fields: Fields): Fields {
  const codings = fields.filter(([name]) => name === "content-encoding").map(([, value]) => value);
  if (codings.length < 2) return fields;
  const others = fields.filter(([name]) => name !== "content-encoding");
  return [...others, ["content-encoding", codings.filter((coding) => coding !== "").join(", ")]];
}

function withoutDoubles(fields: Fields, target: string): Fields {
  const first = new Map<string, readonly [string, string]>();
  return fields.filter((line) => {
    const [name, value] = line;
    const canonical = canonicalName(name);
    if (name !== canonical && SINGLETONS.has(canonical)) return false;
    const before = first.get(canonical);
    if (before === undefined) {
      first.set(canonical, line);
      return true;
    }
    if (before[0] !== name) return false;
    if (!SINGLETONS.has(canonical)) return true;
    if (before[1] === value || !DECISIVE.has(canonical)) return false;
    throw badResponse(target, `it has two different fields ${canonical}`);
  });
}

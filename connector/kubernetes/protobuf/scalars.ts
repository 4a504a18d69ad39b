import { jsonString } from "./json-writer.ts";
import type { Scalar } from "./schema.ts";
import { malformed, ProtobufFault, WIRE, type WireField, WireReader, wireFields } from "./wire.ts";

interface ScalarForm {
  wire: number;
  /** The value as JSON. */
  json(bytes: Buffer, from: number, to: number): string;
}

/**
 * How values are read that have no members in JSON, by the names of the table. Those in capitals are messages whose JSON
 * the types of Kubernetes write themselves (k8s.io/apimachinery: pkg/apis/meta/v1, pkg/api/resource, pkg/util/intstr,
 * pkg/runtime; k8s.io/apiextensions-apiserver).
 */
export const SCALAR_FORMS: Readonly<Record<Scalar, ScalarForm>> = {
  string: { wire: WIRE.bytes, json: jsonString },
  bytes: { wire: WIRE.bytes, json: (bytes, from, to) => `"${bytes.toString("base64", from, to)}"` },
  bool: { wire: WIRE.varint, json: bool },
  int32: { wire: WIRE.varint, json: (bytes, from, to) => String(signed(bytes, from, to, 32)) },
  int64: { wire: WIRE.varint, json: (bytes, from, to) => String(signed(bytes, from, to, 64)) },
  float64: { wire: WIRE.fixed64, json: float64 },
  Time: { wire: WIRE.bytes, json: (bytes, from, to) => time(bytes, from, to, "seconds") },
  MicroTime: { wire: WIRE.bytes, json: (bytes, from, to) => time(bytes, from, to, "microseconds") },
  Quantity: { wire: WIRE.bytes, json: quantity },
  IntOrString: { wire: WIRE.bytes, json: intOrString },
  Raw: { wire: WIRE.bytes, json: raw },
  Strings: { wire: WIRE.bytes, json: strings },
};

/** What is left out where a field is left out that is zero. */
export const ZEROS: ReadonlySet<string> = new Set(['""', "0", "false", "null"]);

function bool(bytes: Buffer, from: number, to: number): string {
  const value = new WireReader(bytes, from, to).varint();
  if (value > 1n) malformed("a boolean is neither 0 nor 1");
  return value === 1n ? "true" : "false";
}

function signed(bytes: Buffer, from: number, to: number, bits: 32 | 64): bigint {
  const value = BigInt.asIntN(64, new WireReader(bytes, from, to).varint());
  if (value !== BigInt.asIntN(bits, value)) malformed(`a number has more than ${bits} bits`);
  return value;
}

/** Zero where it doesn't stand. */
function number(bytes: Buffer, place: Place | undefined, bits: 32 | 64): bigint {
  return place === undefined ? 0n : signed(bytes, ...place, bits);
}

function float64(bytes: Buffer, from: number): string {
  const value = bytes.readDoubleLE(from);
  if (!Number.isFinite(value)) malformed("a number is not finite");
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Of 0001-01-01, which Kubernetes takes for no time, and of the last second of 9999. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

const TIME: ReadonlyMap<number, number> = new Map([
  [1, WIRE.varint],
  [2, WIRE.varint],
]);

/** The API server reads no fractions of a second where it takes seconds alone. */
function time(bytes: Buffer, from: number, to: number, precision: "seconds" | "microseconds"): string {
  if (from === to) return "null";
  const fields = members(bytes, from, to, "Time", TIME);
  const seconds = number(bytes, fields.get(1), 64);
  const nanos = number(bytes, fields.get(2), 32);
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0n || nanos > 999_999_999n) {
    malformed("a time is out of range");
  }
  const micros = precision === "seconds" ? 0n : nanos / 1_000n;
  if (seconds === FIRST_SECOND && micros === 0n) return "null";
  const text = new Date(Number(seconds) * 1_000).toISOString().slice(0, -".000Z".length);
  return precision === "seconds" ? `"${text}Z"` : `"${text}.${String(micros).padStart(6, "0")}Z"`;
}

const ONE_TEXT: ReadonlyMap<number, number> = new Map([[1, WIRE.bytes]]);
const QUANTITY = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/;

function quantity(bytes: Buffer, from: number, to: number): string {
  const text = members(bytes, from, to, "Quantity", ONE_TEXT).get(1);
  if (text === undefined) return '"0"';
  const written = bytes.toString("latin1", ...text);
  return QUANTITY.test(written) ? `"${written}"` : malformed("a quantity is none");
}

const INT_OR_STRING: ReadonlyMap<number, number> = new Map([
  [1, WIRE.varint],
  [2, WIRE.varint],
  [3, WIRE.bytes],
]);

function intOrString(bytes: Buffer, from: number, to: number): string {
  const fields = members(bytes, from, to, "IntOrString", INT_OR_STRING);
  const isText = number(bytes, fields.get(1), 64);
  const value = number(bytes, fields.get(2), 32);
  const text = fields.get(3);
  if (isText === 0n && (text === undefined || text[0] === text[1])) return String(value);
  if (isText === 1n && value === 0n) return text === undefined ? '""' : jsonString(bytes, ...text);
  return malformed("what is a number or a text is neither, or both");
}

/** What is kept as JSON: it stands in the object as it is. */
function raw(bytes: Buffer, from: number, to: number): string {
  const text = members(bytes, from, to, "RawExtension", ONE_TEXT).get(1);
  if (text === undefined || text[0] === text[1]) return "null";
  const json = bytes.subarray(...text);
  try {
    const written = UTF8.decode(json);
    JSON.parse(written);
    return written;
  } catch {
    throw new ProtobufFault(415, "an object of any kind within it is not in JSON");
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strings(bytes: Buffer, from: number, to: number): string {
  const items = wireFields(bytes, from, to, "a list of texts", ONE_TEXT).get(1);
  const texts: string[] = [];
  if (items !== undefined && items.wire !== WIRE.bytes) malformed("a text has another wire type");
  const places = items?.places ?? [];
  for (let at = 0; at < places.length; at += 2) texts.push(jsonString(bytes, places[at]!, places[at + 1]!));
  return `[${texts.join(",")}]`;
}

/** Where a value begins and ends. */
export type Place = readonly [from: number, to: number];

/** The fields of a small message, each of which stands at most once, by their wire types. */
export function members(
  bytes: Buffer,
  from: number,
  to: number,
  name: string,
  wires: ReadonlyMap<number, number>,
): ReadonlyMap<number, Place> {
  const found = new Map<number, Place>();
  for (const [number, field] of wireFields(bytes, from, to, name, wires)) {
    found.set(number, single(field, wires.get(number)!, `${name} ${number}`));
  }
  return found;
}

/** The one value of a field; Go's decoder takes the last of several, and others merge them. */
export function single({ wire, places }: WireField, expected: number, what: string): Place {
  if (wire !== expected) malformed(`${what} has another wire type`);
  if (places.length > 2) malformed(`${what} stands more than once`);
  return [places[0]!, places[1]!];
}

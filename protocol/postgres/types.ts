import { inet, macaddr } from "./values/networks.ts";
import { float4, float8, numeric } from "./values/numbers.ts";
import { date, interval, time, timestamp, timestampWithZone, timeWithZone } from "./values/times.ts";

/**
 * PostgreSQL's types, for showing values: their names by object id (src/include/catalog/pg_type.dat), and the
 * text that stands for a value in binary format, written as the server's own text format is.
 */

/** The text of a value in binary format, or null when the bytes are no value of the type. */
type Decoder = (bytes: Buffer, depth: number) => string | null;

interface Type {
  name: string;
  /** Object id of the type of its arrays. */
  array?: number;
  /** Bytes that a binary value must have; absent when they vary. */
  size?: number;
  decode?: Decoder;
}

/** Arrays and rows nest; deeper than this nobody means it. */
const MAX_DEPTH = 8;
const MAX_DIMENSIONS = 6;
/** A numeric of 10 bytes may have 131,072 digits, and an array hundreds of those: hex is shorter then. */
const MAX_TEXT = 32_768;

const utf8: Decoder = (bytes) => bytes.toString("utf8");
const unsigned: Decoder = (bytes) => String(bytes.readUInt32BE());

const SCALARS: Record<number, Type> = {
  16: { name: "boolean", array: 1000, size: 1, decode: (bytes) => (bytes[0] ? "t" : "f") },
  17: { name: "bytea", array: 1001, decode: (bytes) => hexText(bytes) },
  18: { name: '"char"', array: 1002, decode: utf8 },
  19: { name: "name", array: 1003, decode: utf8 },
  20: { name: "bigint", array: 1016, size: 8, decode: (bytes) => String(bytes.readBigInt64BE()) },
  21: { name: "smallint", array: 1005, size: 2, decode: (bytes) => String(bytes.readInt16BE()) },
  23: { name: "integer", array: 1007, size: 4, decode: (bytes) => String(bytes.readInt32BE()) },
  25: { name: "text", array: 1009, decode: utf8 },
  26: { name: "oid", array: 1028, size: 4, decode: unsigned },
  27: {
    name: "tid",
    array: 1010,
    size: 6,
    decode: (bytes) => `(${bytes.readUInt32BE()},${bytes.readUInt16BE(4)})`,
  },
  28: { name: "xid", array: 1011, size: 4, decode: unsigned },
  29: { name: "cid", array: 1012, size: 4, decode: unsigned },
  114: { name: "json", array: 199, decode: utf8 },
  142: { name: "xml", array: 143, decode: utf8 },
  650: { name: "cidr", array: 651, decode: inet },
  700: { name: "real", array: 1021, size: 4, decode: float4 },
  701: { name: "double precision", array: 1022, size: 8, decode: float8 },
  705: { name: "unknown", decode: utf8 },
  774: { name: "macaddr8", array: 775, size: 8, decode: macaddr },
  829: { name: "macaddr", array: 1040, size: 6, decode: macaddr },
  869: { name: "inet", array: 1041, decode: inet },
  1042: { name: "character", array: 1014, decode: utf8 },
  1043: { name: "character varying", array: 1015, decode: utf8 },
  1082: { name: "date", array: 1182, size: 4, decode: date },
  1083: { name: "time", array: 1183, size: 8, decode: time },
  1114: { name: "timestamp", array: 1115, size: 8, decode: timestamp },
  1184: { name: "timestamp with time zone", array: 1185, size: 8, decode: timestampWithZone },
  1186: { name: "interval", array: 1187, size: 16, decode: interval },
  1266: { name: "time with time zone", array: 1270, size: 12, decode: timeWithZone },
  1560: { name: "bit", array: 1561, decode: bits },
  1562: { name: "bit varying", array: 1563, decode: bits },
  1700: { name: "numeric", array: 1231, decode: numeric },
  2205: { name: "regclass", array: 2210, size: 4, decode: unsigned },
  2206: { name: "regtype", array: 2211, size: 4, decode: unsigned },
  2249: { name: "record", array: 2287, decode: record },
  2275: { name: "cstring", array: 1263, decode: utf8 },
  2278: { name: "void", size: 0, decode: () => "" },
  2950: { name: "uuid", array: 2951, size: 16, decode: uuid },
  3220: {
    name: "pg_lsn",
    array: 3221,
    size: 8,
    decode: (bytes) => `${upperHex(bytes.readUInt32BE())}/${upperHex(bytes.readUInt32BE(4))}`,
  },
  3802: {
    name: "jsonb",
    array: 3807,
    decode: (bytes) => (bytes[0] === 1 ? bytes.toString("utf8", 1) : null),
  },
};

const TYPES = new Map<number, Type>([
  [22, { name: "int2vector", decode: vector }],
  [30, { name: "oidvector", decode: vector }],
]);
for (const [oid, type] of Object.entries(SCALARS)) {
  TYPES.set(Number(oid), type);
  if (type.array !== undefined) TYPES.set(type.array, { name: `${type.name}[]`, decode: array });
}

/** A value as shown. */
export interface Value {
  text: string;
  /** Bytes of the value on the wire. */
  bytes: number;
  /** The text stands for the beginning of the value only. */
  cut: boolean;
}

/** The type's name, or `oid N` for one that is not built in. */
export function typeName(oid: number): string {
  return TYPES.get(oid)?.name ?? `oid ${oid}`;
}

/**
 * The text of a value; never throws. `format` is 0 for text, 1 for binary. `bytes` may be only the beginning of
 * a value of `length` bytes. At most `limit` bytes of it are shown. Binary of an unknown type, or malformed, is
 * shown as hex like bytea.
 */
export function showValue(
  oid: number,
  format: number,
  bytes: Uint8Array,
  length: number,
  limit: number,
): Value {
  const cut = length > limit || bytes.length < length;
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, limit));
  if (format === 0)
    return { text: cut ? wholeCharacters(shown) : shown.toString("utf8"), bytes: length, cut };
  const textual = TYPES.get(oid)?.decode === utf8;
  if (cut && textual) return { text: wholeCharacters(shown), bytes: length, cut };
  return { text: (cut ? null : decode(oid, shown, 0)) ?? hexText(shown), bytes: length, cut };
}

function decode(oid: number, bytes: Buffer, depth: number): string | null {
  const type = TYPES.get(oid);
  if (!type?.decode || depth > MAX_DEPTH) return null;
  if (type.size !== undefined && type.size !== bytes.length) return null;
  try {
    const text = type.decode(bytes, depth);
    return text !== null && text.length > MAX_TEXT ? null : text;
  } catch (error) {
    // Reading past the end of a value that lies about its length.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function array(bytes: Buffer, depth: number): string | null {
  const dimensions = bytes.readInt32BE(0);
  const element = bytes.readUInt32BE(8);
  if (dimensions === 0) return "{}";
  if (dimensions < 0 || dimensions > MAX_DIMENSIONS) return null;
  const bounds = Array.from({ length: dimensions }, (_, index) => ({
    length: bytes.readInt32BE(12 + index * 8),
    lower: bytes.readInt32BE(16 + index * 8),
  }));
  // Each element has at least its length word; a claim of more, or of empty dimensions, would loop for nothing.
  const elements = bounds.reduce((product, { length }) => product * Math.max(length, 0), 1);
  if (elements === 0 || elements > bytes.length / 4) return null;
  let at = 12 + dimensions * 8;
  const items = (level: number): string => {
    const parts: string[] = [];
    for (let count = bounds[level]!.length; count > 0; count--) {
      if (level < dimensions - 1) {
        parts.push(items(level + 1));
        continue;
      }
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length === -1) {
        parts.push("NULL");
        continue;
      }
      parts.push(quoted(itemText(element, take(bytes, at, length), depth)));
      at += length;
    }
    return `{${parts.join(",")}}`;
  };
  const text = items(0);
  if (at !== bytes.length) return null;
  const plain = bounds.every(({ lower }) => lower === 1);
  const prefix = bounds.map(({ lower, length }) => `[${lower}:${lower + length - 1}]`).join("");
  return plain ? text : `${prefix}=${text}`;
}

/** The old kind of array that counts from 0 and is written with spaces. */
function vector(bytes: Buffer, depth: number): string | null {
  const text = array(bytes, depth);
  return text === null ? null : text.slice(text.indexOf("{") + 1, -1).replaceAll(",", " ");
}

/** A row without a type of its own: a count, then each column's type, length and value. */
function record(bytes: Buffer, depth: number): string | null {
  const parts: string[] = [];
  let at = 4;
  for (let count = bytes.readInt32BE(0); count > 0; count--) {
    const oid = bytes.readUInt32BE(at);
    const length = bytes.readInt32BE(at + 4);
    at += 8;
    if (length === -1) {
      parts.push("");
      continue;
    }
    const text = itemText(oid, take(bytes, at, length), depth);
    parts.push(text === "" || /[\s"\\(),]/.test(text) ? `"${text.replace(/["\\]/g, "$&$&")}"` : text);
    at += length;
  }
  return at === bytes.length ? `(${parts.join(",")})` : null;
}

function itemText(oid: number, bytes: Buffer, depth: number): string {
  return decode(oid, bytes, depth + 1) ?? hexText(bytes);
}

function quoted(text: string): string {
  return text === "" || /[\s"\\{},]/.test(text) || /^null$/i.test(text)
    ? `"${text.replace(/["\\]/g, "\\$&")}"`
    : text;
}

function take(bytes: Buffer, at: number, length: number): Buffer {
  if (length < 0 || at + length > bytes.length) throw new RangeError("a value is longer than what holds it");
  return bytes.subarray(at, at + length);
}

function bits(bytes: Buffer): string | null {
  const count = bytes.readInt32BE(0);
  const text = [...bytes.subarray(4)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return count >= 0 && count <= text.length ? text.slice(0, count) : null;
}

function uuid(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function hexText(bytes: Buffer): string {
  return `\\x${bytes.toString("hex")}`;
}

function upperHex(word: number): string {
  return word.toString(16).toUpperCase();
}

/** UTF-8 whose end may lie inside a character; that character is left out. */
function wholeCharacters(bytes: Buffer): string {
  return new TextDecoder("utf-8").decode(bytes, { stream: true });
}

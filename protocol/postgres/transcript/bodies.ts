import { SallyportError } from "../../errors.ts";
import { type ErrorFields, parseDataRow, parseErrorFields } from "../backend.ts";
import { Cursor } from "../cursor.ts";
import { type Bind, parseBind, parseParse, parseQuery } from "../frontend.ts";
import type { ServerWords } from "./events.ts";
import type { Gathered } from "./gather.ts";

/**
 * Bodies of which only the beginning may be there. A whole body is read by the codec, strictly; of a cut one is
 * taken what can be.
 */

/** A value's first bytes and the length of all of it. */
export interface Bytes {
  bytes: Uint8Array;
  length: number;
}

export interface Text {
  text: string;
  /** Bytes of the whole text. */
  bytes: number;
  cut: boolean;
}

export function queryText({ body, length, cut }: Gathered): Text {
  if (!cut) {
    const { sql } = parseQuery(body);
    return { text: sql, bytes: Buffer.byteLength(sql), cut };
  }
  return { text: prefix(body), bytes: length - 1, cut };
}

export interface ParseBody extends Text {
  name: string;
  parameterTypes: number[];
}

export function parseBody({ body, length, cut }: Gathered): ParseBody {
  if (!cut) {
    const { statement, sql, parameterTypes } = parseParse(body);
    return { name: statement, text: sql, bytes: Buffer.byteLength(sql), cut, parameterTypes };
  }
  const cursor = new Cursor(body, "Parse");
  const name = cursor.cstring();
  const text = prefix(cursor.rest());
  return { name, text, bytes: length - Buffer.byteLength(name) - 1, cut, parameterTypes: [] };
}

export interface BindBody extends Pick<Bind, "portal" | "statement" | "parameterFormats" | "resultFormats"> {
  parameters: (Bytes | null)[];
}

/** The parameters are copies: a portal outlives the frame that bound it. */
export function bindBody(message: Gathered): BindBody {
  const body = Buffer.from(message.body);
  if (!message.cut) {
    const bind = parseBind(body);
    return { ...bind, parameters: bind.parameters.map(whole) };
  }
  const cursor = new Cursor(body, "Bind");
  return {
    portal: cursor.cstring(),
    statement: cursor.cstring(),
    parameterFormats: cursor.list(cursor.u16(), () => cursor.u16()),
    parameters: cutValues(cursor),
    resultFormats: [],
  };
}

export function rowValues({ body, cut }: Gathered): (Bytes | null)[] {
  return cut ? cutValues(new Cursor(body, "DataRow")) : parseDataRow(body).map(whole);
}

export function serverWords(
  message: Gathered,
  name: "ErrorResponse" | "NoticeResponse",
): Omit<ServerWords, "from"> {
  const fields = message.cut ? cutFields(message.body) : parseErrorFields(message.body, name);
  const detail = fields.get("D");
  const hint = fields.get("H");
  const position = Number(fields.get("P"));
  return {
    severity: fields.get("V") ?? fields.get("S") ?? "",
    sqlstate: fields.get("C") ?? "",
    message: fields.get("M") ?? "",
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint }),
    ...(position > 0 && { position }),
  };
}

function whole(bytes: Uint8Array | null): Bytes | null {
  return bytes && { bytes, length: bytes.length };
}

/** Values up to where the body was cut, the last one perhaps in part. */
function cutValues(cursor: Cursor): (Bytes | null)[] {
  const values: (Bytes | null)[] = [];
  for (let count = cursor.u16(); count > 0 && cursor.remaining >= 4; count--) {
    const length = cursor.i32();
    if (length < -1) throw new SallyportError("protocol_violation", `a value of length ${length}`);
    values.push(length === -1 ? null : { bytes: cursor.bytes(Math.min(length, cursor.remaining)), length });
  }
  return values;
}

function cutFields(body: Uint8Array): ErrorFields {
  const fields: ErrorFields = new Map();
  for (const field of prefix(body).split("\0")) {
    if (field.length > 0) fields.set(field[0]!, field.slice(1));
  }
  return fields;
}

/** UTF-8 that may end inside a character. */
function prefix(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes, { stream: true });
}

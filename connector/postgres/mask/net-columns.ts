import type { Column } from "../../../protocol/postgres/backend.ts";
import { CARD_WORDS } from "../../mask/detectors/card.ts";
import { Hint } from "../../mask/detectors/found.ts";
import { says } from "../../mask/detectors/near.ts";
import { SECRET_WORDS } from "../../mask/detectors/secret.ts";
import { SSN_WORDS } from "../../mask/detectors/ssn.ts";

/** What is known of a column of a result. */
export interface NetColumn {
  /** Flags of `Hint`. */
  hint: number;
  /** Its binary values are numbers that have no digits. */
  binary: "int8" | "int4" | "numeric" | null;
}

/** Of one that nothing is known of. */
export const UNKNOWN: NetColumn = { hint: Hint.cells, binary: null };

const INT8 = 20;
const INT4 = 23;
const NUMERIC = 1700;
/** Object ids of int8, int2, int4, oid, float4, float8, money and numeric, and of their arrays. */
const NUMBERS = new Set([INT8, 21, INT4, 26, 700, 701, 790, NUMERIC]);
const NUMBER_ARRAYS = new Set([1016, 1005, 1007, 1028, 1021, 1022, 791, 1231]);
/** bytea, char, name, text, json, xml, bpchar, varchar, jsonb: a number in them is a text. */
const TEXTS = new Set([17, 18, 19, 25, 114, 142, 1042, 1043, 3802]);

export function netColumn({ name, type, format }: Column): NetColumn {
  let hint: number = Hint.none;
  if (SSN_WORDS.some((word) => says(name, word))) hint |= Hint.ssn;
  if (CARD_WORDS.some((word) => says(name, word))) hint |= Hint.card;
  if (SECRET_WORDS.some((word) => says(name, word))) hint |= Hint.secret;
  if (NUMBERS.has(type) || NUMBER_ARRAYS.has(type)) hint |= Hint.number;
  else if (!TEXTS.has(type)) hint |= Hint.cells;
  return { hint, binary: binaryOf(type, format) };
}

function binaryOf(type: number, format: number): NetColumn["binary"] {
  // A statement's description does not tell the format yet; eight digits or a zero byte tell these two enough.
  if (type === INT8) return "int8";
  if (type === NUMERIC) return "numeric";
  return type === INT4 && format === 1 ? "int4" : null;
}

/** The digits of a binary number's integer part; null for what has none that matter, or is no binary number. */
export function binaryDigits(
  binary: NonNullable<NetColumn["binary"]>,
  data: Uint8Array,
  from: number,
  to: number,
): string | null {
  const view = new DataView(data.buffer, data.byteOffset + from, to - from);
  if (binary === "int4") return to - from === 4 ? digits(view.getInt32(0)) : null;
  if (binary === "int8") {
    return to - from === 8 ? digits(view.getInt32(0) * 2 ** 32 + view.getUint32(4)) : null;
  }
  // How many groups of four digits, the weight of the first, the sign, digits behind the point, the groups.
  if (to - from < 8 || view.getUint8(0) !== 0) return null;
  const groups = view.getUint16(0);
  const weight = view.getInt16(2);
  if (to - from !== 8 + 2 * groups || weight < 0 || weight > 4) return null;
  let value = 0;
  for (let i = 0; i <= weight; i += 1) value = value * 10_000 + (i < groups ? view.getUint16(8 + 2 * i) : 0);
  return digits(value);
}

/** Puts 0 in the place of a binary number, whose length stays. */
export function clearNumber(
  binary: NonNullable<NetColumn["binary"]>,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  data.fill(0, binary === "numeric" ? from + 8 : from, to);
}

/** Up to 2^53, where a double is exact; no number that is looked for is greater. */
function digits(value: number): string | null {
  return Number.isSafeInteger(value) ? String(Math.abs(value)) : null;
}

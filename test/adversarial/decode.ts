import type { Canary } from "./canaries.ts";

/**
 * Looks for canaries as an attacker would read what came out: as it stands, backwards, without what stands between
 * the letters, in hex, base64, escapes, bits and code points, down the columns and along the rows.
 */

/** What came to one client, or stands in a recording. */
export interface Haystack {
  /** All of it. */
  bytes: Buffer;
  /** Results that are known to be rows: their cells, as text or binary. */
  rows: (Buffer | null)[][];
}

/** Rows that are put together in every order; more are only read as they came. */
const MAX_SORTED_ROWS = 500;
const HEX_RUN = /[0-9a-f]{16,}/g;
const BASE64_RUN = /[A-Za-z0-9+/_-]{12,}/g;
const BIT_RUN = /[01]{48,}/g;
const NUMBERS = /\d+/g;

/** The cells whose canaries can be read, in no order. */
export function canariesIn({ bytes, rows }: Haystack, canaries: readonly Canary[]): string[] {
  const hays = new Set<string>();
  const add = (text: string) => {
    if (text.length >= 8) hays.add(text);
  };
  for (const text of [bytes.toString("latin1"), ...assembled(rows)]) {
    for (const form of forms(text)) add(form);
  }
  add(binaryIntegers(rows));
  const found: string[] = [];
  const all = [...hays].join("\n");
  for (const { cell, text } of canaries) {
    if (all.includes(text) || all.includes([...text].reverse().join(""))) found.push(cell);
  }
  return found;
}

/** All that a text may stand for, each as lower-case letters and digits. */
function* forms(text: string): Generator<string> {
  yield bare(text);
  yield bare(text.replace(/<[^>]*>/g, ""));
  yield bare(unescaped(text));
  yield codePoints(text);
  for (const run of text.toLowerCase().replace(/[\s:]/g, "").match(HEX_RUN) ?? []) {
    yield bare(Buffer.from(run, "hex").toString("latin1"));
    yield bare(Buffer.from(run.slice(1), "hex").toString("latin1"));
  }
  for (const run of text.replace(/\n/g, "").match(BASE64_RUN) ?? []) {
    for (const shift of [0, 1, 2, 3]) {
      const decoded = Buffer.from(run.slice(shift), "base64").toString("latin1");
      yield bare(decoded);
    }
  }
  for (const run of text.match(BIT_RUN) ?? []) {
    for (let shift = 0; shift < 8; shift++) yield bare(bits(run.slice(shift)));
  }
}

/** Columns from top to bottom, rows from left to right, and columns in the order that another column's numbers give. */
function* assembled(rows: Haystack["rows"]): Generator<string> {
  if (rows.length === 0) return;
  const cells = rows.map((row) => row.map((value) => value?.toString("latin1") ?? ""));
  const width = Math.max(...cells.map((row) => row.length));
  yield cells.map((row) => row.join("")).join("");
  for (let column = 0; column < width; column++) {
    const texts = cells.map((row) => row[column] ?? "");
    yield texts.join("");
    yield texts.join(" ");
    if (rows.length > MAX_SORTED_ROWS || !texts.every((text) => /^\d+$/.test(text))) continue;
    const sorted = [...cells].sort((one, two) => Number(one[column]) - Number(two[column]));
    for (let other = 0; other < width; other++) {
      if (other !== column) yield sorted.map((row) => row[other] ?? "").join(" ");
    }
  }
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** JSON's, XML's, the URL's and bytea's escapes undone. */
function unescaped(text: string): string {
  return text
    .replace(/\\u00([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#x([0-9a-f]{1,6});/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/&#(\d{1,7});/g, (_, number) => String.fromCharCode(Number(number)))
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\x([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Numbers that are letters' and digits' code points, in order. */
function codePoints(text: string): string {
  let spelt = "";
  for (const [digits] of text.matchAll(NUMBERS)) {
    const code = digits.length > 3 ? 0 : Number(digits);
    if (code >= 48 && code <= 122) spelt += String.fromCharCode(code);
  }
  return bare(spelt);
}

function bits(run: string): string {
  let text = "";
  for (let at = 0; at + 8 <= run.length; at += 8) {
    text += String.fromCharCode(Number.parseInt(run.slice(at, at + 8), 2));
  }
  return text;
}

/** Cells of two, four and eight bytes as numbers: those of text's code points spell it, others are written out. */
function binaryIntegers(rows: Haystack["rows"]): string {
  let spelt = "";
  let written = "";
  for (const cell of rows.flat()) {
    if (cell === null || ![2, 4, 8].includes(cell.length)) continue;
    const number = BigInt(`0x${cell.toString("hex")}`);
    if (number >= 48n && number <= 122n) spelt += String.fromCharCode(Number(number));
    written += `${number} `;
  }
  return `${bare(spelt)}\n${written}`;
}

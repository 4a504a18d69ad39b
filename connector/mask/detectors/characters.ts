import type { ByteSet } from "./automaton.ts";

/** The bytes of these characters, where `a-z` is a range. */
export function bytesOf(characters: string): ByteSet {
  const set = new Uint8Array(256);
  for (let at = 0; at < characters.length; at += 1) {
    const from = characters.charCodeAt(at);
    const ranged = characters[at + 1] === "-" && at + 2 < characters.length;
    set.fill(1, from, (ranged ? characters.charCodeAt(at + 2) : from) + 1);
    if (ranged) at += 2;
  }
  return set;
}

/** A word, byte by byte. */
export function word(text: string): ByteSet[] {
  return [...text].map((one) => SINGLE[one.charCodeAt(0)]!);
}

/** A word in any mixture of its letters' cases. */
export function anyCase(text: string): ByteSet[] {
  return [...text].map((one) => EITHER[one.toLowerCase().charCodeAt(0)]!);
}

// The same object for the same set, so that an automaton's builder has few to compare.
const SINGLE = Array.from({ length: 256 }, (_, byte) => new Uint8Array(256).fill(1, byte, byte + 1));
const EITHER = SINGLE.map((single, byte) => {
  const letter = String.fromCharCode(byte);
  return letter >= "a" && letter <= "z" ? bytesOf(letter + letter.toUpperCase()) : single;
});

export const DIGIT = bytesOf("0-9");
export const LETTER = bytesOf("A-Za-z");
export const ALNUM = bytesOf("A-Za-z0-9");
export const WORD = bytesOf("A-Za-z0-9_");
export const BASE64URL = bytesOf("A-Za-z0-9_-");
export const BASE64 = bytesOf("A-Za-z0-9+/");
const HEX = bytesOf("0-9A-Fa-f");

/** What is in one of these sets. */
export function either(...sets: readonly ByteSet[]): ByteSet {
  return new Uint8Array(256).map((_, byte) => (sets.some((set) => set[byte] === 1) ? 1 : 0));
}

/** Where the run of such bytes ends that begins at `at`; at most `to`. */
export function runEnd(text: Uint8Array, at: number, to: number, set: ByteSet): number {
  let end = at;
  while (end < to && set[text[end]!] === 1) end += 1;
  return end;
}

/** Where the run of such bytes begins that ends before `at`; at least `from`. */
export function runStart(text: Uint8Array, at: number, from: number, set: ByteSet): number {
  let start = at;
  while (start > from && set[text[start - 1]!] === 1) start -= 1;
  return start;
}

/** Whether the text has this word, in ASCII, at `at`. */
export function has(text: Uint8Array, at: number, to: number, expected: string): boolean {
  if (at + expected.length > to) return false;
  for (let i = 0; i < expected.length; i += 1) if (text[at + i] !== expected.charCodeAt(i)) return false;
  return true;
}

/**
 * Whether what begins at `at` is the rest of a longer word. The letters and digits of an escape are not: of JSON and
 * COPY (`\n`, `\u0022`), of addresses (`%20`).
 */
export function glued(text: Uint8Array, at: number, from: number, set: ByteSet): boolean {
  if (at <= from || set[text[at - 1]!] !== 1) return false;
  return !escaped(text, at, from);
}

function escaped(text: Uint8Array, at: number, from: number): boolean {
  if (at - 2 >= from && text[at - 2] === BACKSLASH && ESCAPES[text[at - 1]!] === 1) return true;
  const hex = at - runStart(text, at, Math.max(from, at - 4), HEX);
  if (hex >= 2 && at - 3 >= from && text[at - 3] === PERCENT) return true;
  return hex === 4 && at - 6 >= from && text[at - 5] === LETTER_U && text[at - 6] === BACKSLASH;
}

const ESCAPES = bytesOf("nrtbfv");
export const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const LETTER_U = 0x75;

import { LETTER } from "./characters.ts";

/** Bytes before and after a value that may say what it is. */
const BEFORE = 64;
const AFTER = 16;

/**
 * Whether one of these words, in lower case, stands near `text[start, end)` in any case. A word must end where it ends:
 * `classname` does not speak of an `ssn`.
 */
export function near(
  text: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  words: readonly string[],
): boolean {
  if (start === from && end === to) return false;
  const before = Buffer.from(text.subarray(Math.max(from, start - BEFORE), start)).toString("latin1");
  const after = Buffer.from(text.subarray(end, Math.min(to, end + AFTER))).toString("latin1");
  return words.some((word) => says(before, word) || says(after, word));
}

/** Whether a name of a column has the word. */
export function says(name: string, word: string): boolean {
  const text = name.toLowerCase();
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const next = text.charCodeAt(at + word.length);
    if (Number.isNaN(next) || LETTER[next & 0xff] !== 1) return true;
    // customerSsnNumber
    const original = name.charCodeAt(at + word.length);
    if (original >= 0x41 && original <= 0x5a && name.charCodeAt(at + word.length - 1) >= 0x61) return true;
  }
  return false;
}

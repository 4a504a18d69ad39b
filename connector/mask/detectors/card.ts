import { ALNUM, BACKSLASH, bytesOf, DIGIT, LETTER, runEnd, runStart } from "./characters.ts";
import { type Anchor, type Found, Hint, type Reach } from "./found.ts";
import { near } from "./near.ts";

interface Issuer {
  /** First and last number that a card may begin with; as many digits both. */
  first: number;
  last: number;
  /** How many digits a card has. */
  lengths: readonly number[];
}

const LONG = [16, 17, 18, 19];

/** Issuer identification numbers as the schemes publish them (ISO/IEC 7812). */
const ISSUERS: Record<string, readonly Issuer[]> = {
  visa: [{ first: 4, last: 4, lengths: [13, 16, 19] }],
  mastercard: [
    { first: 51, last: 55, lengths: [16] },
    { first: 2221, last: 2720, lengths: [16] },
  ],
  amex: [
    { first: 34, last: 34, lengths: [15] },
    { first: 37, last: 37, lengths: [15] },
  ],
  discover: [
    { first: 6011, last: 6011, lengths: LONG },
    { first: 644, last: 649, lengths: LONG },
    { first: 65, last: 65, lengths: LONG },
  ],
  diners: [
    { first: 300, last: 305, lengths: [14, 16] },
    { first: 3095, last: 3095, lengths: [14, 16] },
    { first: 36, last: 36, lengths: [14, 16] },
    { first: 38, last: 39, lengths: [14, 16] },
  ],
  jcb: [{ first: 3528, last: 3589, lengths: LONG }],
  unionpay: [
    { first: 62, last: 62, lengths: LONG },
    { first: 81, last: 81, lengths: LONG },
  ],
  maestro: [
    { first: 50, last: 50, lengths: LONG },
    { first: 56, last: 58, lengths: LONG },
    { first: 67, last: 67, lengths: LONG },
  ],
  mir: [{ first: 2200, last: 2204, lengths: LONG }],
};

/** By the first four digits: the lengths that a card may have, a bit for each. */
const LENGTHS = new Uint32Array(10_000);
for (const { first, last, lengths } of Object.values(ISSUERS).flat()) {
  const unit = 10 ** (4 - String(first).length);
  const bits = lengths.reduce((all, length) => all | (1 << length), 0);
  for (let iin = first * unit; iin < (last + 1) * unit; iin += 1) LENGTHS[iin]! |= bits;
}

/** How a card's digits are grouped; the longest first. */
const GROUPINGS = [
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4],
  [4, 6, 6],
  [4, 6, 5],
  [4, 6, 4],
].map((groups) => ({ groups, length: groups.reduce((sum, size) => sum + size) }));
/** Lengths that a number has which is a card and hardly anything else. Longer ones are often keys of a table. */
const USUAL = (1 << 14) | (1 << 15) | (1 << 16);
/** Of numbers in one run, and of those in groups. What stands behind may name it, or close what JSON opened. */
export const NUMBER_REACH: Reach = { bytes: bytesOf("0-9 .-"), most: 48, after: 17 };
/** Of texts before a number and names of columns. */
export const CARD_WORDS = ["card", "visa", "mastercard", "amex", "credit", "debit", "pan"];

/** A payment card in one run of digits, `text[start, end)`, 13 to 19 of them. */
export function bareCard(
  text: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  hint: number,
): Found | null {
  const length = end - start;
  if (!fits(text, start, length) || !valid(text, start, end) || !alone(text, start, end, from, to))
    return null;
  const usual = (USUAL & (1 << length)) !== 0;
  const certain = usual || (hint & Hint.card) !== 0 || near(text, start, end, from, to, CARD_WORDS);
  return { start, end, certain };
}

/** A payment card in groups of digits, of which spaces or dashes stand between. */
export const CARD: Anchor = {
  detector: "card",
  steps: [DIGIT, DIGIT, DIGIT, DIGIT, bytesOf(" -"), DIGIT, DIGIT, DIGIT, DIGIT],
  find: (text, start, _end, from, to) => {
    if (issued(text, start) === 0) return null;
    const separator = text[start + 4]!;
    for (const { groups, length } of GROUPINGS) {
      let end = start;
      for (const size of groups) {
        if (end > start && (end >= to || text[end] !== separator)) break;
        if (end > start) end += 1;
        if (runEnd(text, end, Math.min(to, end + size), DIGIT) !== end + size) break;
        end += size;
      }
      const whole = end - start === length + groups.length - 1;
      if (!whole || !fits(text, start, length) || !valid(text, start, end)) continue;
      if (alone(text, start, end, from, to)) return { start, end, certain: true };
    }
    return null;
  },
  reach: NUMBER_REACH,
};

/** For a number that has no text: a binary integer. */
export function isCard(digits: string): boolean {
  const text = Buffer.from(digits);
  const usual = (USUAL & (1 << text.length)) !== 0;
  return usual && fits(text, 0, text.length) && valid(text, 0, text.length);
}

function fits(text: Uint8Array, start: number, length: number): boolean {
  return (issued(text, start) & (1 << length)) !== 0;
}

/** The lengths that cards have which begin with these four digits; a bit for each. */
function issued(text: Uint8Array, start: number): number {
  let iin = 0;
  for (let at = start; at < start + 4; at += 1) iin = iin * 10 + text[at]! - ZERO;
  return LENGTHS[iin]!;
}

/** The last digit is as Luhn's formula (ISO/IEC 7812-1, annex B) makes it of the others. */
function valid(text: Uint8Array, start: number, end: number): boolean {
  let sum = 0;
  let double = false;
  for (let at = end - 1; at >= start; at -= 1) {
    if (DIGIT[text[at]!] !== 1) continue;
    const digit = text[at]! - ZERO;
    sum += double ? digit * 2 - (digit > 4 ? 9 : 0) : digit;
    double = !double;
  }
  return sum % 10 === 0;
}

/** It is no part of a longer word or number, nor of a fraction. */
function alone(text: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  if (start > from) {
    const before = text[start - 1]!;
    const escaped = start - 2 >= from && text[start - 2] === BACKSLASH;
    if (before === DOT && start - 2 >= from && DIGIT[text[start - 2]!] === 1) return false;
    if ((LETTER[before] === 1 && !escaped) || DIGIT[before] === 1) return false;
  }
  if (end >= to) return true;
  if (ALNUM[text[end]!] === 1) return false;
  // An amount without cents, as numeric columns give it, may still be a card.
  if (text[end] !== DOT || end + 1 >= to) return true;
  const fraction = runEnd(text, end + 1, Math.min(to, end + 20), DIGIT);
  return fraction === end + 1 || runStart(text, fraction, end + 1, ZEROS) === end + 1;
}

const ZEROS = new Uint8Array(256).fill(1, 0x30, 0x31);
const ZERO = 0x30;
const DOT = 0x2e;

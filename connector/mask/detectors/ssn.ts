import { NUMBER_REACH } from "./card.ts";
import { ALNUM, BACKSLASH, bytesOf, DIGIT, LETTER } from "./characters.ts";
import { type Anchor, type Found, Hint } from "./found.ts";
import { near } from "./near.ts";

const SPACE = 0x20;
const DASH = 0x2d;
const JOINS = bytesOf(".-");

/** Of texts beside a number and names of columns. */
export const SSN_WORDS = [
  "ssn",
  "ssns",
  "social security",
  "social_security",
  "socialsecurity",
  "social sec",
];

/** A social security number of the United States as nine digits; only beside words that say so. */
export function bareSsn(
  text: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
  hint: number,
): Found | null {
  if (!issued(text, start, start + 3, start + 5) || !told(text, start, end, from, to, hint)) return null;
  return alone(text, start, end, from, to) ? { start, end, certain: true } : null;
}

/** One as `ddd-dd-dddd`, which is certain beside such words; with spaces only beside them. */
export const SSNS: Anchor[] = [DASH, SPACE].map((separator) => {
  const between = new Uint8Array(256).fill(1, separator, separator + 1);
  return {
    detector: "ssn",
    steps: [DIGIT, DIGIT, DIGIT, between, DIGIT, DIGIT, between, DIGIT, DIGIT, DIGIT, DIGIT],
    find: (text, start, end, from, to, hint) => {
      if (!issued(text, start, start + 4, start + 7) || !alone(text, start, end, from, to)) return null;
      const certain = told(text, start, end, from, to, hint);
      return certain || separator === DASH ? { start, end, certain } : null;
    },
    reach: NUMBER_REACH,
  };
});

function told(text: Uint8Array, start: number, end: number, from: number, to: number, hint: number): boolean {
  return (hint & Hint.ssn) !== 0 || near(text, start, end, from, to, SSN_WORDS);
}

/** It is no part of a longer word or number. */
function alone(text: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  if (start > from) {
    const before = text[start - 1]!;
    const escaped = start - 2 >= from && text[start - 2] === BACKSLASH;
    if (DIGIT[before] === 1 || (LETTER[before] === 1 && !escaped)) return false;
    if (JOINS[before] === 1 && start - 2 >= from && DIGIT[text[start - 2]!] === 1) return false;
  }
  if (end >= to) return true;
  if (ALNUM[text[end]!] === 1) return false;
  return JOINS[text[end]!] !== 1 || end + 1 >= to || DIGIT[text[end + 1]!] !== 1;
}

/** Numbers that the Social Security Administration gives out: no area 000, 666 or 9xx, no group 00, no serial 0000. */
function issued(text: Uint8Array, area: number, group: number, serial: number): boolean {
  const areas = number(text, area, 3);
  if (areas === 0 || areas === 666 || areas >= 900) return false;
  return number(text, group, 2) !== 0 && number(text, serial, 4) !== 0;
}

/** For a number that has no text: a binary integer, which has lost its leading zeros. */
export function isSsn(digits: string): boolean {
  return digits.length >= 7 && digits.length <= 9 && issued(Buffer.from(digits.padStart(9, "0")), 0, 3, 5);
}

function number(text: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i += 1) value = value * 10 + text[i]! - ZERO;
  return value;
}

const ZERO = 0x30;

import { ALNUM, bytesOf, DIGIT, glued, word } from "./characters.ts";
import type { Anchor, Find, Reach } from "./found.ts";

/** Characters of an account number by country (SWIFT's IBAN registry). */
const LENGTHS: Record<string, number> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BI: 27,
  BR: 29,
  BY: 28,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DJ: 27,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FK: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HN: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IQ: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LC: 32,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  LY: 25,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MN: 20,
  MR: 27,
  MT: 31,
  MU: 30,
  NI: 28,
  NL: 18,
  NO: 15,
  OM: 23,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  RU: 33,
  SA: 24,
  SC: 31,
  SD: 18,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  SO: 23,
  ST: 25,
  SV: 28,
  TL: 23,
  TN: 24,
  TR: 26,
  UA: 29,
  VA: 22,
  VG: 24,
  XK: 20,
  YE: 30,
};

const SPACE = 0x20;
const UPPER = bytesOf("0-9A-Z");
const REACH: Reach = { bytes: bytesOf("0-9A-Z "), most: 48 };

/** A country's letters and two check digits, the rest in one run or in fours with spaces between (ISO 13616). */
function find(length: number): Find {
  return (text, start, _end, from, to) => {
    if (glued(text, start, from, ALNUM)) return null;
    const spaced = start + 4 < to && text[start + 4] === SPACE;
    const end = start + length + (spaced ? Math.ceil(length / 4) - 1 : 0);
    if (end > to || (end < to && ALNUM[text[end]!] === 1)) return null;
    let rest = 0;
    let head = 0;
    for (let at = start, count = 0; at < end; at += 1) {
      const byte = text[at]!;
      if (spaced && (at - start) % 5 === 4) {
        if (byte !== SPACE) return null;
        continue;
      }
      if (UPPER[byte] !== 1) return null;
      // The first four characters count last.
      if (count < 4) head = appended(head, byte);
      else rest = appended(rest, byte);
      count += 1;
    }
    // Two letters are two digits each, the check digits one each: six in all.
    const certain = (rest * 1_000_000 + head) % 97 === 1;
    return certain ? { start, end, certain } : null;
  };
}

/** The remainder modulo 97 of a number to which a digit is added, or a letter, A being 10. */
function appended(remainder: number, byte: number): number {
  const value = byte <= 0x39 ? byte - 0x30 : byte - 0x37;
  return (remainder * (value > 9 ? 100 : 10) + value) % 97;
}

export const IBANS: Anchor[] = Object.entries(LENGTHS).map(([country, length]) => ({
  detector: "iban",
  steps: [...word(country), DIGIT, DIGIT],
  find: find(length),
  reach: REACH,
}));

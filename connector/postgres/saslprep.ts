import { inRanges, LEFT_TO_RIGHT, RIGHT_TO_LEFT, UNASSIGNED } from "./stringprep-tables.ts";

/** RFC 3454, table C.1.2. */
const NON_ASCII_SPACE = /[\u{a0}\u{1680}\u{2000}-\u{200b}\u{202f}\u{205f}\u{3000}]/gu;
/** Table B.1; what of it is a space above is gone before. */
const NOTHING =
  /\u{ad}|\u{34f}|\u{1806}|[\u{180b}-\u{180d}]|\u{200c}|\u{200d}|\u{2060}|[\u{fe00}-\u{fe0f}]|\u{feff}/gu;
/** Tables C.1.2 and C.2.1 to C.9. */
const PROHIBITED = new RegExp(
  [
    "[\\u{0}-\\u{1f}\\u{7f}-\\u{a0}]",
    "[\\u{340}\\u{341}\\u{6dd}\\u{70f}\\u{1680}\\u{180e}]",
    "[\\u{2000}-\\u{200f}\\u{2028}-\\u{202f}\\u{205f}-\\u{2063}\\u{206a}-\\u{206f}]",
    "[\\u{2ff0}-\\u{2ffb}\\u{3000}\\u{d800}-\\u{f8ff}\\u{fdd0}-\\u{fdef}\\u{feff}\\u{fff9}-\\u{ffff}]",
    "[\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}\\u{f0000}-\\u{10ffff}]",
    "[\\p{Noncharacter_Code_Point}]",
  ].join("|"),
  "u",
);

/**
 * Prepares a password as SASLprep says (RFC 4013), as PostgreSQL does: a password of ASCII alone, and one that
 * SASLprep has no answer for, is taken as it is.
 */
export function saslprep(password: string): string {
  if (/^\p{ASCII}*$/u.test(password)) return password;
  const prepared = password.replace(NON_ASCII_SPACE, " ").replace(NOTHING, "").normalize("NFKC");
  if (prepared === "" || PROHIBITED.test(prepared)) return password;
  const codePoints = Array.from(prepared, (character) => character.codePointAt(0)!);
  if (codePoints.some((codePoint) => inRanges(UNASSIGNED, codePoint))) return password;
  return isBidirectional(codePoints) ? prepared : password;
}

/** RFC 3454 section 6. */
function isBidirectional(codePoints: readonly number[]): boolean {
  const rightToLeft = (codePoint: number) => inRanges(RIGHT_TO_LEFT, codePoint);
  if (!codePoints.some(rightToLeft)) return true;
  if (codePoints.some((codePoint) => inRanges(LEFT_TO_RIGHT, codePoint))) return false;
  return rightToLeft(codePoints[0]!) && rightToLeft(codePoints.at(-1)!);
}

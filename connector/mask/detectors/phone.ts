import { bytesOf, DIGIT, WORD, word } from "./characters.ts";
import type { Anchor, Reach } from "./found.ts";

/** Digits of an international number (ITU-T E.164). */
const LEAST = 8;
const MOST = 15;
/** Bytes of one, with what separates its digits. */
const LONGEST = 26;
const SEPARATORS = bytesOf(" .()-");
const PHONE_REACH: Reach = { bytes: bytesOf("0-9+ .()-"), most: LONGEST + 2 };

/** `+`, then a country code. */
const PHONE: Anchor = {
  detector: "phone",
  steps: [...word("+"), bytesOf("1-9")],
  find: (text, start, _end, from, to) => {
    if (start > from && WORD[text[start - 1]!] === 1) return null;
    let end = start + 1;
    let digits = 0;
    for (let at = start + 1; at < Math.min(to, start + LONGEST); at += 1) {
      if (DIGIT[text[at]!] === 1) {
        digits += 1;
        end = at + 1;
      } else if (SEPARATORS[text[at]!] !== 1 || at - end > 1) break;
    }
    if (digits < LEAST || digits > MOST) return null;
    if (end < to && WORD[text[end]!] === 1) return null;
    return { start, end, certain: true };
  },
  reach: PHONE_REACH,
};

/** Area codes and exchanges begin with 2 to 9. */
const GROUP = [bytesOf("2-9"), DIGIT, DIGIT];
const LINE = [DIGIT, DIGIT, DIGIT, DIGIT];

/** As the North American plan has it; not without separators, which many other numbers are. */
const NANP: Anchor[] = [
  [...GROUP, ...word("-"), ...GROUP, ...word("-"), ...LINE],
  [...GROUP, ...word("."), ...GROUP, ...word("."), ...LINE],
  [...word("("), ...GROUP, ...word(")"), ...GROUP, ...word("-"), ...LINE],
  [...word("("), ...GROUP, ...word(") "), ...GROUP, ...word("-"), ...LINE],
].map((steps) => ({
  detector: "phone",
  steps,
  find: (text, start, end, from, to) => {
    if (start > from && JOINS[text[start - 1]!] === 1) return null;
    return end < to && JOINS[text[end]!] === 1 ? null : { start, end, certain: true };
  },
  reach: PHONE_REACH,
}));
const JOINS = bytesOf("A-Za-z0-9_-");

export const PHONES: readonly Anchor[] = [PHONE, ...NANP];

import { ALNUM, BACKSLASH, bytesOf, either, LETTER, word } from "./characters.ts";
import type { Anchor, Find, Reach } from "./found.ts";

/** Bytes of the part before `@` (RFC 5321). */
export const LOCAL = 64;
/** Bytes of the domain (RFC 1035). */
const DOMAIN = 253;

// Signs that an address may have, but that rather end what stands before it (`mail=`, `?to=`), are left out.
export const LOCAL_BYTES = withUnicode(bytesOf("A-Za-z0-9._%+'-"));
const LABEL_BYTES = withUnicode(bytesOf("A-Za-z0-9-"));
const NEVER_FIRST = bytesOf(".'%+");

const find: Find = (text, at, end, from, to) => {
  // A backslash that is itself escaped, as COPY and JSON within JSON have it.
  let before = at;
  while (before > from && text[before - 1] === BACKSLASH) before -= 1;
  const start = localStart(text, before, from);
  const last = domainEnd(text, end, Math.min(to, end + DOMAIN));
  return start < before && last > 0 ? { start, end: last, certain: true } : null;
};

/** Where the part before `@`, which ends before `at`, begins; `at` when there is none. */
function localStart(text: Uint8Array, at: number, from: number): number {
  let start = at;
  const least = Math.max(from, at - LOCAL);
  while (start > least && LOCAL_BYTES[text[start - 1]!] === 1) start -= 1;
  // The letter of an escape such as \n is no part of it, nor is half a character.
  if (start > from && text[start - 1] === BACKSLASH && ALNUM[text[start]!] === 1) start += 1;
  while (start < at && (NEVER_FIRST[text[start]!] === 1 || (text[start]! & 0xc0) === 0x80)) start += 1;
  return text[at - 1] === DOT ? at : start;
}

/** Where a domain that begins at `at` ends: after its top level, of two letters or more; 0 when it is none. */
function domainEnd(text: Uint8Array, at: number, to: number): number {
  let end = 0;
  let label = at;
  for (;;) {
    let next = label;
    let letters = true;
    while (next < to && LABEL_BYTES[text[next]!] === 1) {
      // A sentence of other letters may follow a top level at once.
      if (text[next]! >= 0x80 && letters && label > at && next - label >= 2) return next;
      letters &&= LETTER[text[next]!] === 1;
      next += 1;
    }
    if (next === label) return end;
    if (label > at) end = letters && next - label >= 2 ? next : 0;
    if (next >= to || text[next] !== DOT) return end;
    label = next + 1;
  }
}

function withUnicode(set: Uint8Array): Uint8Array {
  return set.fill(1, 0x80);
}

const DOT = 0x2e;

const REACH: Reach = {
  before: LOCAL,
  bytes: either(LABEL_BYTES, bytesOf("@.\\%")),
  most: DOMAIN + "\\u0040".length,
};

/** The sign itself, as JSON may escape it, and as addresses of the web do. */
export const EMAILS: Anchor[] = ["@", "\\u0040", "%40"].map((sign) => ({
  detector: "email",
  steps: word(sign),
  find,
  reach: REACH,
}));

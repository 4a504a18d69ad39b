import { anyCase, BASE64URL, bytesOf, either, runEnd, runStart, word } from "./characters.ts";
import type { Anchor, Find, Found, Reach } from "./found.ts";

/** Bytes that a value has at least, and of which its entropy is taken at most. */
const LEAST = 8;
const MEASURED = 64;
/** Bytes of a value by which it is told; it may be longer. */
const LONGEST = 256;
/** Bits a character: more than words have, less than what a generator makes. */
const NAMED_ENTROPY = 2.75;
/** Where no name stands before it. Hexadecimal digits, as of digests and UUIDs, have at most 4. */
const UNNAMED_ENTROPY = 4.3;
export const UNNAMED_LEAST = 32;

const NAMES = [
  "password",
  "passwd",
  "passphrase",
  "pwd",
  "secret",
  "token",
  "api_key",
  "apikey",
  "api-key",
  "access_key",
  "accesskey",
  "private_key",
  "credential",
  "bearer",
];
/** Names of columns. */
export const SECRET_WORDS = [...NAMES, "secrets", "tokens", "passwords", "credentials"];

const NAME_REST = 24;
const SPACING = 8;
const QUOTES = bytesOf("\"'`\\");
const SPACE = bytesOf(" \t");
const ASSIGNS = bytesOf(":=>");
/** What no value has, so that it ends there. */
const VALUE = bytesOf("!#$%*+./0-9:=?@A-Z[]^_a-z|~-");

/** `password=…`, `"api_key": "…"`, `Bearer …`. */
const assigned: Find = (text, start, end, _from, to) => {
  let at = runEnd(text, end, Math.min(to, end + NAME_REST), BASE64URL);
  at = runEnd(text, at, Math.min(to, at + SPACING), QUOTES);
  at = runEnd(text, at, Math.min(to, at + SPACING), SPACE);
  const sign = runEnd(text, at, Math.min(to, at + 2), ASSIGNS);
  if (sign === at && !isBearer(text, start)) return null;
  at = runEnd(text, sign, Math.min(to, sign + SPACING), SPACE);
  at = runEnd(text, at, Math.min(to, at + SPACING), QUOTES);
  const last = runEnd(text, at, Math.min(to, at + LONGEST), VALUE);
  if (!isSecret(text, at, last)) return null;
  // Only of what is one the end is looked for: else a run of names would be read again for each of them.
  return { start: at, end: runEnd(text, last, to, VALUE), certain: true, more: VALUE };
};

function isBearer(text: Uint8Array, start: number): boolean {
  return text[start] === 0x42 || text[start] === 0x62;
}

/** `scheme://user:password@host`. */
const inAddress: Find = (text, _start, end, _from, to) => {
  const user = runEnd(text, end, to, USER);
  if (user >= to || text[user] !== COLON) return null;
  // Neither has a slash, so that nothing is read twice.
  const last = runEnd(text, user + 1, to, PASSWORD);
  if (last === user + 1 || last >= to || text[last] !== AT) return null;
  return { start: user + 1, end: last, certain: true };
};
const USER = bytesOf("A-Za-z0-9._~%!$&*+=-");
const PASSWORD = bytesOf("A-Za-z0-9._~%!$&*+=:^#-");
const COLON = 0x3a;
const AT = 0x40;

/** A value in a column that is named so. */
export function namedSecret(text: Uint8Array, from: number, to: number): Found | null {
  const end = runEnd(text, from, to, VALUE);
  return end === to && isSecret(text, from, end) ? { start: from, end, certain: true } : null;
}

function isSecret(text: Uint8Array, start: number, end: number): boolean {
  return end - start >= LEAST && kinds(text, start, end) > 1 && entropy(text, start, end) >= NAMED_ENTROPY;
}

/**
 * The next run after `at` that looks made by a generator, though nothing says so; it is not certain. `at` is moved
 * on by looking at every 32nd byte only.
 */
export function unnamedSecret(text: Uint8Array, at: number, from: number, to: number): Found | null {
  let i = at + UNNAMED_LEAST - 1;
  let least = from;
  while (i < to) {
    if (BLOB[text[i]!] !== 1) {
      i += UNNAMED_LEAST;
      continue;
    }
    const start = runStart(text, i, least, BLOB);
    const end = runEnd(text, i, to, BLOB);
    if (end - start >= UNNAMED_LEAST && kinds(text, start, end) > 2) {
      if (entropy(text, start, end) >= UNNAMED_ENTROPY) return { start, end, certain: false };
    }
    least = end;
    i = end + UNNAMED_LEAST;
  }
  return null;
}
const BLOB = bytesOf("A-Za-z0-9+/_=-");

/** How many of these it has: small letters, capitals, digits, other signs. */
function kinds(text: Uint8Array, start: number, end: number): number {
  let bits = 0;
  for (let at = start; at < Math.min(end, start + MEASURED); at += 1) bits |= KIND[text[at]!]!;
  return (bits & 1) + ((bits >> 1) & 1) + ((bits >> 2) & 1) + ((bits >> 3) & 1);
}
const KIND = new Uint8Array(256).fill(8).fill(1, 0x61, 0x7b).fill(2, 0x41, 0x5b).fill(4, 0x30, 0x3a);

/** Shannon's, bits a character, of the first `MEASURED`. */
function entropy(text: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + MEASURED);
  const length = last - start;
  for (let at = start; at < last; at += 1) COUNTS[text[at]!]! += 1;
  let sum = 0;
  for (let at = start; at < last; at += 1) {
    const count = COUNTS[text[at]!]!;
    COUNTS[text[at]!] = 0;
    if (count > 1) sum += count * Math.log2(count);
  }
  return Math.log2(length) - sum / length;
}
const COUNTS = new Uint16Array(256);

const ASSIGNED_REACH: Reach = {
  bytes: either(BASE64URL, QUOTES, SPACE, ASSIGNS, VALUE),
  most: 16 + NAME_REST + 4 * SPACING + 2 + LONGEST,
};
const ADDRESS_REACH: Reach = {
  bytes: either(USER, PASSWORD, bytesOf(":/@")),
  most: "://".length + 64 + 1 + LONGEST + 1,
};

export const SECRETS: Anchor[] = [
  ...NAMES.map(
    (name): Anchor => ({ detector: "secret", steps: anyCase(name), find: assigned, reach: ASSIGNED_REACH }),
  ),
  { detector: "secret", steps: word("://"), find: inAddress, reach: ADDRESS_REACH },
];

import { Hint } from "../../mask/detectors/found.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const COMMA = 0x2c;
const STAR = 0x2a;
const ONE = 0x31;
const LETTER_U = 0x75;
/** By the byte behind a backslash: what the escape stands for; 0 for none (RFC 8259 section 7). */
const ESCAPES = new Uint8Array(256);
for (const [letter, byte] of Object.entries({
  '"': 0x22,
  "\\": 0x5c,
  "/": 0x2f,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
})) {
  ESCAPES[letter.charCodeAt(0)] = byte;
}
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

/** Bytes of the escape at `at`, which is whole; 0 if it is none. */
export function escapeLength(text: Uint8Array, at: number, to: number): number {
  if (at + 1 >= to) return 0;
  if (text[at + 1] !== LETTER_U) return ESCAPES[text[at + 1]!] === 0 ? 0 : 2;
  if (at + 6 > to) return 0;
  for (let i = at + 2; i < at + 6; i += 1) if (HEX[text[i]!]! < 0) return 0;
  return 6;
}

/**
 * What the inside of a string says, in bytes: escapes of ASCII are taken apart, others stay. `from`: where each byte
 * came from. Answers where it ends in `into`, or -1 for what is no escape.
 */
export function unescaped(
  text: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  from: Uint32Array,
  begin: number,
): number {
  let out = begin;
  for (let at = start; at < end; ) {
    const byte = text[at]!;
    if (byte !== BACKSLASH) {
      from[out] = at;
      into[out++] = byte;
      at += 1;
      continue;
    }
    const length = escapeLength(text, at, end);
    if (length === 0) return -1;
    const code =
      length === 2
        ? ESCAPES[text[at + 1]!]!
        : (HEX[text[at + 2]!]! << 12) |
          (HEX[text[at + 3]!]! << 8) |
          (HEX[text[at + 4]!]! << 4) |
          HEX[text[at + 5]!]!;
    if (code < 0x80) {
      from[out] = at;
      into[out++] = code;
    } else {
      for (let i = at; i < at + length; i += 1) {
        from[out] = i;
        into[out++] = text[i]!;
      }
    }
    at += length;
  }
  return out;
}

/** Looks with detectors at the strings and numbers of JSON; what it changes stays JSON. */
export class JsonText {
  readonly #scanner: Scanner;
  #said = new Uint8Array(4096);
  #from = new Uint32Array(4096);

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /**
   * A string without escapes, with the name before it, masked in place: `text[name, end)` from the name's first quote,
   * or the string's own, to its last. `gap` and `value`: behind the name, and where the string begins.
   */
  plain(text: Uint8Array, name: number, gap: number, value: number, end: number): void {
    this.#scanner.scan(text, name + 1, end - 1, Hint.none);
    if (gap > name) mend(text, gap, value);
  }

  /**
   * The same where there are escapes: the inside of the value as it is to stand, or null where nothing changes. The
   * name, if it has something, is masked in place where it has no escapes. -1: an escape is none.
   */
  escaped(text: Uint8Array, name: number, gap: number, value: number, end: number): Buffer | null | -1 {
    this.#room(end - name + 8);
    const said = this.#said;
    let at = 0;
    if (gap > name) {
      at = unescaped(text, name + 1, gap - 1, said, this.#from, 0);
      if (at < 0) return -1;
      said[at++] = QUOTE;
      said[at++] = COLON;
      said[at++] = QUOTE;
    }
    const begin = at;
    const last = unescaped(text, value + 1, end - 1, said, this.#from, at);
    if (last < 0) return -1;
    const before = Buffer.from(said.subarray(0, last));
    this.#scanner.scan(said, 0, last, Hint.none);
    if (gap > name) this.#name(text, name + 1, gap - 1, before, begin - 3);
    return this.#changed(text, value + 1, end - 1, said, before, begin, last);
  }

  /** Digits of a number, with the name before it, masked in place; they stay a number. */
  number(text: Uint8Array, name: number, gap: number, value: number, end: number): void {
    this.#room(end - name + 4);
    const said = this.#said;
    let at = 0;
    for (let i = name; i < gap; i += 1) said[at++] = text[i]!;
    said[at++] = COLON;
    const begin = at;
    for (let i = value; i < end; i += 1) said[at++] = text[i]!;
    said[at] = COMMA;
    this.#scanner.scan(said, 0, at + 1, Hint.none);
    for (let i = value; i < end; i += 1) {
      const byte = said[begin + i - value]!;
      text[i] = byte === STAR ? ONE : byte;
    }
    for (let i = name + 1; i < gap - 1; i += 1) if (said[i - name] === STAR) text[i] = STAR;
  }

  /** A name before what is no scalar, without escapes. */
  name(text: Uint8Array, start: number, end: number): void {
    this.#scanner.scan(text, start + 1, end - 1, Hint.none);
  }

  /** Stars of the name, whose inside is `text[start, end)`: its escapes become as many as they have bytes. */
  #name(text: Uint8Array, start: number, end: number, before: Uint8Array, length: number): void {
    let isChanged = false;
    for (let i = 0; i < length; i += 1) {
      if (this.#said[i] === before[i]) continue;
      isChanged = true;
      const at = this.#from[i]!;
      text.fill(STAR, at, i + 1 < length ? Math.max(at + 1, this.#from[i + 1]!) : end);
    }
    if (isChanged) mendEscapes(text.subarray(start, end));
  }

  #changed(
    text: Uint8Array,
    start: number,
    end: number,
    said: Uint8Array,
    before: Uint8Array,
    from: number,
    to: number,
  ): Buffer | null {
    const out = Buffer.allocUnsafe(end - start);
    let length = 0;
    let isChanged = false;
    for (let i = from; i < to; i += 1) {
      const at = this.#from[i]!;
      const next = i + 1 < to ? this.#from[i + 1]! : end;
      if (said[i] === before[i]) {
        for (let k = at; k < next; k += 1) out[length++] = text[k]!;
      } else {
        isChanged = true;
        out[length++] = said[i]!;
      }
    }
    return isChanged ? mendEscapes(out.subarray(0, length)) : null;
  }

  #room(bytes: number): void {
    if (this.#said.length >= bytes) return;
    this.#said = new Uint8Array(2 * bytes);
    this.#from = new Uint32Array(2 * bytes);
  }
}

/** Puts back what stands between a name and its value: quotes and colon. What a value went across is hidden, both sides. */
function mend(text: Uint8Array, gap: number, value: number): void {
  let isWhole = true;
  for (let at = gap - 1; at <= value; at += 1) if (text[at] === STAR) isWhole = false;
  if (isWhole) return;
  text[gap - 1] = QUOTE;
  text.fill(SPACE, gap, value);
  text[gap] = COLON;
  text[value] = QUOTE;
}

/** Of an escape that stayed (of no ASCII) a part may have been masked: then all of it is. */
function mendEscapes<Text extends Uint8Array>(text: Text): Text {
  for (let at = 0; at < text.length; ) {
    if (text[at] !== BACKSLASH) {
      at += 1;
      continue;
    }
    const length = escapeLength(text, at, text.length);
    if (length === 0) text[at++] = STAR;
    else at += length;
  }
  return text;
}

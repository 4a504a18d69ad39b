import { Hint } from "../../mask/detectors/found.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";
import { escapeLength, unescaped } from "./json-text.ts";

/** Bytes that are looked at together, and of these what is looked at again with what follows. */
const PIECE = 64 * 1024;
const AGAIN = 8 * 1024;
const STAR = 0x2a;
const BACKSLASH = 0x5c;

/**
 * A string of JSON that is too long to be held, looked at by detectors piece by piece. A value that is longer than what
 * two pieces share hides the rest of the string.
 */
export class LongString {
  readonly #scanner: Scanner | null;
  #held: Buffer = Buffer.alloc(0);
  #isHidden = false;

  /** `scanner`: null where nothing is looked for. */
  constructor(scanner: Scanner | null) {
    this.#scanner = scanner;
  }

  /** What stands instead of the piece, be it held or new; null: it stays. -1: it has an escape that is none. */
  push(piece: Buffer, isLast: boolean): Buffer | null | -1 {
    if (this.#scanner === null) return null;
    const held = Buffer.concat([this.#held, piece]);
    if (!isLast && held.length < PIECE) {
      this.#held = held;
      return EMPTY;
    }
    if (this.#isHidden) {
      this.#held = EMPTY;
      return EMPTY;
    }
    const end = isLast ? held.length : wholeEscapes(held);
    const said = new Uint8Array(end + 1);
    const from = new Uint32Array(end + 1);
    const length = unescaped(held, 0, end, said, from, 0);
    if (length < 0) return -1;
    from[length] = end;
    const before = said.slice(0, length);
    this.#scanner.scan(said, 0, length, Hint.none);
    const keep = isLast ? length : escapeStart(held, from, this.#keepFrom(before, said, length));
    const out = Buffer.allocUnsafe(held.length);
    let to = 0;
    for (let i = 0; i < keep; i += 1) {
      if (said[i] !== before[i]) out[to++] = said[i]!;
      else for (let at = from[i]!; at < from[i + 1]!; at += 1) out[to++] = held[at]!;
    }
    // What was masked is not looked at again; the rest is as it came.
    this.#held = Buffer.from(held.subarray(from[keep]!));
    return mend(out.subarray(0, to));
  }

  /** Where to begin again: not within a value that ends before, and not behind the beginning of one that may go on. */
  #keepFrom(before: Uint8Array, said: Uint8Array, length: number): number {
    let keep = Math.max(0, length - AGAIN);
    while (keep < length && isMasked(before, said, keep, length)) keep += 1;
    if (keep === length) this.#isHidden = true;
    return keep;
  }
}

/** Whether a byte is of a masked value, in which line ends stay. */
function isMasked(before: Uint8Array, said: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && (before[at] === LF || before[at] === CR)) at += 1;
  return at < to ? said[at] !== before[at] : at > from && from > 0 && said[from - 1] !== before[from - 1];
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = Buffer.alloc(0);

/** Before an escape that was left whole and that `keep` would cut; its bytes stand one by one. */
function escapeStart(held: Buffer, from: Uint32Array, keep: number): number {
  for (let back = 1; back < 6 && keep - back >= 0; back += 1) {
    const at = from[keep - back]!;
    if (held[at] !== BACKSLASH || at !== from[keep]! - back) continue;
    return escapeLength(held, at, held.length) === 6 ? keep - back : keep;
  }
  return keep;
}

/** Where the last escape ends that is whole. */
function wholeEscapes(text: Buffer): number {
  const near = Math.max(0, text.length - 5);
  for (let at = near; at < text.length; at += 1) {
    if (text[at] !== BACKSLASH) continue;
    let slashes = 0;
    while (at - 1 - slashes >= 0 && text[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0 && escapeLength(text, at, text.length) === 0) return at;
  }
  return text.length;
}

/** A part of an escape that was masked leaves none. */
function mend(text: Buffer): Buffer {
  for (let at = 0; at < text.length; ) {
    if (text[at] !== BACKSLASH) at += 1;
    else {
      const length = escapeLength(text, at, text.length);
      if (length === 0) text[at++] = STAR;
      else at += length;
    }
  }
  return text;
}

import type { Automaton } from "./automaton.ts";
import { bareCard, isCard } from "./card.ts";
import { DIGIT, runEnd, runStart } from "./characters.ts";
import { type Anchor, type Found, Hint } from "./found.ts";
import { DETECTOR_NAMES, type DetectorName, type Detectors } from "./modes.ts";
import { DIGITS, searchFor } from "./search.ts";
import { namedSecret, UNNAMED_LEAST, unnamedSecret } from "./secret.ts";
import { bareSsn, isSsn } from "./ssn.ts";

/** How many values of one kind were found. */
export interface Count {
  masked: number;
  reported: number;
}

/** Texts longer than this are looked at in windows of it, each `STRIDE` further on. Bytes. */
export const WINDOW = 32 * 1024;
export const STRIDE = 24 * 1024;
/** What stays of the text before a window, for detectors that look back. */
export const CONTEXT = 256;
/** Bytes behind the start of a value at which its anchor may stand; more than an address's first part. */
const BEHIND = 80;
/** Shorter texts have nothing that is looked for. */
const SHORTEST = 6;

const INDEX = Object.fromEntries(DETECTOR_NAMES.map((name, index) => [name, index])) as Record<
  DetectorName,
  number
>;

/**
 * Looks for what detectors know in texts, overwrites in place what is to be masked, and counts. A text keeps its
 * length and its line ends: `*` stands for each other byte, a digit where a number must stay a number.
 *
 * Takes linear time whatever the bytes are: one pass finds anchors, and what is read around one is bounded, or is
 * passed over as found.
 */
export class Scanner {
  #modes: Detectors;
  readonly #anchors: readonly Anchor[];
  readonly #machine: Automaton;
  readonly #counts = new Map<DetectorName, Count>();
  /** By detector: the end of what it found last and left as it is, which it does not find again. */
  readonly #passed = new Uint32Array(DETECTOR_NAMES.length);
  #hasPassed = false;
  #state = 0;
  /** Of a value that reached the end of the last window: the bytes that still belong to it. */
  #more: Uint8Array | null = null;
  /** Whether the text goes on after what is seen of it. */
  #goesOn = false;
  #tentative = false;
  /** Where the last value ends that `part` has masked. */
  #maskedTo = 0;

  constructor(modes: Detectors) {
    this.#modes = modes;
    const search = searchFor(DETECTOR_NAMES.filter((name) => modes[name] !== "off"));
    this.#anchors = search.anchors;
    this.#machine = search.machine;
  }

  /** From here on what is found is masked or counted as these say; the same detectors are on. */
  use(modes: Detectors): void {
    this.#modes = modes;
  }

  /** What was found since the last call, or null. */
  take(): Partial<Record<DetectorName, Count>> | null {
    if (this.#counts.size === 0) return null;
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }

  /** A whole text, `text[from, to)`. `hint`: flags of `Hint`. */
  scan(text: Uint8Array, from: number, to: number, hint: number): void {
    if (to - from < SHORTEST) return;
    let begin = from;
    for (; to - begin > WINDOW; begin += STRIDE) {
      this.window(text, Math.max(from, begin - CONTEXT), begin, begin + WINDOW, false, hint);
    }
    this.window(text, Math.max(from, begin - CONTEXT), begin, to, true, hint);
  }

  /** A number that has no text; true when it is to be overwritten. */
  number(digits: string, hint: number): boolean {
    if (this.#modes.card !== "off" && isCard(digits)) return this.#counted("card", true);
    if (this.#modes.ssn === "off" || (hint & Hint.ssn) === 0 || !isSsn(digits)) return false;
    return this.#counted("ssn", true);
  }

  /**
   * The part `text[begin, to)` of a longer text, of which `text[from, begin)` was looked at before. Unless it is the
   * `last`, it has `WINDOW` bytes, and what begins in its last `WINDOW - STRIDE` is left to the next.
   */
  window(text: Uint8Array, from: number, begin: number, to: number, last: boolean, hint: number): void {
    const end = last ? to : begin + STRIDE;
    this.#goesOn = !last;
    if (this.#hasPassed) this.#passed.fill(0);
    this.#hasPassed = false;
    if (this.#more !== null && from < begin) this.#goOn(text, Math.min(to, begin + WINDOW - STRIDE), to);
    if (from === begin && last) {
      this.#more = null;
      if ((hint & Hint.secret) !== 0) this.#named(text, from, to);
    }
    this.#search(text, from, begin, end, to, hint);
    if (this.#modes.secret !== "off" && to - begin >= UNNAMED_LEAST) this.#blobs(text, from, begin, end, to);
    if (last) this.#more = null;
  }

  /**
   * What begins in the part `text[begin, end)` of a stream, of which `text[from, begin)` was looked at before and
   * `text[end, to)` follows; the rest has yet to come. Answers where the last value ends that was masked, or `begin`.
   * `tentative`: what isn't masked is not counted either, since it will be looked at again.
   */
  part(text: Uint8Array, from: number, begin: number, end: number, to: number, tentative: boolean): number {
    let at = begin;
    if (this.#more !== null) {
      at = runEnd(text, begin, to, this.#more);
      mask(text, begin, at, STAR);
      if (at < to) this.#more = null;
    }
    this.#maskedTo = at;
    this.#goesOn = true;
    this.#tentative = tentative;
    if (end > at) this.#search(text, from, at, end, to, Hint.none);
    this.#tentative = false;
    if (end > at && !tentative && this.#modes.secret !== "off") {
      // What only looks like a secret may have one in it, whose name stands in the next part.
      const passed = this.#passed[INDEX.secret]!;
      this.#blobs(text, from, at, end, to);
      this.#passed[INDEX.secret] = passed;
    }
    return this.#maskedTo;
  }

  /** The text that `part` is given begins so many bytes further on than before. */
  slide(by: number): void {
    for (const [index, end] of this.#passed.entries()) this.#passed[index] = Math.max(0, end - by);
  }

  /** The stream has ended; another begins. */
  restart(): void {
    this.#more = null;
    this.#passed.fill(0);
    this.#hasPassed = false;
  }

  #search(text: Uint8Array, from: number, begin: number, end: number, to: number, hint: number): void {
    const machine = this.#machine;
    // Zero bytes just before may be the beginning of a length: such a run is looked at again.
    let least = from;
    let state = 0;
    const stop = Math.min(to, end + BEHIND);
    for (let at = Math.max(from, begin - 4); at < stop; ) {
      const ended = this.#next(text, at, stop, state);
      if (ended === 0) return;
      at = ended;
      state = this.#state;
      const past = this.#hit(machine.found(state), text, at, least, begin, end, to, hint);
      if (past > 0) {
        if (text[at - 1] === 0) least = past;
        at = past;
        state = 0;
      }
    }
  }

  /** Where the next pattern ends, or 0. Looks at four bytes in a turn, which takes two thirds of the time. */
  #next(text: Uint8Array, from: number, to: number, before: number): number {
    const { classes, next, hits } = this.#machine;
    let state = before;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      const one = next[state + classes[text[at]!]!]!;
      const two = next[one + classes[text[at + 1]!]!]!;
      const three = next[two + classes[text[at + 2]!]!]!;
      const four = next[three + classes[text[at + 3]!]!]!;
      if (one >= hits || two >= hits || three >= hits || four >= hits) break;
      state = four;
    }
    for (; at < to; at += 1) {
      state = next[state + classes[text[at]!]!]!;
      if (state >= hits) {
        this.#state = state;
        return at + 1;
      }
    }
    return 0;
  }

  /** What these patterns, which end before `text[at]`, tell; where to go on from, or 0 to go on as if nothing was. */
  #hit(
    patterns: readonly number[],
    text: Uint8Array,
    at: number,
    from: number,
    begin: number,
    end: number,
    to: number,
    hint: number,
  ): number {
    for (let i = 0; i < patterns.length; i += 1) {
      const anchor = this.#anchors[patterns[i]!];
      if (anchor === undefined) {
        return text[at - 1] === 0
          ? lengthEnd(text, at - 1, from, to)
          : this.#digits(text, at, from, begin, end, to, hint);
      }
      const start = at - anchor.steps.length;
      if (start < from || start < this.#passed[INDEX[anchor.detector]]!) continue;
      const value = anchor.find(text, start, at, from, to, hint);
      if (value === null) continue;
      const past = this.#found(anchor.detector, value, start, text, from, begin, end, to, hint);
      if (past > 0) return past;
    }
    return 0;
  }

  /** The run of digits of which a part ends before `text[at]`: it is one number or none. Where it ends. */
  #digits(
    text: Uint8Array,
    at: number,
    from: number,
    begin: number,
    end: number,
    to: number,
    hint: number,
  ): number {
    const last = runEnd(text, at, to, DIGIT);
    const length = last - at + DIGITS.length;
    const start = at - DIGITS.length;
    if (start < from || (start > from && DIGIT[text[start - 1]!] === 1)) return last;
    if (length === 9 && this.#wanted("ssn", start)) {
      const value = bareSsn(text, start, last, from, to, hint);
      if (value !== null) this.#found("ssn", value, start, text, from, begin, end, to, hint);
    } else if (length >= 13 && length <= 19 && this.#wanted("card", start)) {
      const value = bareCard(text, start, last, from, to, hint);
      if (value !== null) this.#found("card", value, start, text, from, begin, end, to, hint);
    }
    return last;
  }

  #wanted(detector: DetectorName, start: number): boolean {
    return this.#modes[detector] !== "off" && start >= this.#passed[INDEX[detector]]!;
  }

  #named(text: Uint8Array, from: number, to: number): void {
    if (this.#modes.secret === "off") return;
    const value = namedSecret(text, from, to);
    if (value !== null) this.#found("secret", value, from, text, from, from, to, to, Hint.none);
  }

  #blobs(text: Uint8Array, from: number, begin: number, end: number, to: number): void {
    for (let at = begin; at < end; ) {
      const value = unnamedSecret(text, at, Math.max(from, at - UNNAMED_LEAST), to);
      if (value === null) return;
      this.#found("secret", value, value.start, text, from, begin, end, to, Hint.none);
      at = value.end;
    }
  }

  /** Counts a value, and masks it if that is asked for; the end of what was masked, or 0. */
  #found(
    detector: DetectorName,
    value: Found,
    anchor: number,
    text: Uint8Array,
    from: number,
    begin: number,
    end: number,
    to: number,
    hint: number,
  ): number {
    // Another window has it. What is told by a name before it belongs where the name begins.
    const first = Math.min(anchor, value.start);
    if (first < begin || first >= end) return 0;
    const masks = value.certain && this.#modes[detector] === "mask";
    if (!masks && this.#tentative) return 0;
    if (!this.#counted(detector, value.certain)) {
      this.#passed[INDEX[detector]] = value.end;
      this.#hasPassed = true;
      return 0;
    }
    mask(text, value.start, value.end, filler(text, value, from, to, hint));
    if (value.end === to && this.#goesOn) this.#more = value.more ?? null;
    this.#maskedTo = Math.max(this.#maskedTo, value.end);
    return value.end;
  }

  /** Masks what belongs to a value that the last window had, and that went past its end. */
  #goOn(text: Uint8Array, at: number, to: number): void {
    const rest = runEnd(text, at, to, this.#more!);
    mask(text, at, rest, STAR);
    if (rest < to) this.#more = null;
  }

  /** Counts a value; true when it is to be masked. */
  #counted(detector: DetectorName, certain: boolean): boolean {
    let count = this.#counts.get(detector);
    if (count === undefined) {
      count = { masked: 0, reported: 0 };
      this.#counts.set(detector, count);
    }
    const masks = certain && this.#modes[detector] === "mask";
    if (masks) count.masked += 1;
    else count.reported += 1;
    return masks;
  }
}

const STAR = 0x2a;
const ZERO = 0x30;
const ONE = 0x31;

/**
 * What to overwrite with: a star, but 0 in a number, or in a cell that is nothing but one; and 1 for a bare number in
 * JSON or an array, where zeros at the front could not be read.
 */
function filler(text: Uint8Array, value: Found, from: number, to: number, hint: number): number {
  const { start, end } = value;
  if ((hint & Hint.number) !== 0) return ZERO;
  if (runEnd(text, start, end, DIGIT) !== end) return STAR;
  const before = start === from ? TAB : text[start - 1]!;
  const after = end === to ? TAB : text[end]!;
  if ((hint & Hint.cells) !== 0 && isCellEnd(before) && isCellEnd(after)) return ZERO;
  const opened = start > from ? runStart(text, start, Math.max(from, start - 8), SPACES) : from;
  const closed = runEnd(text, end, Math.min(to, end + 8), SPACES);
  const bare = opened > from && closed < to && OPENS[text[opened - 1]!] === 1 && CLOSES[text[closed]!] === 1;
  return bare ? ONE : STAR;
}

function isCellEnd(byte: number): boolean {
  return byte === TAB || byte === LF || byte === CR;
}

const SPACES = new Uint8Array(256).fill(1, 0x20, 0x21);
const OPENS = bytes(":,[{");
const CLOSES = bytes(",]}");
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;

function bytes(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const one of Buffer.from(characters)) set[one] = 1;
  return set;
}

function mask(text: Uint8Array, start: number, end: number, filler: number): void {
  for (let at = start; at < end; at += 1) {
    const byte = text[at]!;
    if (filler === STAR ? byte !== LF && byte !== CR : DIGIT[byte] === 1) text[at] = filler;
  }
}

/**
 * Where text may begin behind the zero byte at `at`. No text of PostgreSQL has one: it stands in a binary value, and
 * most likely begins a length of four bytes, big endian, of which the rest could look like a character.
 */
function lengthEnd(text: Uint8Array, at: number, from: number, to: number): number {
  let zeros = 1;
  while (zeros < 3 && at - zeros >= from && text[at - zeros] === 0) zeros += 1;
  let last = at + 1;
  while (last < to && text[last] === 0) {
    last += 1;
    zeros += 1;
  }
  return Math.min(to, last + Math.max(1, 4 - zeros));
}

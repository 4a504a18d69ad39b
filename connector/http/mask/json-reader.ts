import { Utf8Check } from "./utf8.ts";

/** The text is not JSON as RFC 8259 has it, or is more deeply nested or longer than is held. */
export class Malformed extends Error {
  readonly why: string;
  /** It may well be JSON, but is not looked through. */
  readonly isBound: boolean;

  constructor(why: string, isBound = false) {
    super(why);
    this.why = why;
    this.isBound = isBound;
  }
}

/**
 * Gets what a reader comes across, in order; places are indexes into its `bytes`, which may move between two writes.
 * What it throws ends the reading.
 */
export interface JsonVisitor {
  /** The next value is that of a member whose name, with its quotes, is `bytes[start, end)`. */
  name(start: number, end: number, isEscaped: boolean): void;
  /** The next value is this element of an array. */
  element(index: number): void;
  /** The next value is a document. */
  document(): void;
  /** With its quotes. */
  string(start: number, end: number, isEscaped: boolean): void;
  number(start: number, end: number): void;
  literal(text: "true" | "false" | "null", start: number, end: number): void;
  open(isObject: boolean, at: number): void;
  /** `end`: behind the bracket. */
  close(end: number): void;
  /** Whether a string is held any longer whose end has not come; it has more than `MAX_STRING` bytes. */
  isHeld(start: number, at: number): boolean;
  /** A string comes that isn't held: `start` is its quote. Then its inside in pieces, the last one with the quote behind it. */
  beginLong(start: number): void;
  piece(from: number, to: number, isLast: boolean): void;
}

/** Objects and arrays within each other. */
export const MAX_DEPTH = 500;
/** Bytes of a string, or of a member's name, that are held until its end comes. */
export const MAX_STRING = 64 * 1024;
const MAX_NUMBER = 1_100;
/** Digits of a number that needs no closer look. */
const PLAIN_DIGITS = 9;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
/** Stands between documents (RFC 7464). */
const SEPARATOR = 0x1e;
const MARK = [0xef, 0xbb, 0xbf] as const;

export const BLANK = new Uint8Array(256);
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) BLANK[byte] = 1;
/** Bytes of a string at which one must look: its end, escapes, and controls, which it can't have. */
const SPECIAL = new Uint8Array(256).fill(1, 0, 0x20);
SPECIAL[QUOTE] = 1;
SPECIAL[BACKSLASH] = 1;
/** Bytes of numbers and literals. */
const WORD = new Uint8Array(256);
for (const byte of Buffer.from("0123456789+-.eEtruefalsn")) WORD[byte] = 1;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** What may come next. */
const Next = {
  document: 0,
  value: 1,
  /** The first member or element, or the end of what was opened. */
  memberOrEnd: 2,
  valueOrEnd: 3,
  member: 4,
  colon: 5,
  commaOrEnd: 6,
  /** Within a string that isn't held. */
  long: 7,
} as const;

/** Takes JSON apart as it comes, one document or several, cut anywhere. Strings, numbers and names come whole. */
export class JsonReader {
  readonly #visitor: JsonVisitor;
  /** What came, from `sent` on; `base` is the place of its first byte in all that came. */
  bytes: Buffer = Buffer.alloc(0);
  base = 0;
  /** The first byte that may not go yet. */
  sent = 0;
  end = 0;
  #at = 0;
  /** Whether there is room behind `end` that is the reader's own. */
  #isOwn = false;
  #next: number = Next.document;
  readonly #open: { isObject: boolean; count: number }[] = [];
  /** The beginning of a member whose value hasn't come, or of a token whose end hasn't; -1: none. */
  #member = -1;
  #token = -1;
  #tokenIsEscaped = false;
  #isEscape = false;
  readonly #utf8 = new Utf8Check();

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor;
  }

  /** How many objects and arrays are open. */
  get depth(): number {
    return this.#open.length;
  }

  /** Up to where all has been visited. `isLoose`: names need not wait for their values. */
  visited(isLoose: boolean): number {
    if (!isLoose && this.#member >= 0) return this.#member;
    return this.#token >= 0 ? this.#token : this.#at;
  }

  /** More has come; the chunk is the reader's own from here on. */
  append(chunk: Buffer): void {
    const kept = this.end - this.sent;
    if (kept === 0) {
      this.base += this.end;
      this.bytes = chunk;
      this.end = chunk.length;
      this.#at = 0;
      this.sent = 0;
      this.#isOwn = false;
      return;
    }
    if (!this.#isOwn || this.end + chunk.length > this.bytes.length) this.#grow(kept, chunk.length);
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  #grow(kept: number, more: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(4096, 2 * (kept + more)));
    const by = this.sent;
    this.bytes.copy(bytes, 0, by, this.end);
    this.base += by;
    this.#at -= by;
    if (this.#token >= 0) this.#token -= by;
    if (this.#member >= 0) this.#member -= by;
    this.sent = 0;
    this.end = kept;
    this.bytes = bytes;
    this.#isOwn = true;
  }

  /** Visits what `append` brought. Throws Malformed. */
  read(chunk: Buffer): void {
    if (!this.#utf8.push(chunk)) throw new Malformed("it is not UTF-8");
    let at = this.#token >= 0 ? this.#goOn() : this.#at;
    while (at >= 0 && at < this.end) {
      if (BLANK[this.bytes[at]!] === 1 && this.#next !== Next.long) at += 1;
      else at = this.#step(at);
    }
    if (at >= 0) this.#at = at;
  }

  /** Nothing more comes. Throws Malformed. */
  finish(): void {
    if (this.#token >= 0 && this.bytes[this.#token] !== QUOTE && this.#open.length === 0) {
      const token = this.#token;
      this.#token = -1;
      this.#word(token, this.end);
      this.#at = this.end;
    }
    const isBetween = this.#next === Next.document && this.#token < 0;
    if (!isBetween || this.#utf8.isOpen) throw new Malformed("it ends before its time");
  }

  malformed(at: number, why: string, isBound = false): Malformed {
    this.#at = at;
    return new Malformed(why, isBound);
  }

  /** Where to go on, or -1 where the chunk ends within a token. */
  #step(at: number): number {
    const byte = this.bytes[at]!;
    switch (this.#next) {
      case Next.long:
        return this.#piece(at);
      case Next.commaOrEnd: {
        if (byte !== COMMA) return this.#close(byte, at);
        const open = this.#open.at(-1)!;
        open.count += 1;
        this.#next = open.isObject ? Next.member : Next.value;
        if (!open.isObject) this.#visitor.element(open.count);
        return at + 1;
      }
      case Next.memberOrEnd:
      case Next.member:
        if (byte === QUOTE) return this.#string(at, at + 1, false);
        if (byte === CLOSE_OBJECT && this.#next === Next.memberOrEnd) return this.#close(byte, at);
        throw this.malformed(at, "a member's name is missing");
      case Next.colon:
        if (byte !== COLON) throw this.malformed(at, "a colon is missing");
        this.#next = Next.value;
        return at + 1;
      case Next.valueOrEnd:
        if (byte === CLOSE_ARRAY) return this.#close(byte, at);
        this.#visitor.element(0);
        return this.#value(byte, at);
      case Next.document:
        if (byte === SEPARATOR) return at + 1;
        if (byte === MARK[0] && this.base + at === 0) return this.#mark(at);
        this.#visitor.document();
        return this.#value(byte, at);
      default:
        return this.#value(byte, at);
    }
  }

  #value(byte: number, at: number): number {
    if (byte === QUOTE) return this.#string(at, at + 1, false);
    if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) {
      if (WORD[byte] === 1) return this.#wordFrom(at, at);
      throw this.malformed(at, "no value begins so");
    }
    if (this.#open.length >= MAX_DEPTH) throw this.malformed(at, "it is nested too deeply", true);
    const isObject = byte === OPEN_OBJECT;
    this.#visitor.open(isObject, at);
    this.#open.push({ isObject, count: 0 });
    this.#member = -1;
    this.#next = isObject ? Next.memberOrEnd : Next.valueOrEnd;
    return at + 1;
  }

  #close(byte: number, at: number): number {
    const open = this.#open.at(-1);
    if (open === undefined || byte !== (open.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
      throw this.malformed(at, "what was opened is not closed so");
    }
    this.#open.pop();
    this.#visitor.close(at + 1);
    this.#ended();
    return at + 1;
  }

  #ended(): void {
    this.#member = -1;
    this.#next = this.#open.length === 0 ? Next.document : Next.commaOrEnd;
  }

  /** A byte order mark, which some writers put first. */
  #mark(at: number): number {
    if (this.end < at + MARK.length) {
      this.#token = at;
      this.#at = at;
      return -1;
    }
    if (MARK.some((byte, i) => this.bytes[at + i] !== byte)) throw this.malformed(at, "no value begins so");
    return at + MARK.length;
  }

  /** The rest of a token of which the beginning came before. */
  #goOn(): number {
    const token = this.#token;
    this.#token = -1;
    if (this.bytes[token] === MARK[0]) return this.#mark(token);
    if (this.bytes[token] !== QUOTE) return this.#wordFrom(token, this.#at);
    return this.#string(token, this.#at, this.#tokenIsEscaped);
  }

  #string(start: number, from: number, wasEscaped: boolean): number {
    const { bytes, end } = this;
    let isEscaped = wasEscaped;
    let at = from;
    for (;;) {
      while (at < end && SPECIAL[bytes[at]!] === 0) at += 1;
      if (at >= end) break;
      const byte = bytes[at]!;
      if (byte === QUOTE) return this.#stringEnded(start, at + 1, isEscaped);
      if (byte !== BACKSLASH) throw this.malformed(start, "a string has a control character");
      isEscaped = true;
      if (at + 1 >= end) break;
      at += 2;
    }
    if (at - start > MAX_STRING) {
      if (this.#next === Next.member || this.#next === Next.memberOrEnd) {
        throw this.malformed(start, "a name is too long", true);
      }
      if (!this.#visitor.isHeld(start, at)) return this.#beginLong(start);
    }
    this.#token = start;
    this.#tokenIsEscaped = isEscaped;
    this.#at = at;
    return -1;
  }

  #stringEnded(start: number, end: number, isEscaped: boolean): number {
    if (this.#next === Next.member || this.#next === Next.memberOrEnd) {
      this.#member = start;
      this.#next = Next.colon;
      this.#visitor.name(start, end, isEscaped);
    } else {
      this.#visitor.string(start, end, isEscaped);
      this.#ended();
    }
    return end;
  }

  #beginLong(start: number): number {
    this.#visitor.beginLong(start);
    this.#member = -1;
    this.#isEscape = false;
    this.#next = Next.long;
    return start + 1;
  }

  #piece(from: number): number {
    let at = from;
    for (; at < this.end; at += 1) {
      const byte = this.bytes[at]!;
      if (this.#isEscape) this.#isEscape = false;
      else if (SPECIAL[byte] === 0) continue;
      else if (byte === QUOTE) break;
      else if (byte === BACKSLASH) this.#isEscape = true;
      else throw this.malformed(from, "a string has a control character");
    }
    const isLast = at < this.end;
    this.#visitor.piece(from, at, isLast);
    if (!isLast) return at;
    this.#ended();
    return at + 1;
  }

  #wordFrom(start: number, from: number): number {
    const { bytes, end } = this;
    let at = from;
    while (at < end && WORD[bytes[at]!] === 1) at += 1;
    if (at - start > MAX_NUMBER) throw this.malformed(start, "a number has too many digits", true);
    if (at < end) {
      this.#word(start, at);
      return at;
    }
    this.#token = start;
    this.#at = at;
    return -1;
  }

  #word(start: number, end: number): void {
    const first = this.bytes[start]!;
    if (first === MINUS || (first >= ZERO && first <= NINE)) {
      const length = end - start;
      const isPlain =
        length <= PLAIN_DIGITS && (first !== ZERO || length === 1) && this.#hasDigitsAlone(start, end);
      if (!isPlain && !NUMBER.test(this.bytes.toString("latin1", start, end))) {
        throw this.malformed(start, "a number is none");
      }
      this.#visitor.number(start, end);
    } else {
      const text = this.bytes.toString("latin1", start, end);
      if (text !== "true" && text !== "false" && text !== "null") {
        throw this.malformed(start, "no value is written so");
      }
      this.#visitor.literal(text, start, end);
    }
    this.#ended();
  }

  #hasDigitsAlone(start: number, end: number): boolean {
    for (let at = start; at < end; at += 1) {
      if (this.bytes[at]! < ZERO || this.bytes[at]! > NINE) return false;
    }
    return true;
  }
}

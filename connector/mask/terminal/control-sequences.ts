/** Where what a terminal would show goes; the bytes of the control sequences themselves go nowhere. */
export interface Shown {
  /** Characters, `bytes[start, end)`, with tabs and line ends among them. */
  text(bytes: Uint8Array, start: number, end: number): void;
  /** The cursor goes on without writing, or to another place: what follows stands apart. */
  gap(byte: typeof SPACE | typeof LF): void;
  /** The cursor goes back so many places, and overwrites what stands there. */
  back(places: number): void;
  /** The last so many bytes of text were none. */
  drop(bytes: number): void;
  /** A string within a sequence (a title, a link) begins, or ends; its text is its own. */
  string(begins: boolean): void;
  /** A program takes the whole screen for itself, or gives it back. */
  alternate(begins: boolean): void;
}

type State = "ground" | "escape" | "intermediate" | "csi" | "string" | "string-escape";

const BEL = 0x07;
const BS = 0x08;
const TAB = 0x09;
export const LF = 0x0a;
const CR = 0x0d;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
export const SPACE = 0x20;
const DEL = 0x7f;
/** Leads a C1 control that is encoded in UTF-8. */
const C1_LEAD = 0xc2;
const ST = 0x9c;

/** Parameters of one sequence; with more it is none, and the rest is text. */
const LONGEST = 256;
/** Places that a cursor goes back at most, as on the widest of screens. */
const WIDEST = 10_000;
/** A zero byte behind fewer characters than this belongs to them, as in UTF-16; else it separates texts. */
const WIDE = 4;

/** Bytes that are text wherever one is; those from 0x80 on are looked at apart. */
const PLAIN = new Uint8Array(256)
  .fill(1, SPACE, DEL)
  .fill(1, TAB, LF + 1)
  .fill(1, CR, CR + 1);
const PLAIN_8BIT = Uint8Array.from(PLAIN).fill(1, 0x80);

/** By their final byte, sequences after which text stands elsewhere: cursor up, down, to a column, to a place. */
const MOVES = new Set([..."ABEFGHIZ`defku"].map((final) => final.charCodeAt(0)));
/** Private modes of xterm's with which programs take a screen of their own. */
const ALTERNATE = new Set([47, 1047, 1049]);
/** ESC and one of these begins a string: DCS, OSC, SOS, PM, APC, and the title of screen and tmux. */
const STRINGS = new Set([..."P]X^_k"].map((one) => one.charCodeAt(0)));
/** ESC and one of these: index, next line, reverse index. */
const LINES = new Set([..."DEM"].map((one) => one.charCodeAt(0)));

/**
 * Tells text from control sequences (ECMA-48), however they are cut. Those that only change how text looks separate
 * nothing; a move to the right is a space, any other move a new line, backspaces take back what they go over.
 * `terminal`: bytes 0x80 to 0x9f that are no part of a character in UTF-8 are controls, and so is the space and carriage
 * return with which a shell goes on in the next line of the screen.
 */
export class ControlSequences {
  readonly #shown: Shown;
  readonly #terminal: boolean;
  readonly #plain: Uint8Array;
  #state: State = "ground";
  #isOsc = false;
  /** Bytes of the sequence so far; its last parameter. */
  #length = 0;
  #parameter = 0;
  #isPrivate = false;
  #isAlternate = false;
  /** Bytes of a character in UTF-8 that have yet to come. */
  #rest = 0;
  #led = false;
  /** Characters since the last zero byte or space. */
  #word = 0;
  /** The next carriage return of these bytes. */
  #cr = -1;

  constructor(shown: Shown, terminal: boolean) {
    this.#shown = shown;
    this.#terminal = terminal;
    this.#plain = terminal ? PLAIN : PLAIN_8BIT;
  }

  push(bytes: Uint8Array): void {
    this.#cr = -1;
    for (let at = 0; at < bytes.length; ) {
      at =
        this.#state === "ground" || this.#state === "string"
          ? this.#text(bytes, at)
          : this.#sequence(bytes, at);
    }
  }

  /** Text as far as it goes, and the control behind it. */
  #text(bytes: Uint8Array, from: number): number {
    const plain = this.#plain;
    let at = from;
    while (at < bytes.length && plain[bytes[at]!] === 1) at += 1;
    if (at > from) {
      this.#rest = 0;
      this.#led = false;
      this.#plainText(bytes, from, at);
      return at;
    }
    const byte = bytes[at]!;
    if (byte >= 0x80) this.#high(bytes, at);
    else this.#control(bytes, at);
    return at + 1;
  }

  #plainText(bytes: Uint8Array, from: number, to: number): void {
    let start = from;
    if (this.#terminal && this.#state === "ground") {
      // Of a shell's: a space to reach the screen's next line, and back to its beginning.
      for (let cr = this.#crFrom(bytes, from); cr < to; cr = this.#crFrom(bytes, cr + 1)) {
        const wraps = cr > start && bytes[cr - 1] === SPACE && cr + 1 < to && PRINTS[bytes[cr + 1]!] === 1;
        if (!wraps) continue;
        if (cr - 1 > start) this.#shown.text(bytes, start, cr - 1);
        start = cr + 1;
      }
    }
    this.#shown.text(bytes, start, to);
    let word = to;
    while (word > from && to - word < WIDE && bytes[word - 1]! > SPACE) word -= 1;
    this.#word = word > from ? (bytes[word - 1]! > SPACE ? WIDE : to - word) : this.#word + to - from;
  }

  /** The next carriage return; what was looked through once isn't again. */
  #crFrom(bytes: Uint8Array, from: number): number {
    if (this.#cr < from) {
      const at = bytes.indexOf(CR, from);
      this.#cr = at < 0 ? bytes.length : at;
    }
    return this.#cr;
  }

  #control(bytes: Uint8Array, at: number): void {
    const byte = bytes[at]!;
    const inString = this.#state === "string";
    if (byte === ESC) this.#state = inString ? "string-escape" : "escape";
    else if (inString && ((byte === BEL && this.#isOsc) || byte === CAN || byte === SUB)) this.#endString();
    else if (byte === BS && !inString) this.#shown.back(1);
    else if (byte === 0) {
      if (this.#word >= WIDE) this.#shown.gap(LF);
      this.#word = 0;
    }
  }

  /** A byte from 0x80 on, of a terminal's. */
  #high(bytes: Uint8Array, at: number): void {
    const byte = bytes[at]!;
    if (this.#rest > 0 && byte < 0xc0) {
      this.#rest -= 1;
      if (!this.#led || byte >= 0xa0) {
        this.#shown.text(bytes, at, at + 1);
        return;
      }
      // The byte before was the first half of the control.
      this.#shown.drop(1);
    } else if (byte >= 0xa0) {
      this.#led = byte === C1_LEAD;
      this.#rest = byte < C1_LEAD ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0;
      this.#shown.text(bytes, at, at + 1);
      return;
    }
    this.#led = false;
    if (this.#state === "ground") this.#escaped(byte - 0x40);
    else if (byte === ST) this.#endString();
  }

  #sequence(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!;
    if (this.#state === "string-escape") {
      this.#endString();
      if (byte === 0x5c) return at + 1;
      this.#state = "escape";
    }
    this.#length += 1;
    // Controls work within sequences too.
    if (byte < SPACE) {
      if (byte === CAN || byte === SUB) this.#state = "ground";
      else if (byte === ESC) this.#begin("escape");
      else if (byte === BS) this.#shown.back(1);
      else if (byte === LF || byte === CR) this.#shown.gap(LF);
      return at + 1;
    }
    if (byte >= 0x80 || this.#length > LONGEST) {
      this.#state = "ground";
      return at;
    }
    if (byte === DEL) return at + 1;
    if (this.#state === "csi") this.#csi(byte);
    else if (byte < 0x30) this.#state = "intermediate";
    else if (this.#state === "escape") this.#escaped(byte);
    else this.#state = "ground";
    return at + 1;
  }

  /** ESC and this byte, or the control in one byte that means the same. */
  #escaped(byte: number): void {
    this.#begin("ground");
    if (byte === 0x5b) this.#begin("csi");
    else if (STRINGS.has(byte)) {
      this.#begin("string");
      this.#isOsc = byte === 0x5d;
      this.#shown.string(true);
    } else if (LINES.has(byte)) this.#shown.gap(LF);
  }

  #csi(byte: number): void {
    if (byte < 0x40) {
      if (byte >= 0x30 && byte <= 0x39)
        this.#parameter = Math.min(WIDEST, this.#parameter * 10 + byte - 0x30);
      else this.#separated(byte);
      return;
    }
    this.#state = "ground";
    this.#separated(byte);
    if (this.#isAlternate && (byte === 0x68 || byte === 0x6c)) this.#shown.alternate(byte === 0x68);
    if (this.#isPrivate) return;
    if (byte === 0x43 || byte === 0x61) this.#shown.gap(SPACE);
    else if (byte === 0x44) this.#shown.back(Math.max(1, this.#parameter));
    else if (MOVES.has(byte)) this.#shown.gap(LF);
  }

  /** What stands between parameters, or before or behind them. */
  #separated(byte: number): void {
    if (byte === 0x3f && this.#length === 1) this.#isPrivate = true;
    if (this.#isPrivate && ALTERNATE.has(this.#parameter)) this.#isAlternate = true;
    if (byte < 0x40) this.#parameter = 0;
  }

  #begin(state: State): void {
    this.#state = state;
    this.#length = 0;
    this.#parameter = 0;
    this.#isPrivate = false;
    this.#isAlternate = false;
  }

  #endString(): void {
    this.#begin("ground");
    this.#shown.string(false);
  }
}

/** What shows on a screen. */
const PRINTS = new Uint8Array(256).fill(1, 0x21, DEL).fill(1, 0x80);

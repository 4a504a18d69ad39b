import type { Timers } from "../../guard/timers.ts";
import { ControlSequences, LF, SPACE } from "./control-sequences.ts";
import { KeyReader, type Keys } from "./keys.ts";
import { LastLine } from "./prompt.ts";
import type { TypedInputOptions } from "./typed-input.ts";

/** How long after the last key an echo is waited for, ms. */
export const DECIDE_MS = 5_000;
/** Bytes typed that may wait; with more the first ones are withheld. */
export const MOST_UNDECIDED = 4 * 1024;
/** Characters shown that are kept to find what was typed. */
const MOST_SHOWN = 4 * 1024;
/** Fewer characters may stand in any output by chance. */
const TELLING = 4;

/** What was typed, in order, until it is known whether it was shown. */
interface Waiting {
  kind: Keys["kind"];
  /** As Latin-1, which has a character for each byte. */
  text: string;
  /** The process has answered, and not with this. */
  isPast: boolean;
  /** A prompt for a secret stands before it. */
  isAsked: boolean;
}

/**
 * Tells what somebody typed at a terminal apart by its echo. Characters that the terminal shows again, in their order
 * and next to each other, were no secret: whoever reads the output knows them. Keys that write nothing are told as
 * they are, in their place. In a program that has the whole screen, keys are commands: there any answer tells, unless
 * Enter was pressed before it came, or a prompt for a secret stands before the cursor.
 *
 * Characters are withheld when what was typed after them is shown before them, when the process answers to Enter while
 * it asks for a secret, or when nothing has told for `DECIDE_MS`.
 */
export class Echo {
  readonly #timers: Timers;
  readonly #record: TypedInputOptions["record"];
  readonly #keys = new KeyReader();
  readonly #sequences: ControlSequences;
  readonly #line = new LastLine(true);
  #waiting: Waiting[] = [];
  #undecided = 0;
  /** Shown since the first that waits was typed. */
  #shown = "";
  #isAlternate = false;
  #inString = false;
  #stopTimer: (() => void) | null = null;
  /** What is told next, in one record. */
  #told: { kind: "input" | "withheld"; parts: string[] } | null = null;

  constructor(timers: Timers, record: TypedInputOptions["record"]) {
    this.#timers = timers;
    this.#record = record;
    this.#sequences = new ControlSequences(
      {
        text: (bytes, start, end) => this.#text(bytes, start, end),
        gap: (byte) => this.#gap(byte),
        back: (places) => this.#back(places),
        drop: (bytes) => this.#drop(bytes),
        string: (begins) => {
          this.#inString = begins;
        },
        alternate: (begins) => {
          this.#isAlternate = begins;
        },
      },
      true,
    );
  }

  typed(chunk: Uint8Array): void {
    for (const { kind, bytes } of this.#keys.read(chunk)) {
      const text = Buffer.from(bytes).toString("latin1");
      if (this.#waiting.length === 0) this.#shown = "";
      const last = this.#waiting.at(-1);
      const isAsked = this.#line.asksForSecret || (last?.isAsked === true && last.kind !== "enter");
      if (last?.kind === kind && kind !== "enter" && !last.isPast) last.text += text;
      else this.#waiting.push({ kind, text, isPast: false, isAsked });
      this.#undecided += text.length;
    }
    this.#settle();
    while (this.#undecided > MOST_UNDECIDED) this.#giveUndecided();
    this.#tell();
    this.#time();
  }

  shown(chunk: Uint8Array): void {
    const wasAlternate = this.#isAlternate;
    this.#sequences.push(chunk);
    if (this.#waiting.length === 0) return;
    if (this.#line.asksForSecret) this.#asked();
    this.#settle();
    const isCommand = this.#waiting.every(({ kind, isAsked }) => kind !== "enter" && !isAsked);
    if ((wasAlternate || this.#isAlternate) && isCommand) {
      while (this.#waiting.length > 0) this.#give("input");
    }
    if (OTHER.test(this.#shown)) for (const one of this.#waiting) one.isPast = true;
    this.#tell();
    if (this.#waiting.length === 0) this.#time();
  }

  /** Nothing is shown any more. */
  end(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    while (this.#waiting.length > 0) this.#giveUndecided();
    this.#tell();
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    if (this.#inString) return;
    let from = start;
    if (this.#waiting.length > 0) {
      from = Math.max(start, end - MOST_SHOWN);
      for (let line = bytes.indexOf(LF, from); line >= 0 && line < end; line = bytes.indexOf(LF, line + 1)) {
        const end = line > from && bytes[line - 1] === CR ? line - 1 : line;
        this.#part(bytes, from, end);
        if (this.#line.asksForSecret) this.#asked();
        from = end;
      }
    }
    this.#part(bytes, from, end);
  }

  #part(bytes: Uint8Array, start: number, end: number): void {
    this.#line.text(bytes, start, end);
    if (this.#waiting.length === 0) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
    this.#shown = (this.#shown + text).slice(-MOST_SHOWN);
  }

  #gap(byte: number): void {
    if (this.#waiting.length > 0)
      this.#shown = (this.#shown + (byte === SPACE ? " " : "\n")).slice(-MOST_SHOWN);
    this.#line.gap(byte);
  }

  #back(places: number): void {
    // What was shown and taken back was shown.
    this.#settle();
    this.#drop(places);
    this.#line.back(places);
  }

  #drop(bytes: number): void {
    this.#shown = this.#shown.slice(0, Math.max(0, this.#shown.length - bytes));
  }

  /** The present line asks for a secret: no word of the prompt is an echo. */
  #asked(): void {
    this.#shown = this.#shown.slice(0, this.#shown.lastIndexOf("\n") + 1);
    this.#settle();
    for (const one of this.#waiting) one.isAsked = true;
    this.#shown = "";
  }

  /** Tells what is known by now. */
  #settle(): void {
    while (this.#waiting.length > 0) {
      const head = this.#waiting[0]!;
      if (head.kind !== "characters") {
        this.#give("input");
        continue;
      }
      this.#join();
      const end = this.#echoEnd(0);
      if (end > 0) {
        this.#shown = this.#shown.slice(end);
        this.#give("input");
      } else if (this.#shown !== "" && head.text.startsWith(this.#shown)) {
        // The echo comes in pieces, and nothing else.
        const rest = { ...head, text: head.text.slice(this.#shown.length) };
        head.text = this.#shown;
        this.#shown = "";
        this.#give("input");
        if (rest.text !== "") this.#waiting.unshift(rest);
      } else if (head.isAsked && this.#isEntered(0) && this.#shown.includes("\n")) this.#give("withheld");
      else if (!this.#isOvertaken()) return;
    }
  }

  /** What was typed before and after some other output may be shown together, as behind a shell's new prompt. */
  #join(): void {
    const [head, next] = this.#waiting;
    if (!head!.isPast || head!.isAsked || next?.kind !== "characters") return;
    const joined = head!.text + next.text;
    if (!this.#shown.includes(joined)) return;
    next.text = joined;
    this.#waiting.shift();
  }

  /** Where in what was shown the echo of a unit of characters ends, or 0. */
  #echoEnd(index: number): number {
    const { text, isAsked } = this.#waiting[index]!;
    const shown = isAsked ? this.#shown.split(LINE_END, 1)[0]! : this.#shown;
    if (text.length >= TELLING) {
      const at = shown.indexOf(text);
      return at < 0 ? 0 : at + text.length;
    }
    if (isAsked) return shown === text ? text.length : 0;
    if (!this.#isEntered(index)) return shown.endsWith(text) ? shown.length : 0;
    for (let at = shown.indexOf(text); at >= 0; at = shown.indexOf(text, at + 1)) {
      const end = at + text.length;
      if (shown[end] === "\r" || shown[end] === "\n") return end;
    }
    return 0;
  }

  /** What was typed later is shown already: the first was not. */
  #isOvertaken(): boolean {
    const [head] = this.#waiting;
    if (!head!.isPast && !this.#isEntered(0)) return false;
    for (let index = 1; index < Math.min(this.#waiting.length, LOOKED_AHEAD); index += 1) {
      if (this.#waiting[index]!.kind !== "characters" || this.#echoEnd(index) === 0) continue;
      for (let given = 0; given < index; given += 1) this.#giveUndecided();
      return true;
    }
    return false;
  }

  #isEntered(index: number): boolean {
    return this.#waiting[index + 1]?.kind === "enter";
  }

  #giveUndecided(): void {
    this.#give(this.#waiting[0]!.kind === "characters" ? "withheld" : "input");
  }

  #give(kind: "input" | "withheld"): void {
    const { text } = this.#waiting.shift()!;
    this.#undecided -= text.length;
    if (this.#told?.kind !== kind) {
      this.#tell();
      this.#told = { kind, parts: [] };
    }
    this.#told.parts.push(text);
  }

  #tell(): void {
    if (this.#told === null) return;
    const { kind, parts } = this.#told;
    this.#told = null;
    const bytes = Buffer.from(parts.join(""), "latin1");
    this.#record(kind, kind === "input" ? bytes : count(bytes.length));
  }

  /** The last key was pressed just now, or nothing waits any more. */
  #time(): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#waiting.length === 0 ? null : this.#timers.after(DECIDE_MS, () => this.end());
  }
}

/** The bytes of a record `withheld`. */
export function count(bytes: number): Uint8Array {
  const u32 = Buffer.alloc(4);
  u32.writeUInt32BE(bytes);
  return u32;
}

/** What shows of an echo that hides what is typed is none of it. */
const OTHER = /[\x21-\x29\x2b-\x7e]/;
const CR = 0x0d;
const LINE_END = /[\r\n]/;
/** Units that wait behind the first, and are compared with what is shown. */
const LOOKED_AHEAD = 16;

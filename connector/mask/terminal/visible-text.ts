import type { Detectors } from "../detectors/modes.ts";
import { FAR, OpenValues } from "../detectors/open.ts";
import { CONTEXT, Scanner } from "../detectors/scanner.ts";

/** Bytes of the stream that have not gone on; positions count from the stream's beginning. */
export interface Unsent {
  bytes: Uint8Array;
  /** Where `bytes` begins in the stream. */
  at: number;
  /** The first position that has not gone on. */
  sent: number;
}

/** Bytes that are appended between two looks, at most. */
export const MOST_APPENDED = 16 * 1024;
const ROOM = CONTEXT + 2 * FAR + 2 * MOST_APPENDED;
const STAR = 0x2a;
const LF = 0x0a;
const CR = 0x0d;

/** What a stream shows, without its control sequences: where each character came from, and what of it is masked. */
export class VisibleText {
  readonly #scanner: Scanner;
  readonly #open: OpenValues;
  readonly #text = new Uint8Array(ROOM);
  #to = 0;
  /** All before was looked at. */
  #begin = 0;
  /** Runs of text that lie in the stream as they do here: where in the text, where in the stream, how long. */
  #runs: { text: number; stream: number; length: number }[] = [];
  /** Characters that were overwritten on the screen: where in the stream, and by which of the text. */
  #overwritten: { stream: number; text: number }[] = [];

  constructor(detectors: Detectors) {
    this.#scanner = new Scanner(detectors);
    this.#open = new OpenValues(detectors);
  }

  /** The same detectors are on. */
  use(detectors: Detectors): void {
    this.#scanner.use(detectors);
    this.#open.use(detectors);
  }

  take(): ReturnType<Scanner["take"]> {
    return this.#scanner.take();
  }

  /** `stream`: the position of `bytes[start]`. */
  append(bytes: Uint8Array, start: number, end: number, stream: number): void {
    const length = end - start;
    const text = this.#text;
    // For a few bytes, making a view takes longer than they do.
    if (length > 48) text.set(bytes.subarray(start, end), this.#to);
    else for (let at = 0; at < length; at += 1) text[this.#to + at] = bytes[start + at]!;
    const last = this.#runs.at(-1);
    const joins =
      last !== undefined && last.stream + last.length === stream && last.text + last.length === this.#to;
    if (joins) last.length += length;
    else this.#runs.push({ text: this.#to, stream, length });
    this.#to += length;
  }

  /** A byte that stands in the text alone; not twice, so that a stream without text takes no room. */
  separate(byte: number): void {
    if (this.#to > 0 && this.#text[this.#to - 1] === byte) return;
    this.#text[this.#to] = byte;
    this.#to += 1;
  }

  /** Takes back the last characters of the present line, which others will overwrite. */
  back(places: number): void {
    for (let left = places; left > 0 && this.#to > this.#begin; left -= 1) {
      const last = this.#text[this.#to - 1];
      if (last === LF || last === CR) return;
      const stream = this.#takeBack();
      if (stream >= 0) this.#overwritten.push({ stream, text: this.#to });
    }
  }

  /** Takes back bytes that were none of the text. */
  drop(bytes: number): void {
    for (let left = bytes; left > 0 && this.#to > this.#begin; left -= 1) this.#takeBack();
  }

  /** Masks in `unsent` what is certain now. Answers the position before which all may go on. */
  look(unsent: Unsent): number {
    const { any, masked } = this.#open.in(this.#text, this.#begin, this.#to);
    this.#scan(any, unsent, false);
    // What goes on is looked at, though more may come of what stands around it.
    if (masked > this.#begin) this.#scan(masked, unsent, true);
    const position = masked >= this.#to ? Number.POSITIVE_INFINITY : this.#streamAt(masked);
    this.#trim(unsent.sent);
    return position;
  }

  /** Masks what is a value by what has come so far. Its rest is looked for all the same. */
  settle(unsent: Unsent): void {
    this.#scan(this.#to, unsent, true);
    this.#trim(unsent.sent);
  }

  /** The text is at its end. */
  finish(unsent: Unsent): void {
    this.#scan(this.#to, unsent, false);
    this.#begin = this.#to;
    this.#trim(unsent.sent);
  }

  /** Begins another text. */
  restart(): void {
    this.#to = 0;
    this.#begin = 0;
    this.#runs = [];
    this.#overwritten = [];
    this.#scanner.restart();
  }

  #scan(end: number, unsent: Unsent, tentative: boolean): void {
    const begin = this.#begin;
    const from = Math.max(0, begin - CONTEXT);
    const masked = this.#scanner.part(this.#text, from, begin, end, this.#to, tentative);
    if (masked > begin) this.#mask(begin, masked, unsent);
    this.#begin = tentative ? masked : Math.max(end, masked);
  }

  /** Writes into the stream what the scanner wrote into `text[begin, end)`. */
  #mask(begin: number, end: number, { bytes, at, sent }: Unsent): void {
    const changed = this.#overwritten.length > 0 ? new Set<number>() : null;
    for (let index = this.#runAt(begin); index < this.#runs.length; index += 1) {
      const run = this.#runs[index]!;
      if (run.text >= end) break;
      const last = Math.min(end, run.text + run.length);
      const least = Math.max(begin, run.text, run.text + sent - run.stream);
      for (let text = least; text < last; text += 1) {
        const position = run.stream + text - run.text - at;
        if (bytes[position] === this.#text[text]) continue;
        bytes[position] = this.#text[text]!;
        changed?.add(text);
      }
    }
    if (changed === null) return;
    for (const { stream, text } of this.#overwritten) {
      if (stream >= sent && changed.has(text)) bytes[stream - at] = STAR;
    }
  }

  /** The position of a character and of what it overwrote, or of the next that has one. */
  #streamAt(text: number): number {
    const run = this.#runs[this.#runAt(text)];
    const own = run === undefined ? Number.POSITIVE_INFINITY : run.stream + Math.max(0, text - run.text);
    // In the order in which they came.
    const first = this.#overwritten.find((one) => one.text >= text);
    return first === undefined ? own : Math.min(own, first.stream);
  }

  /** The first run that ends after a character. */
  #runAt(text: number): number {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { text: start, length } = this.#runs[middle]!;
      if (start + length > text) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Takes the last byte back; its position in the stream, or -1. */
  #takeBack(): number {
    this.#to -= 1;
    const run = this.#runs.at(-1);
    if (run === undefined || run.text + run.length <= this.#to) return -1;
    run.length -= 1;
    if (run.length === 0) this.#runs.pop();
    return run.stream + run.length;
  }

  /** Forgets what is not needed any more, once there is no room for what comes next. */
  #trim(sent: number): void {
    if (this.#overwritten.length > 0 && this.#overwritten[0]!.stream < sent) {
      this.#overwritten = this.#overwritten.filter(({ stream }) => stream >= sent);
    }
    const cut = this.#begin - CONTEXT;
    if (cut <= 0 || this.#to + MOST_APPENDED + CONTEXT < ROOM) return;
    this.#text.copyWithin(0, cut, this.#to);
    this.#to -= cut;
    this.#begin -= cut;
    this.#runs = this.#runs.slice(this.#runAt(cut));
    for (const run of this.#runs) {
      run.text -= cut;
      if (run.text >= 0) continue;
      run.stream -= run.text;
      run.length += run.text;
      run.text = 0;
    }
    for (const one of this.#overwritten) one.text -= cut;
    this.#scanner.slide(cut);
  }
}

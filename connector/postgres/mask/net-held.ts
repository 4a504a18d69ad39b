import { CONTEXT, type Scanner, STRIDE, WINDOW } from "../../mask/detectors/scanner.ts";

/**
 * A text that comes in pieces, held back until it may be judged: to its end, or as far as a window of the scanner is
 * past. So it holds at most a window, with what detectors look back at, and what stands between the text's pieces.
 */
export class Held {
  readonly #scanner: Scanner;
  readonly #emit: (bytes: Uint8Array) => void;
  #text = new Uint8Array(4096);
  #length = 0;
  /** What of the text has left already, and only serves as context. */
  #gone = 0;
  /** Where the next window begins. */
  #begin = 0;
  /** Bytes between two pieces of the text, and where in it they stand. */
  #gaps: { at: number; bytes: Uint8Array }[] = [];
  #hint = 0;
  #any = false;

  /** `emit`: gets what may leave; the bytes are not changed any more. */
  constructor(scanner: Scanner, emit: (bytes: Uint8Array) => void) {
    this.#scanner = scanner;
    this.#emit = emit;
  }

  get any(): boolean {
    return this.#any;
  }

  /** Bytes that belong between what was appended and what will be. */
  gap(bytes: Uint8Array): void {
    this.#gaps.push({ at: this.#length, bytes: Uint8Array.prototype.slice.call(bytes) });
  }

  /** More of the text. `hint`: of its scan; that of its first piece counts. */
  append(data: Uint8Array, from: number, to: number, hint: number): void {
    if (!this.#any) this.#hint = hint;
    this.#any = true;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + this.#begin + WINDOW + 1 - this.#length);
      this.#add(data.subarray(at, end));
      at = end;
      if (this.#length - this.#begin > WINDOW) this.#window();
    }
  }

  /** The text has ended. `scan`: for one that is held whole. */
  finish(scan: (text: Uint8Array, from: number, to: number) => void): void {
    if (this.#begin === 0) scan(this.#text, 0, this.#length);
    else {
      const from = Math.max(0, this.#begin - CONTEXT);
      this.#scanner.window(this.#text, from, this.#begin, this.#length, true, this.#hint);
    }
    this.#leave(this.#length, true);
    this.#length = 0;
    this.#gone = 0;
    this.#begin = 0;
    this.#any = false;
  }

  #add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#text.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#text.length));
      grown.set(this.#text.subarray(0, this.#length));
      this.#text = grown;
    }
    this.#text.set(bytes, this.#length);
    this.#length = length;
  }

  #window(): void {
    const begin = this.#begin;
    const from = Math.max(0, begin - CONTEXT);
    this.#scanner.window(this.#text, from, begin, begin + WINDOW, false, this.#hint);
    this.#begin += STRIDE;
    this.#leave(this.#begin, false);
    const drop = this.#begin - CONTEXT;
    this.#text.copyWithin(0, drop, this.#length);
    this.#length -= drop;
    this.#begin -= drop;
    this.#gone -= drop;
    for (const gap of this.#gaps) gap.at -= drop;
  }

  /** Emits the text up to `end`, with what stands between. */
  #leave(end: number, last: boolean): void {
    let from = this.#gone;
    const leaving = this.#gaps.filter(({ at }) => last || at < end);
    this.#gaps = this.#gaps.slice(leaving.length);
    for (const { at, bytes } of leaving) {
      this.#send(from, at);
      this.#emit(bytes);
      from = at;
    }
    this.#send(from, end);
    this.#gone = end;
  }

  #send(from: number, to: number): void {
    if (to > from) this.#emit(this.#text.slice(from, to));
  }
}

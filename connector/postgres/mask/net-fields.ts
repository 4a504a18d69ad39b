import { SallyportError } from "../../../protocol/errors.ts";

/**
 * What stands one behind the other in a message. A number: bytes that are no text. `value`: a length of four bytes and
 * so many bytes, or -1 for NULL. `cstring`: up to a zero byte. `rest`: all that is left. `count`: two bytes, how many
 * values a row of a binary COPY has, and these. `block`: a length and so many bytes that are no text.
 */
type Step = number | "value" | "cstring" | "rest" | "count" | "block";

/** Steps taken once, then those taken again and again to the end. */
export interface Shape {
  once: readonly Step[];
  again: readonly Step[];
}

/** Gets the texts: `data[start, end)`. `begins` and `ends` tell whether that is the whole of one; `column` counts from 0. */
export type Visit = (
  data: Uint8Array,
  start: number,
  end: number,
  begins: boolean,
  ends: boolean,
  column: number,
) => void;

/** Finds the texts in the body of messages that may come in pieces. Lengths are claims: nothing is taken for there. */
export class Fields {
  readonly #shape: Shape;
  #at = 0;
  /** Bytes left of the present step; -1 when it has not begun. */
  #left = -1;
  #word = 0;
  /** Bytes still to read of a length or count. */
  #wordLeft = 0;
  #values = 0;
  #column = 0;
  #begins = true;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** A piece of the body, `data[from, to)`. Of a `rest`, where it ends is told by `restEnds`. */
  walk(data: Uint8Array, from: number, to: number, restEnds: boolean, visit: Visit): void {
    let at = from;
    while (at < to) {
      const step = this.#step();
      if (step === "rest") {
        visit(data, at, to, this.#begins, restEnds, 0);
        this.#begins = restEnds;
        return;
      }
      if (step === "cstring") {
        at = this.#cstring(data, at, to, visit);
        continue;
      }
      if (this.#left < 0) {
        at = this.#open(step, data, at, to);
        if (this.#left < 0) continue;
      }
      const end = Math.min(to, at + this.#left);
      this.#left -= end - at;
      if (step === "value" && end > at) {
        visit(data, at, end, this.#begins, this.#left === 0, this.#column);
        this.#begins = false;
      }
      at = end;
      if (this.#left === 0) this.#close(step);
    }
  }

  /** At the end of a message that is a whole. Throws `protocol_violation` when a value goes past it. */
  finish(name: string): void {
    const open = this.#left > 0 || (this.#left < 0 && this.#wordLeft > 0);
    if (open) throw new SallyportError("protocol_violation", `${name} has less than it announces`);
  }

  #step(): Step {
    if (this.#values > 0) return "value";
    const { once, again } = this.#shape;
    return this.#at < once.length ? once[this.#at]! : again[(this.#at - once.length) % again.length]!;
  }

  /** Reads what tells a step's length; `#left` stays -1 while that is not all there, or when the step has nothing. */
  #open(step: Step, data: Uint8Array, from: number, to: number): number {
    if (typeof step === "number") {
      this.#left = step;
      return from;
    }
    if (this.#wordLeft === 0) this.#wordLeft = step === "count" ? 2 : 4;
    let at = from;
    for (; at < to && this.#wordLeft > 0; at += 1, this.#wordLeft -= 1) {
      this.#word = (this.#word << 8) | data[at]!;
    }
    if (this.#wordLeft > 0) return at;
    const word = this.#word;
    this.#word = 0;
    if (step === "count") {
      // -1 ends a COPY.
      this.#values = word === 0xffff ? 0 : word;
      this.#column = 0;
      if (this.#values === 0) this.#at += 1;
      return at;
    }
    if (word < -1) throw new SallyportError("protocol_violation", `a value has length ${word}`);
    this.#begins = true;
    if (word > 0) this.#left = word;
    else this.#close(step);
    return at;
  }

  #close(step: Step): void {
    this.#left = -1;
    this.#begins = true;
    if (step === "value") this.#column += 1;
    if (this.#values > 0) {
      this.#values -= 1;
      if (this.#values > 0) return;
    }
    this.#at += 1;
  }

  #cstring(data: Uint8Array, at: number, to: number, visit: Visit): number {
    const zero = data.indexOf(0, at);
    const ends = zero >= 0 && zero < to;
    const end = ends ? zero : to;
    if (end > at || !this.#begins) visit(data, at, end, this.#begins, ends, 0);
    this.#begins = ends;
    if (ends) this.#at += 1;
    return ends ? end + 1 : end;
  }
}

import { SallyportError } from "../../../protocol/errors.ts";
import { malformed, ProtobufFault } from "./wire.ts";

/** Levels of nesting, as many as are read of JSON (`readJson`). */
const MOST_LEVELS = 64;
const FIRST_BYTES = 4_096;

const CLOSING = { "{": "}", "[": "]" } as const;

/** Writes JSON of at most `most` bytes; throws `limit_exceeded` for more, and a fault for what is nested too deeply. */
export class JsonWriter {
  readonly #most: number;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #levels = 0;
  /** Something stands before, which a comma follows. */
  #isFirst = true;

  constructor(most: number) {
    this.#most = most;
  }

  /** An object or array: `members` writes what is in it. */
  container(opening: "{" | "[", members: () => void): void {
    if (++this.#levels > MOST_LEVELS) {
      throw new ProtobufFault(415, `the object is nested more than ${MOST_LEVELS} levels deep`);
    }
    this.#begin();
    this.#add(opening);
    this.#isFirst = true;
    members();
    this.#add(CLOSING[opening]);
    this.#isFirst = false;
    this.#levels--;
  }

  /** A member's name; its value is written next, and begins where the answer says. `text`: as JSON. */
  name(text: string): number {
    this.#begin();
    this.#add(text);
    this.#add(":");
    this.#isFirst = true;
    return this.#length;
  }

  /** Whether the last value, which begins there, is null. */
  isNull(begins: number): boolean {
    return this.#bytes.toString("latin1", begins, this.#length).trim() === "null";
  }

  /** A value that is JSON already. */
  value(json: string): void {
    this.#begin();
    this.#add(json);
  }

  /** As a string in Base64. */
  base64(bytes: Buffer): void {
    if (this.#length + Math.ceil(bytes.length / 3) * 4 > this.#most) this.#tooLong();
    this.value(`"${bytes.toString("base64")}"`);
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #begin(): void {
    if (!this.#isFirst) this.#add(",");
    this.#isFirst = false;
  }

  #add(text: string): void {
    if (this.#length + text.length > this.#most) this.#tooLong();
    // A character of UTF-16 is at most three bytes of UTF-8.
    const needed = this.#length + text.length * 3;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length += this.#bytes.write(text, this.#length);
    if (this.#length > this.#most) this.#tooLong();
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #tooLong(): never {
    throw new SallyportError("limit_exceeded", `the object has more than ${this.#most} bytes in JSON`);
  }
}

/** Text of UTF-8 as a string of JSON, in which no control character stands as it is. */
export function jsonString(bytes: Buffer, from: number, to: number): string {
  const plain = to - from <= SHORT ? bytes.toString("latin1", from, to) : "";
  if (from === to || PLAIN.test(plain)) return `"${plain}"`;
  try {
    return jsonText(UTF8.decode(bytes.subarray(from, to)));
  } catch {
    return malformed("a text is no UTF-8");
  }
}

export function jsonText(text: string): string {
  return JSON.stringify(text).replace(
    CONTROLS,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Most texts are short and stand in JSON as they are. */
const SHORT = 200;
const PLAIN = /^[ !#-[\]-~]+$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Those that `JSON.stringify` leaves. */
const CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

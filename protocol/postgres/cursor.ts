import { SallyportError } from "../errors.ts";

/**
 * Reads the body of one message and never past its end: whatever is missing throws `protocol_violation`. Counts
 * in a message are claims, so lists grow by what is really there. Text is UTF-8; bytes that are not (another
 * `client_encoding`) come out as U+FFFD.
 */
export class Cursor {
  readonly #body: Buffer;
  readonly #name: string;
  #at = 0;

  /** `name` is the message's, for errors. */
  constructor(body: Uint8Array, name: string) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.length);
    this.#name = name;
  }

  get remaining(): number {
    return this.#body.length - this.#at;
  }

  u8(): number {
    return this.#body.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#body.readUInt16BE(this.#advance(2));
  }

  i16(): number {
    return this.#body.readInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#body.readUInt32BE(this.#advance(4));
  }

  i32(): number {
    return this.#body.readInt32BE(this.#advance(4));
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const from = this.#advance(length);
    return this.#body.subarray(from, this.#at);
  }

  /** A view of all that is left. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** Text up to its zero byte, which must be in the body. */
  cstring(): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0) throw this.#violation("a text without an end");
    const text = this.#body.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** A value with its i32 length, where -1 is NULL. */
  value(): Buffer | null {
    const length = this.i32();
    if (length < -1) throw this.#violation(`a value of length ${length}`);
    return length === -1 ? null : this.bytes(length);
  }

  /** `count` items, each of which must consume something. */
  list<T>(count: number, item: () => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  /** Ends the reading of `result`: nothing may be left in the body. */
  end<T>(result: T): T {
    if (this.remaining > 0) throw this.#violation(`${this.remaining} bytes too many`);
    return result;
  }

  #advance(length: number): number {
    if (length > this.remaining) throw this.#violation("less than it announces");
    const from = this.#at;
    this.#at += length;
    return from;
  }

  #violation(what: string): SallyportError {
    return new SallyportError("protocol_violation", `${this.#name} has ${what}`);
  }
}

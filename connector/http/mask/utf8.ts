import { isUtf8 } from "node:buffer";

/** Checks that bytes are UTF-8 (RFC 3629), cut anywhere. */
export class Utf8Check {
  /** The beginning of a character whose rest has yet to come. */
  #begun = Buffer.alloc(0);

  /** Whether the last character isn't whole. */
  get isOpen(): boolean {
    return this.#begun.length > 0;
  }

  /** False once something is not. */
  push(chunk: Buffer): boolean {
    let from = 0;
    if (this.#begun.length > 0) {
      from = Math.min(chunk.length, characterLength(this.#begun[0]!) - this.#begun.length);
      this.#begun = Buffer.concat([this.#begun, chunk.subarray(0, from)]);
      if (this.#begun.length < characterLength(this.#begun[0]!)) return true;
      if (!isUtf8(this.#begun)) return false;
    }
    const end = chunk.length - trailingBytes(chunk, from, chunk.length);
    this.#begun = Buffer.from(chunk.subarray(end));
    return isUtf8(chunk.subarray(from, end));
  }
}

function characterLength(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

/** Bytes at the end of `text[from, to)` that begin a character whose rest has yet to come; at most 3. */
function trailingBytes(text: Uint8Array, from: number, to: number): number {
  for (let back = 1; back <= Math.min(3, to - from); back += 1) {
    const byte = text[to - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

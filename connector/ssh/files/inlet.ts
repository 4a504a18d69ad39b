import type { Duplex } from "node:stream";
import { SallyportError } from "../../../protocol/errors.ts";

const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;

/** Reads and writes one stream in steps, no further ahead than is asked for. */
export class Inlet {
  readonly #stream: Duplex;
  #rest: Buffer<ArrayBuffer> = NOTHING;
  #wake: () => void = () => {};
  #isOver = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const wake = () => this.#wake();
    for (const event of ["drain", "end", "close", "error"]) stream.on(event, wake);
    stream.on("readable", () => {
      // The end is told only to who reads, and nobody may be reading just then.
      if (stream.readableLength === 0) stream.read();
      wake();
    });
  }

  /** Whether bytes are here that nobody has read. */
  get hasMore(): boolean {
    return this.#rest.length > 0 || this.#stream.readableLength > 0;
  }

  /** Some bytes, at most `most` (at least 1); null at the end of the stream. */
  async some(most: number): Promise<Buffer<ArrayBuffer> | null> {
    while (this.#rest.length === 0) {
      if (this.#isOver) throw gone();
      const chunk: Buffer<ArrayBuffer> | null = this.#stream.read();
      if (chunk !== null) this.#rest = chunk;
      else if (this.#stream.readableEnded || this.#stream.destroyed) return null;
      else await this.#changed();
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** The next byte; null at the end. */
  async byte(): Promise<number | null> {
    return (await this.some(1))?.[0] ?? null;
  }

  /**
   * The rest of a line that begins with `first`, without its line feed. Throws `protocol_violation` for one longer than
   * `most` bytes, and where the stream ends in it.
   */
  async line(first: number, most: number): Promise<Buffer> {
    const parts = [Buffer.of(first)];
    for (let length = 1; length < most; ) {
      const bytes = await this.some(most - length);
      if (bytes === null) break;
      const end = bytes.indexOf(LINE_FEED);
      if (end >= 0) {
        this.#rest = Buffer.concat([bytes.subarray(end + 1), this.#rest]);
        return Buffer.concat([...parts, bytes.subarray(0, end)]);
      }
      parts.push(bytes);
      length += bytes.length;
    }
    throw new SallyportError("protocol_violation", "the scp protocol carries a line without an end");
  }

  /** Resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#stream.writable) throw gone();
    this.#stream.write(bytes);
    while (this.#stream.writableNeedDrain) {
      if (this.#isOver || this.#stream.destroyed) throw gone();
      await this.#changed();
    }
  }

  /** Whoever waits gets an error, and whoever wants more than is here. */
  stop(): void {
    this.#isOver = true;
    this.#wake();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function gone(): SallyportError {
  return new SallyportError("target_closed", "one of the sides of an scp is gone");
}

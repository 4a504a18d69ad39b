import type { Span, UnnamedFile } from "../unnamed-file.ts";

/** Bytes of one text that stay in memory. */
const IN_MEMORY = 64 * 1024;

/** Bytes in the order in which they came; what is over a bound lies in the file. */
export class Spooled {
  readonly #file: UnnamedFile;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #spans: Span[] = [];
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  #isUtf8 = true;
  size = 0;

  constructor(file: UnnamedFile) {
    this.#file = file;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.size += bytes.length;
    this.#decode(bytes);
    // A copy: what is given may be a small part of a large chunk.
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingSize += bytes.length;
    if (this.#waitingSize <= IN_MEMORY) return;
    this.#spans.push(await this.#file.add(Buffer.concat(this.#waiting)));
    this.#waiting = [];
    this.#waitingSize = 0;
  }

  /** Whether all of it is UTF-8; nothing may be added afterwards. */
  get isUtf8(): boolean {
    this.#decode(undefined);
    return this.#isUtf8;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (const span of this.#spans) yield* this.#file.read(span);
    yield* this.#waiting;
  }

  #decode(bytes: Uint8Array | undefined): void {
    if (!this.#isUtf8) return;
    try {
      this.#decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      this.#isUtf8 = false;
    }
  }
}

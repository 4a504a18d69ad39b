import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Bytes of one text that stay in memory. */
const IN_MEMORY = 64 * 1024;
const READ = 64 * 1024;

interface Span {
  from: number;
  to: number;
}

/**
 * A temporary file for what exchanges carry until they are written: many are open at once, and each may be longer than
 * memory. It holds what was recorded, so nobody else can open it, and it has no name any more as soon as it is open.
 */
export class SpoolFile {
  readonly #file: FileHandle;
  #end = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(): Promise<SpoolFile> {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-har-"));
    try {
      return new SpoolFile(await open(join(folder, "bodies"), "wx+", 0o600));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async add(bytes: Buffer): Promise<Span> {
    const from = this.#end;
    this.#end += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, from + at);
      at += bytesWritten;
    }
    return { from, to: this.#end };
  }

  async *read({ from, to }: Span): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ, to - at));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Bytes in the order in which they came; what is over a bound lies in the file. */
export class Spooled {
  readonly #file: SpoolFile;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #spans: Span[] = [];
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  #isUtf8 = true;
  size = 0;

  constructor(file: SpoolFile) {
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

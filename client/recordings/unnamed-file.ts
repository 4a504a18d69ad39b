import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type FileHandle = Awaited<ReturnType<typeof open>>;

const READ = 64 * 1024;

/** A part of the file, in bytes. */
export interface Span {
  from: number;
  to: number;
}

/**
 * A temporary file for what may be longer than memory. It holds what was recorded, so nobody else can open it, and it has
 * no name any more as soon as it is open.
 */
export class UnnamedFile {
  readonly #file: FileHandle;
  #end = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(): Promise<UnnamedFile> {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-recorded-"));
    try {
      return new UnnamedFile(await open(join(folder, "file"), "wx+", 0o600));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Bytes so far. */
  get end(): number {
    return this.#end;
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

  /** The bytes of a part; several parts may be read at a time. */
  async *read({ from, to }: Span): AsyncGenerator<Buffer> {
    for (let at = from; at < to; ) {
      const buffer = Buffer.alloc(Math.min(READ, to - at));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error("a temporary file is shorter than it was");
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Characters that wait before they are written. */
const WRITE_AT = 256 * 1024;
const READ = 64 * 1024;
const NEWLINE = 10;

/** A part of the spool, in bytes. */
export interface Span {
  from: number;
  to: number;
}

/**
 * A temporary file of JSON values, one a line: a session's facts may be recorded after the statements that they
 * belong to, and a recording may be longer than memory. It holds recorded SQL, so nobody else can open it, and it
 * has no name any more as soon as it is open.
 */
export class Spool {
  readonly #file: FileHandle;
  #waiting: string[] = [];
  #waitingSize = 0;
  #end = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(): Promise<Spool> {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-replay-"));
    try {
      return new Spool(await open(join(folder, "steps"), "wx+", 0o600));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async add(value: unknown): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    this.#waiting.push(line);
    this.#waitingSize += line.length;
    if (this.#waitingSize >= WRITE_AT) await this.#flush();
  }

  /** Where the next value will stand. */
  async position(): Promise<number> {
    await this.#flush();
    return this.#end;
  }

  /** The values of a part, in order; several parts may be read at a time. */
  async *read({ from, to }: Span): AsyncGenerator<unknown> {
    let pieces: Buffer[] = [];
    for (let at = from; at < to; ) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(READ), 0, Math.min(READ, to - at), at);
      if (bytesRead === 0) throw new Error("the temporary file of the replay is shorter than it was");
      at += bytesRead;
      let rest = buffer.subarray(0, bytesRead);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield JSON.parse(Buffer.concat([...pieces, rest.subarray(0, end)]).toString());
        pieces = [];
        rest = rest.subarray(end + 1);
      }
      if (rest.length > 0) pieces.push(rest);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    this.#waitingSize = 0;
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#file.write(bytes, done, bytes.length - done, this.#end + done)).bytesWritten;
    }
    this.#end += bytes.length;
  }
}

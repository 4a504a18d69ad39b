import { createHash } from "node:crypto";
import { SallyportError } from "../../errors.ts";
import {
  type ArchiveIndex,
  archiveEnd,
  archiveHeader,
  BLOCK,
  padding,
  parseIndex,
  readBeginning,
} from "./archive.ts";

/** One object of an archive: its bytes, which must be read to their end before the next. */
export interface ArchivedObject {
  part: number;
  /** Throws `protocol_violation` at its end where it is not what the index says. */
  bytes: AsyncGenerator<Uint8Array>;
}

/** Reads the archive of an encrypted recording as it arrives; holds its index and one chunk. */
export class ArchiveReader {
  readonly index: ArchiveIndex;
  readonly #source: Exactly;

  private constructor(index: ArchiveIndex, source: Exactly) {
    this.index = index;
    this.#source = source;
  }

  /** Reads what is before the first object. Throws `protocol_violation`, and what reading throws. */
  static async begin(chunks: AsyncIterable<Uint8Array>): Promise<ArchiveReader> {
    const source = new Exactly(chunks);
    try {
      const { session, bytes } = readBeginning(await source.take(BLOCK));
      const index = parseIndex(await source.take(bytes), session);
      await source.expect(padding(bytes));
      return new ArchiveReader(index, source);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** The objects in order, and after the last one the archive's end. Throws `protocol_violation`. */
  async *objects(): AsyncGenerator<ArchivedObject> {
    try {
      for (const part of this.index.parts) {
        await this.#source.expect(archiveHeader(this.index, part));
        yield { part: part.part, bytes: this.#object(part) };
        await this.#source.expect(padding(part.bytes));
      }
      await this.#source.expect(archiveEnd());
      await this.#source.end();
    } finally {
      await this.#source.close();
    }
  }

  async *#object({ part, bytes, sha256 }: ArchiveIndex["parts"][number]): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    for (let left = bytes; left > 0; ) {
      const chunk = await this.#source.some(left);
      hash.update(chunk);
      left -= chunk.length;
      yield chunk;
    }
    if (hash.digest("hex") !== sha256) throw violation(`part ${part} is not as it was sealed`);
  }
}

/** Takes so many bytes from chunks of any size. */
class Exactly {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Some of the next bytes, one at least and `most` at most. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#iterator.next();
      if (done) throw violation("it was cut");
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async take(bytes: number): Promise<Buffer> {
    const taken = Buffer.alloc(bytes);
    for (let at = 0; at < bytes; ) at += Buffer.from(await this.some(bytes - at)).copy(taken, at);
    return taken;
  }

  async expect(bytes: Buffer): Promise<void> {
    if (!(await this.take(bytes.length)).equals(bytes))
      throw violation("what is between its parts is not as it was written");
  }

  async end(): Promise<void> {
    for (;;) {
      if (this.#rest.length > 0) throw violation("bytes follow its end");
      const { done, value } = await this.#iterator.next();
      if (done) return;
      this.#rest = value;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

function violation(why: string): SallyportError {
  return new SallyportError("protocol_violation", `the archive of an encrypted recording is damaged: ${why}`);
}

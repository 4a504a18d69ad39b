import { type Span, UnnamedFile } from "../recordings/unnamed-file.ts";

export type { Span };

/** Characters that wait before they are written. */
const WRITE_AT = 256 * 1024;
const NEWLINE = 10;

/**
 * JSON values in a temporary file, one a line: a session's facts may be recorded after the statements that they belong to,
 * and a recording may be longer than memory.
 */
export class Spool {
  readonly #file: UnnamedFile;
  #waiting: string[] = [];
  #waitingSize = 0;

  private constructor(file: UnnamedFile) {
    this.#file = file;
  }

  static async open(): Promise<Spool> {
    return new Spool(await UnnamedFile.open());
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
    return this.#file.end;
  }

  /** The values of a part, in order; several parts may be read at a time. */
  async *read(span: Span): AsyncGenerator<unknown> {
    let pieces: Buffer[] = [];
    for await (let rest of this.#file.read(span)) {
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
    await this.#file.add(bytes);
  }
}

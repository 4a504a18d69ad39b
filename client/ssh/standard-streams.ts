import { Duplex, type Readable, type Writable } from "node:stream";

/** Two streams, such as standard input and output, as one that `relay` takes. Each direction ends by itself. */
export class StandardStreams extends Duplex {
  readonly #input: Readable;
  readonly #output: Writable;

  constructor(input: Readable, output: Writable) {
    super({ allowHalfOpen: true });
    this.#input = input;
    this.#output = output;
    input.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) input.pause();
    });
    input.on("end", () => this.push(null));
    input.on("error", (error) => this.destroy(error));
    output.on("error", (error) => this.destroy(error));
    input.pause();
    // What follows an error is "close", where it is dealt with.
    this.on("error", () => {});
  }

  override _read(): void {
    this.#input.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#output.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#output.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#input.destroy();
    done(error);
  }
}

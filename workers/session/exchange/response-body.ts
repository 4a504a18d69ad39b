import type { EndCode } from "../../../protocol/close-reason.ts";
import type { Held } from "./held.ts";
import type { Received, Receiver } from "./receiver.ts";

/**
 * The body of a response. A chunk is consumed when the client's side of the stream has taken it, so that a slow reader
 * slows its connector down; until then it waits here, no more than a window of it.
 */
export class ResponseBody implements Receiver {
  readonly readable: ReadableStream;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #held: Held;
  readonly #exchange: Received;
  #queue: Uint8Array[] = [];
  #ended = false;
  #over = false;
  #wake: (() => void) | undefined;

  /** `length`: of the whole body, which is then neither longer nor shorter; null where it is not told. */
  constructor(length: number | null, held: Held, exchange: Received) {
    const { readable, writable } =
      length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
    this.readable = readable;
    this.#writer = writable.getWriter();
    this.#held = held;
    this.#exchange = exchange;
    this.#writer.closed.catch(() => {});
    void this.#run();
  }

  data(chunk: Uint8Array): void {
    if (this.#over || chunk.length === 0) return;
    if (!this.#held.take(chunk.length)) {
      this.#fail("limit_exceeded", "too much is waiting for clients that read slowly");
      return;
    }
    this.#queue.push(chunk);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  drain(): void {}

  broken(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#stop();
    this.#writer.abort(new Error(`${code}: ${reason}`)).catch(() => {});
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const chunk = this.#queue[0];
        if (chunk) {
          await this.#writer.write(chunk);
          if (this.#over) return;
          this.#queue.shift();
          this.#held.give(chunk.length);
          this.#exchange.consumed(chunk.length);
        } else if (this.#ended) {
          break;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          if (this.#over) return;
        }
      }
      await this.#writer.close();
      this.#over = true;
      this.#exchange.complete();
    } catch {
      this.#fail("agent_gone", "the client did not take the rest of the response");
    }
  }

  #fail(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.broken(code, reason);
    this.#exchange.failed(code, reason);
  }

  #stop(): void {
    this.#over = true;
    for (const { length } of this.#queue) this.#held.give(length);
    this.#queue = [];
    this.#wake?.();
  }
}

/** Of a response without a body: what its connector sends all the same goes nowhere. */
export class NoBody implements Receiver {
  readonly #exchange: Received;

  constructor(exchange: Received) {
    this.#exchange = exchange;
  }

  data(chunk: Uint8Array): void {
    this.#exchange.consumed(chunk.length);
  }

  end(): void {
    this.#exchange.complete();
  }

  drain(): void {}
  broken(): void {}
}

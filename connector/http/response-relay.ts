import type { Readable } from "node:stream";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { Fields, ResponseHead } from "../../protocol/http/head.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";

/** What a response's body goes through on its way; see `mask/response-mask.ts`. */
export interface Passage {
  write(chunk: Buffer): Buffer[];
  end(): Buffer[];
  /** Nobody wants what is held, or all has gone on. */
  stop(): void;
}

/** A body that goes on as it is. */
export const UNCHANGED: Passage = { write: (chunk) => [chunk], end: () => [], stop() {} };

export interface ResponseRelayOptions {
  stream: ExchangeStream;
  head: ResponseHead;
  body: Readable;
  /** `late` gets what goes on after the call that brought it. */
  through(late: (chunks: Buffer[]) => void): Passage;
  /** Of the target's, once the body has ended. */
  trailers(): Fields;
  /** Bytes that went on. */
  sent(bytes: number): void;
  /** All has gone on. */
  ended(): void;
  /** The target broke off, or its body can't be passed on: the exchange must end. */
  failed(error: unknown): void;
}

/**
 * Carries a response with a body to the agent, no faster than it takes it. What comes in one turn of the event loop goes
 * on at once: the body as one frame, if need be with its end. Each frame is an entry of the log, and each message of its
 * own wakes the edge.
 */
export class ResponseRelay {
  readonly #options: ResponseRelayOptions;
  readonly #passage: Passage;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #hasBegun = false;
  #isScheduled = false;
  #isOver = false;

  constructor(options: ResponseRelayOptions) {
    this.#options = options;
    this.#passage = options.through((chunks) => this.#when(() => this.#add(chunks)));
    const { body } = options;
    this.#schedule();
    body.on("data", (chunk: Buffer) => this.#when(() => this.#data(chunk)));
    body.on("end", () => this.#when(() => this.#end()));
    body.on("error", (error) => this.#broken(error));
    body.on("close", () => {
      if (!body.readableEnded) this.#broken(new Error("closed before its end"));
    });
  }

  /** The agent takes more. */
  drain(): void {
    if (!this.#isOver) this.#options.body.resume();
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#passage.stop();
    this.#options.body.destroy();
  }

  #data(chunk: Buffer): void {
    this.#add(this.#passage.write(chunk));
    const { stream, body } = this.#options;
    // Sent now, so that the stream knows that it has stalled, and tells when there is credit again.
    if (stream.credit <= this.#pendingBytes) this.#flush();
    if (stream.credit <= 0) body.pause();
  }

  #end(): void {
    const { stream, sent, trailers, ended } = this.#options;
    this.#add(this.#passage.end());
    const fields = trailers();
    const bytes = this.#pendingBytes;
    // Trailers have the last frame for themselves; of a body that is too long nobody must see an end.
    if (fields.length > 0) this.#flush();
    else if (bytes > 0) sent(bytes);
    this.#begin();
    this.#isOver = true;
    this.#passage.stop();
    stream.end(fields.length > 0 ? { trailers: fields } : { chunks: this.#pending });
    ended();
  }

  #add(chunks: Buffer[]): void {
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
    if (bytes === 0) return;
    this.#schedule();
    this.#pending.push(...chunks);
    this.#pendingBytes += bytes;
    if (this.#pendingBytes >= MAX_PAYLOAD) this.#flush();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#when(() => this.#flush());
    });
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#options.stream.head(this.#options.head);
  }

  #flush(): void {
    this.#begin();
    const bytes = this.#pendingBytes;
    if (bytes === 0) return;
    const chunks = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#options.stream.send(chunks);
    this.#options.sent(bytes);
  }

  /** The target broke off: what came before goes on. */
  #broken(error: Error): void {
    this.#when(() => this.#flush());
    this.#fail(error);
  }

  #when(step: () => void): void {
    if (this.#isOver) return;
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.failed(error);
  }
}

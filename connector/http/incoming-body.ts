import { SallyportError } from "../../protocol/errors.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";

/** Where a body goes: false says that it should wait for `goOn`. */
export interface BodySink {
  write(chunk: Uint8Array): boolean;
  /** `trailers`: JSON as it was sent, unchecked; null where there are none. */
  end(trailers: unknown): void;
}

/** Chunks that wait and are kept apart. */
const MOST_CHUNKS = 1_024;

/** Bytes of bodies that a session reads before they are judged, for all its exchanges. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/**
 * The body of an agent's request. Nothing is taken from the agent beyond its window until it is known whether the body
 * is read as a whole, or goes on as it comes.
 */
export class IncomingBody {
  readonly #stream: Pick<ExchangeStream, "consumed">;
  readonly #budget: BodyBudget;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** Of these bytes, those that count in the budget: the agent was told that they are taken. */
  #taken = 0;
  #most = 0;
  #hasEnded = false;
  #trailers: unknown = null;
  #sink: BodySink | null = null;
  #isPaused = false;
  #whole: PromiseWithResolvers<void> | null = null;
  #isOver = false;

  constructor(stream: Pick<ExchangeStream, "consumed">, budget: BodyBudget) {
    this.#stream = stream;
    this.#budget = budget;
  }

  /** All of it went on, or was read. */
  get isDone(): boolean {
    return this.#isOver;
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) {
      this.#stream.consumed(chunk.length);
      return;
    }
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A body in many small frames costs no more than its bytes.
    if (this.#chunks.length >= MOST_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks)];
    this.#go();
  }

  end(trailers: unknown): void {
    this.#hasEnded = true;
    this.#trailers = trailers;
    this.#go();
  }

  /**
   * All of it. Throws `limit_exceeded` for more than `most` bytes, `too_many` where the session reads too much at once.
   * It may still be sent on after that.
   */
  async whole(most: number): Promise<Buffer> {
    this.#most = most;
    this.#whole ??= Promise.withResolvers();
    this.#go();
    await this.#whole.promise;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  /** Once it was read as a whole: this stands for it now. Throws `too_many` likewise. */
  replace(all: Buffer): void {
    if (this.#isOver) return;
    const more = all.length - this.#taken;
    if (more > 0 && !this.#budget.take(more)) throw tooMuch();
    if (more < 0) this.#budget.give(-more);
    this.#chunks = [all];
    this.#bytes = all.length;
    this.#taken = all.length;
  }

  /** Sends it on, what was read first. */
  sendTo(sink: BodySink): void {
    this.#sink = sink;
    this.#go();
  }

  /** The sink has room again. */
  goOn(): void {
    this.#isPaused = false;
    this.#go();
  }

  /** Nobody wants it any more: what still comes is thrown away. */
  drop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const waiting = this.#bytes - this.#taken;
    this.#chunks = [];
    this.#budget.give(this.#taken);
    this.#taken = 0;
    if (waiting > 0) this.#stream.consumed(waiting);
    this.#whole?.reject(new SallyportError("agent_gone", "the request was given up"));
    this.#whole?.promise.catch(() => {});
  }

  #go(): void {
    if (this.#isOver) return;
    if (this.#sink !== null) this.#pass(this.#sink);
    else if (this.#whole !== null) this.#read(this.#whole);
  }

  #read(whole: PromiseWithResolvers<void>): void {
    const fresh = this.#bytes - this.#taken;
    if (this.#bytes > this.#most) {
      whole.reject(new SallyportError("limit_exceeded", `the body has more than ${this.#most} bytes`));
    } else if (!this.#budget.take(fresh)) {
      whole.reject(tooMuch());
    } else {
      this.#taken += fresh;
      if (fresh > 0) this.#stream.consumed(fresh);
      if (this.#hasEnded) whole.resolve();
    }
  }

  #pass(sink: BodySink): void {
    while (!this.#isPaused && this.#chunks.length > 0) {
      const chunk = this.#chunks.shift()!;
      this.#bytes -= chunk.length;
      const known = Math.min(this.#taken, chunk.length);
      this.#taken -= known;
      this.#budget.give(known);
      this.#isPaused = !sink.write(chunk);
      if (chunk.length > known) this.#stream.consumed(chunk.length - known);
    }
    if (this.#chunks.length > 0 || !this.#hasEnded) return;
    this.#isOver = true;
    sink.end(this.#trailers);
  }
}

function tooMuch(): SallyportError {
  return new SallyportError("too_many", "the session's requests have too long bodies at once", "Try again.");
}

import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { ByteStream } from "../../protocol/stream.ts";

/**
 * Gathers what a target sends into as few and as large frames as there can be without waiting: each frame costs
 * the edge a commit. A chunk goes at once when it is `urgent`, else with all that comes in the same turn of the
 * event loop, and in any case before a frame is full. There are no timers.
 */
export class Outbox {
  readonly #stream: ByteStream;
  readonly #onFull: () => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #partial = false;
  #turn: NodeJS.Immediate | undefined;

  /** `onFull` is called when the stream has no credit left; the stream's `onDrain` tells when it has again. */
  constructor(stream: ByteStream, onFull: () => void) {
    this.#stream = stream;
    this.#onFull = onFull;
  }

  /** Whether what was added so far ends where a message ends, so that another may follow. */
  get boundary(): boolean {
    return !this.#partial;
  }

  /** `partial` says that the bytes end inside a message; `urgent` that the peer now waits for them. */
  add(bytes: Uint8Array, partial: boolean, urgent: boolean): void {
    if (this.#size + bytes.length > MAX_PAYLOAD) this.flush();
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    this.#partial = partial;
    if (urgent || this.#size >= MAX_PAYLOAD) this.flush();
    else this.#turn ??= setImmediate(() => this.flush());
  }

  /** Sends what is gathered. */
  flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#size === 0) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    this.#stream.send(chunks, this.#partial);
    if (this.#stream.credit <= 0) this.#onFull();
  }

  /** Forgets what is gathered: the session is over. */
  discard(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#chunks = [];
    this.#size = 0;
  }
}

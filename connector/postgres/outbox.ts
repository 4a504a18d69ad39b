import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { ByteStream } from "../../protocol/stream.ts";

/** Bytes of one answer after which it is taken for a long one. */
const LONG_ANSWER = 64 * 1024;
/** How long a part of a long answer may wait for its frame to fill, ms. */
const FILL_MS = 2;

/**
 * Gathers what a target sends into few and large frames: each costs the edge a commit. What the agent waits for
 * goes at once (`urgent`); else a chunk goes with all that comes in the same turn of the event loop. Within a long
 * answer, such as a COPY, frames are given a moment to fill: a server writes 8 KiB at a time, and a connector that
 * keeps up with it would make each a frame.
 */
export class Outbox {
  readonly #stream: ByteStream;
  readonly #onFull: () => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #partial = false;
  #turn: NodeJS.Immediate | undefined;
  #fill: NodeJS.Timeout | undefined;
  /** Bytes of the present answer that were sent. */
  #answered = 0;

  /** `onFull` is called when the stream has no credit left; the stream's `onDrain` tells when it has again. */
  constructor(stream: ByteStream, onFull: () => void) {
    this.#stream = stream;
    this.#onFull = onFull;
  }

  /** Whether what was added so far ends where a message ends, so that another may follow. */
  get boundary(): boolean {
    return !this.#partial;
  }

  /** `partial` says that the bytes end inside a message; `urgent` that an answer ends, and the agent waits for it. */
  add(bytes: Uint8Array, partial: boolean, urgent: boolean): void {
    if (this.#size + bytes.length > MAX_PAYLOAD) this.flush();
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    this.#partial = partial;
    if (urgent || this.#size >= MAX_PAYLOAD) {
      this.flush();
      if (urgent) this.#answered = 0;
    } else if (this.#answered >= LONG_ANSWER) {
      this.#fill ??= setTimeout(() => this.#filled(), FILL_MS);
    } else {
      this.#turn ??= setImmediate(() => this.flush());
    }
  }

  /** Sends what is gathered. */
  flush(): void {
    this.#unschedule();
    if (this.#size === 0) return;
    const chunks = this.#chunks;
    this.#answered += this.#size;
    this.#chunks = [];
    this.#size = 0;
    this.#stream.send(chunks, this.#partial);
    if (this.#stream.credit <= 0) this.#onFull();
  }

  /** Forgets what is gathered: the session is over. */
  discard(): void {
    this.#unschedule();
    this.#chunks = [];
    this.#size = 0;
  }

  /** A target that took so long for so little is not in a hurry: what it sends next need not wait. */
  #filled(): void {
    const trickle = this.#size < LONG_ANSWER;
    this.flush();
    if (trickle) this.#answered = 0;
  }

  #unschedule(): void {
    clearImmediate(this.#turn);
    clearTimeout(this.#fill);
    this.#turn = undefined;
    this.#fill = undefined;
  }
}

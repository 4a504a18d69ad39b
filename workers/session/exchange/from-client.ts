import { SallyportError } from "../../../protocol/errors.ts";
import { MAX_PAYLOAD } from "../../../protocol/frame.ts";
import type { ExchangeStream } from "../../../protocol/stream.ts";
import type { Held } from "./held.ts";

/** Bytes that a client may send ahead of its target: the runtime has no way to let it wait. */
export const MAX_AHEAD = 16 * 1024 * 1024;

/** What a WebSocket's client sends, as frames of its stream as fast as there is credit. */
export class FromClient {
  readonly #stream: Pick<ExchangeStream, "send" | "end" | "credit">;
  readonly #held: Held;
  #pieces: { bytes: Uint8Array; text: boolean; partial: boolean }[] = [];
  #waiting = 0;
  /** The end frame's payload, once the client has closed. */
  #closing: Uint8Array | undefined;
  #over = false;

  constructor(stream: Pick<ExchangeStream, "send" | "end" | "credit">, held: Held) {
    this.#stream = stream;
    this.#held = held;
  }

  /** A message. Throws `window_exceeded` for a client that is too far ahead. */
  take(data: string | ArrayBuffer): void {
    if (this.#over || this.#closing) return;
    const text = typeof data === "string";
    const bytes = text ? Buffer.from(data) : new Uint8Array(data);
    if (this.#waiting + bytes.length > MAX_AHEAD || !this.#held.take(bytes.length)) {
      throw new SallyportError(
        "window_exceeded",
        `the client sent more than ${MAX_AHEAD} bytes ahead of its target`,
        "So much at once goes through `sallyport connect`.",
      );
    }
    this.#waiting += bytes.length;
    let offset = 0;
    do {
      const piece = bytes.subarray(offset, offset + MAX_PAYLOAD);
      offset += MAX_PAYLOAD;
      this.#pieces.push({ bytes: piece, text, partial: offset < bytes.length });
    } while (offset < bytes.length);
    this.drain();
  }

  /** The client has closed; what it sent before goes first. */
  close(payload: Uint8Array): void {
    this.#closing ??= payload;
    this.drain();
  }

  drain(): void {
    if (this.#over) return;
    let sent = 0;
    for (const { bytes, text, partial } of this.#pieces) {
      if (this.#stream.credit <= 0) break;
      sent++;
      this.#release(bytes.length);
      this.#stream.send([bytes], { partial, text });
    }
    this.#pieces.splice(0, sent);
    if (!this.#closing || this.#pieces.length > 0) return;
    this.#over = true;
    this.#stream.end({ chunks: [this.#closing] });
  }

  /** The target has closed: what the client sent before has nowhere to go. */
  end(payload: Uint8Array): void {
    if (this.#over) return;
    this.stop();
    this.#stream.end({ chunks: [payload] });
  }

  stop(): void {
    this.#over = true;
    this.#release(this.#waiting);
    this.#pieces = [];
  }

  #release(bytes: number): void {
    this.#waiting -= bytes;
    this.#held.give(bytes);
  }
}

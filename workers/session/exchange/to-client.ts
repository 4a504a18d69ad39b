import { SallyportError } from "../../../protocol/errors.ts";
import type { Held } from "./held.ts";

/** Bytes of one message that a target sends: it must be whole before it can go on. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
/** Bytes on their way to a client before its target waits, and how often that is looked at, ms. */
const BUFFER = 1024 * 1024;
const POLL_MS = 20;

/** What there is to send a client. */
interface Client {
  readonly bufferedAmount: number;
  send(message: string | Uint8Array): void;
}

/** What a WebSocket's target sends, as whole messages, as fast as the client takes them. */
export class ToClient {
  readonly #client: Client;
  readonly #held: Held;
  readonly #consumed: (bytes: number) => void;
  readonly #wait: (ms: number) => Promise<unknown>;
  #queue: { message: string | Uint8Array; bytes: number; unconsumed: number }[] = [];
  /** Of the message that is not whole yet. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  #over = false;

  /** `consumed`: the client has so many bytes. */
  constructor(
    client: Client,
    held: Held,
    consumed: (bytes: number) => void,
    wait: (ms: number) => Promise<unknown>,
  ) {
    this.#client = client;
    this.#held = held;
    this.#consumed = consumed;
    this.#wait = wait;
  }

  /**
   * A frame of a message. Throws `frame_too_large` for a message over `MAX_MESSAGE`, `limit_exceeded`,
   * `protocol_violation` for text that is none.
   */
  data(chunk: Uint8Array, partial: boolean, text: boolean): void {
    if (this.#over) return;
    if (this.#bytes + chunk.length > MAX_MESSAGE)
      throw new SallyportError(
        "frame_too_large",
        `a message of the target has more than ${MAX_MESSAGE} bytes`,
      );
    if (!this.#held.take(chunk.length))
      throw new SallyportError("limit_exceeded", "too much is waiting for clients that read slowly");
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    if (partial) {
      // A message may be longer than the window.
      this.#consumed(chunk.length);
      return;
    }
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    const message = text ? readText(bytes) : bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#queue.push({ message, bytes: bytes.length, unconsumed: chunk.length });
    this.#sending ??= this.#send();
  }

  /** Everything that is whole is with the client. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#held.give(this.#bytes + this.#queue.reduce((sum, { bytes }) => sum + bytes, 0));
    this.#queue = [];
    this.#pieces = [];
  }

  async #send(): Promise<void> {
    // From here on whoever adds a message finds that this runs.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      while (this.#client.bufferedAmount > BUFFER && !this.#over) await this.#wait(POLL_MS);
      const next = this.#queue.shift();
      if (!next) break;
      this.#held.give(next.bytes);
      this.#client.send(next.message);
      this.#consumed(next.unconsumed);
    }
    this.#sending = undefined;
  }
}

/** RFC 6455 section 5.6. */
function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SallyportError("protocol_violation", "a text message of the target is not UTF-8");
  }
}

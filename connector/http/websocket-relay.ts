import type { RawData, WebSocket } from "ws";
import { SallyportError } from "../../protocol/errors.ts";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import type { Timers } from "../guard/timers.ts";

/** What a message of the target's goes through: the messages that the agent gets for it. Throws for one that it may not get. */
export interface MessageMask {
  message(data: Buffer, isText: boolean, out: (data: Buffer, isText: boolean) => void): void;
  /** The reason that a Close frame gives; empty where it may not be told. */
  reason(text: Buffer): Buffer;
  /** What is held goes on: no more comes. */
  end(): void;
  /** Nobody wants what is held. */
  stop(): void;
}

export interface WebSocketRelayOptions {
  stream: ExchangeStream;
  /** Paused until the relay reads it. */
  socket: WebSocket;
  mask: MessageMask;
  /** What the target is told where the agent is gone before its time. */
  farewell: readonly Buffer[];
  timers: Timers;
  sent(bytes: number): void;
  ended(): void;
  failed(error: unknown): void;
}

/** Bytes of the longest message, from either side. */
export const MAX_MESSAGE = 4 * 1024 * 1024;
/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
/** How long the target has to take the last words, ms. */
const FAREWELL_MS = 500;
/** Parts of a message that are kept apart. */
const MOST_PARTS = 1_024;
/** Bytes of a Close frame's reason (RFC 6455 section 5.5). */
const MAX_REASON = 123;
const NOTHING = Buffer.alloc(0);
/** RFC 6455 section 7.4.1: codes that may stand in a Close frame. */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
  (code >= 3000 && code <= 4999);

/** Carries the messages of a WebSocket both ways, each whole. */
export class WebSocketRelay {
  readonly #options: WebSocketRelayOptions;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #owed = 0;
  #close: Uint8Array = new Uint8Array();
  #isOver = false;

  constructor(options: WebSocketRelayOptions) {
    this.#options = options;
    const { socket, mask } = options;
    const out = (data: Buffer, isText: boolean) => this.#toAgent(data, isText);
    socket.on("message", (data: RawData, isBinary: boolean) =>
      this.#when(() => {
        mask.message(data as Buffer, !isBinary, out);
        if (options.stream.credit <= 0) socket.pause();
      }),
    );
    socket.on("close", (code: number, reason: Buffer) =>
      this.#when(() => {
        mask.end();
        const told = mask.reason(reason);
        this.#isOver = true;
        options.stream.end({ chunks: closePayload(code, told.length > MAX_REASON ? NOTHING : told) });
        options.ended();
      }),
    );
    socket.on("error", (error: Error) =>
      this.#when(() => {
        throw new SallyportError("target_closed", `the target's WebSocket failed: ${error.message}`);
      }),
    );
    socket.resume();
  }

  /** A message of the agent's, or a part of one; the last is the payload of its Close frame. */
  fromAgent(
    chunk: Uint8Array,
    { partial, text, last }: { partial: boolean; text: boolean; last: boolean },
  ): void {
    if (last) {
      this.#close = chunk;
      return;
    }
    this.#when(() => {
      this.#add(chunk);
      if (this.#bytes > MAX_MESSAGE) {
        throw new SallyportError("limit_exceeded", `a message has more than ${MAX_MESSAGE} bytes`);
      }
      this.#owed += chunk.length;
      const { socket } = this.#options;
      if (partial) {
        // A message is sent whole, so its parts can't wait for what comes after them; but for the target they can.
        if (socket.bufferedAmount === 0) this.#credit();
        return;
      }
      const message = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#bytes = 0;
      socket.send(message, { binary: !text }, () => this.#credit());
    });
  }

  /** A message in many small parts costs no more than its bytes. */
  #add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#bytes += chunk.length;
    this.#parts.push(chunk);
    if (this.#parts.length >= MOST_PARTS) this.#parts = [Buffer.concat(this.#parts)];
  }

  /** The agent closes. */
  agentEnded(): void {
    if (this.#isOver) return;
    const payload = this.#close;
    const code = payload.length >= 2 ? (payload[0]! << 8) | payload[1]! : 0;
    if (isSendable(code)) this.#options.socket.close(code, Buffer.from(payload.subarray(2)));
    else this.#options.socket.close();
  }

  /** The agent takes more. */
  drain(): void {
    if (!this.#isOver) this.#options.socket.resume();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { mask, socket, farewell, timers } = this.#options;
    mask.stop();
    if (farewell.length === 0) {
      socket.terminate();
      return;
    }
    for (const message of farewell) socket.send(message, () => {});
    socket.close(GOING_AWAY);
    timers.after(FAREWELL_MS, () => socket.terminate());
  }

  /** What the agent has sent is taken. */
  #credit(): void {
    this.#options.stream.consumed(this.#owed);
    this.#owed = 0;
  }

  #toAgent(data: Buffer, isText: boolean): void {
    const { stream } = this.#options;
    let at = 0;
    do {
      const part = data.subarray(at, at + MAX_PAYLOAD);
      at += part.length;
      stream.send([part], { partial: at < data.length, text: isText });
    } while (at < data.length);
    this.#options.sent(data.length);
  }

  #when(step: () => void): void {
    if (this.#isOver) return;
    try {
      step();
    } catch (error) {
      this.stop();
      this.#options.failed(error);
    }
  }
}

/** Of a Close frame: code and reason; nothing where there was no code, or none that may be told. */
function closePayload(code: number, reason: Buffer): Uint8Array[] {
  return isSendable(code) ? [Buffer.from([code >> 8, code & 0xff]), reason] : [];
}

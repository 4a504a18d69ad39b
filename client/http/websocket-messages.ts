import WebSocket from "ws";
import type { SallyportError } from "../../protocol/errors.ts";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";

/** RFC 6455 section 7.4.1: an unexpected condition at the server. */
const INTERNAL_ERROR = 1011;
/** What the target's side sent is no payload of a Close frame. */
const PROTOCOL_ERROR = 1002;
const NO_STATUS = 1005;
const ABNORMAL = 1006;
/** Bytes of a close's reason (section 5.5). */
const MAX_REASON = 123;

/** Joins a WebSocket of a local client and a stream: messages and how it is closed, both ways. */
export class Messages {
  readonly #socket: WebSocket;
  readonly #stream: ExchangeStream;
  /** Messages of the client that wait for credit. */
  #waiting: { bytes: Buffer; text: boolean }[] = [];
  /** The payload of the client's Close frame, once there is one. */
  #closing: Buffer | undefined;
  /** That of the target's. */
  #closed = Buffer.alloc(0);
  #isOver = false;

  constructor(socket: WebSocket, stream: ExchangeStream) {
    this.#socket = socket;
    this.#stream = stream;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.#waiting.push({ bytes: data, text: !isBinary });
      this.drain();
    });
    // What follows an error is "close".
    socket.on("error", () => {});
    socket.on("close", (code, reason) => this.#left(code, reason));
  }

  /** Sends what waits, as far as there is credit, and lets the client go on when nothing does. */
  drain(): void {
    while (this.#waiting[0] && this.#stream.credit > 0) {
      const { bytes, text } = this.#waiting[0];
      const piece = bytes.subarray(0, Math.min(MAX_PAYLOAD, this.#stream.credit));
      const rest = bytes.subarray(piece.length);
      if (rest.length === 0) this.#waiting.shift();
      else this.#waiting[0].bytes = rest;
      this.#stream.send([piece], { partial: rest.length > 0, text });
    }
    if (this.#waiting.length > 0) this.#socket.pause();
    else if (this.#closing) this.#stream.end({ chunks: [this.#closing] });
    else this.#socket.resume();
  }

  /** A message of the target's, or a part of one; with `last` the payload of its Close frame. */
  receive(
    chunk: Uint8Array,
    { partial, text, last }: { partial: boolean; text: boolean; last: boolean },
  ): void {
    if (last) {
      this.#closed = Buffer.from(chunk);
    } else if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(chunk, { binary: !text, fin: !partial }, (error) => {
        if (!error) this.#stream.consumed(chunk.length);
      });
    } else {
      this.#stream.consumed(chunk.length);
    }
  }

  /** The target has closed. */
  receiveEnd(): void {
    this.#isOver = true;
    this.#waiting = [];
    // It may have been paused, and then would not hear the client's answer.
    this.#socket.resume();
    if (this.#closed.length === 0) this.#socket.close();
    else if (this.#closed.length > 1 && isSendable(this.#closed.readUInt16BE(0)))
      this.#socket.close(this.#closed.readUInt16BE(0), this.#closed.subarray(2, 2 + MAX_REASON));
    else this.#socket.close(PROTOCOL_ERROR);
    this.#stream.end();
  }

  /** The exchange is over before its time. */
  fail({ message }: SallyportError): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#socket.resume();
    const reason = Buffer.from(`Sallyport: ${message}`.replace(/[^ -~]/g, "?")).subarray(0, MAX_REASON);
    this.#socket.close(INTERNAL_ERROR, reason);
  }

  #left(code: number, reason: Buffer): void {
    if (this.#isOver) return;
    if (code === ABNORMAL) {
      this.#isOver = true;
      this.#stream.reset("agent_gone", "the client's connection is gone");
      return;
    }
    this.#closing = Buffer.alloc(code === NO_STATUS ? 0 : 2 + reason.length);
    if (code !== NO_STATUS) {
      this.#closing.writeUInt16BE(code, 0);
      reason.copy(this.#closing, 2);
    }
    this.drain();
  }
}

/** Codes that may stand in a Close frame (sections 7.4.1 and 7.4.2, and the registry). */
function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== ABNORMAL) ||
    (code >= 3000 && code <= 4999)
  );
}

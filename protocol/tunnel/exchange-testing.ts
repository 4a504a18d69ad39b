import type { EndCode } from "../close-reason.ts";
import { decodeAck, decodeHeader, encodeAck, FrameType } from "../frame.ts";
import type { RequestHead, ResponseHead } from "../http/head.ts";
import type { ExchangeHandlers, ExchangeStream } from "../stream.ts";
import { ExchangeStreams } from "./exchange-streams.ts";

export const REQUEST: RequestHead = { method: "GET", target: "/", base: "", fields: [], body: true };
export const RESPONSE: ResponseHead = { status: 200, fields: [] };

/** What came on a stream, in order, and whatever is consumed of it when the test says so. */
export class Heard implements ExchangeHandlers {
  readonly heads: unknown[] = [];
  readonly chunks: Buffer[] = [];
  /** Of the chunks, what was told of each: `partial`, `text`, `last`. */
  readonly told: string[] = [];
  bytes = 0;
  drained = 0;
  ended = false;
  trailers: unknown = undefined;
  reset: { code: EndCode; reason: string } | undefined;

  onHead(head: unknown): void {
    this.heads.push(head);
  }
  onData(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void {
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    this.told.push(
      Object.entries(message)
        .flatMap(([name, is]) => (is ? [name] : []))
        .join(" "),
    );
  }
  onDrain(): void {
    this.drained++;
  }
  onEnd(trailers: unknown): void {
    this.ended = true;
    this.trailers = trailers;
  }
  onReset(code: EndCode, reason: string): void {
    this.reset = { code, reason };
  }
  get content(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** The other side of an end under test: takes its frames, and gives it any bytes as frames. */
export class End {
  readonly streams: ExchangeStreams;
  readonly sent: Buffer[] = [];
  readonly accepted: { stream: ExchangeStream; heard: Heard }[] = [];

  constructor(side: "agent" | "connector") {
    this.streams = new ExchangeStreams(
      {
        send: (frame) => void this.sent.push(frame),
        acknowledge: (stream, bytes) => {
          this.sent.push(encodeAck(stream, { frames: 0, bytes }));
          return true;
        },
      },
      side === "agent"
        ? undefined
        : (stream) => {
            const heard = new Heard();
            stream.handlers = heard;
            this.accepted.push({ stream, heard });
          },
    );
  }

  receive(frame: Buffer): void {
    const header = decodeHeader(frame);
    if (header.type === FrameType.ack) this.streams.acknowledged(header.stream, decodeAck(frame).bytes);
    else this.streams.receive(header, frame);
  }
}

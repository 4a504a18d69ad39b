import type { EndCode } from "../close-reason.ts";
import { SallyportError } from "../errors.ts";
import { decodeHead, decodeReset, encodeHead, encodeReset } from "../exchange-payload.ts";
import {
  ACK_EVERY,
  encodeFrame,
  FRAME_HEADER,
  FrameFlag,
  type FrameHeader,
  FrameType,
  MAX_PAYLOAD,
  WINDOW,
} from "../frame.ts";
import type { Fields, RequestHead, ResponseHead } from "../http/head.ts";
import type { ExchangeHandlers, ExchangeStream } from "../stream.ts";
import { cutPayloads } from "./frame-cutting.ts";

/** A sender in good faith stays within the window, plus what it had already read. */
const WINDOW_SLACK = WINDOW;

/** How far one direction of a stream is. */
type Progress = "nothing" | "heads" | "body" | "ended";

/** What a stream needs of those around it. */
export interface StreamHost {
  /** The stream's first frame is to be sent: gives it its number. */
  begin(stream: OneStream): number;
  /** Sends a frame that is logged. */
  send(frame: Buffer): void;
  /** Acknowledges so many bytes of the stream, a total; answers whether it could be sent now. */
  acknowledge(stream: number, bytes: number): boolean;
  /** Both directions have ended, or it was reset. */
  over(stream: OneStream): void;
}

/**
 * One end of one stream: its counts, its credit, and the order in which its frames may come. Every byte of payload of
 * data and end frames counts; heads and trailers are consumed as soon as they are here.
 */
export class OneStream implements ExchangeStream {
  handlers!: ExchangeHandlers;
  readonly #host: StreamHost;
  /** At the connector's end the other side may send one head only. */
  readonly #oneHead: boolean;
  #number: number;
  #over = false;
  #ours: Progress = "nothing";
  #theirs: Progress = "nothing";
  #sentBytes = 0;
  #ackedBytes = 0;
  #receivedBytes = 0;
  #consumedBytes = 0;
  #announcedBytes = 0;

  /** `number`: 0 for one that this end opens. */
  constructor(host: StreamHost, number: number) {
    this.#host = host;
    this.#number = number;
    this.#oneHead = number !== 0;
  }

  get number(): number {
    return this.#number;
  }

  get credit(): number {
    return WINDOW - (this.#sentBytes - this.#ackedBytes);
  }

  head(head: RequestHead | ResponseHead): void {
    if (this.#silent()) return;
    const json = encodeHead(head);
    if (this.#number === 0) this.#number = this.#host.begin(this);
    this.#ours = "heads";
    this.#sendFrame(FrameType.data, FrameFlag.head, [json], json.length);
  }

  send(chunks: Uint8Array[], message?: { partial: boolean; text: boolean }): void {
    if (this.#silent()) return;
    this.#checkBegun();
    this.#ours = "body";
    this.#sendBytes(FrameType.data, chunks, message);
  }

  end(last: { chunks: Uint8Array[] } | { trailers: Fields } = { chunks: [] }): void {
    if (this.#silent()) return;
    this.#checkBegun();
    if ("trailers" in last) {
      const json = encodeHead(last.trailers);
      this.#sendFrame(FrameType.end, FrameFlag.head, [json], json.length);
    } else {
      this.#sendBytes(FrameType.end, last.chunks, undefined);
    }
    this.#ours = "ended";
    this.#settle();
  }

  reset(code: EndCode, reason: string): void {
    if (this.#over) return;
    if (this.#number !== 0) this.#host.send(encodeReset(this.#number, code, reason));
    this.#forget();
  }

  consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#consumedBytes - this.#announcedBytes >= ACK_EVERY) this.announce();
  }

  /** Tells the sender what was consumed so far, if it may not know. */
  announce(): void {
    if (this.#over || this.#consumedBytes === 0) return;
    if (this.#host.acknowledge(this.#number, this.#consumedBytes)) this.#announcedBytes = this.#consumedBytes;
  }

  /** A data, end or reset frame of this stream. Throws `protocol_violation`, `window_exceeded`. */
  receive({ type, flags }: FrameHeader, frame: Buffer): void {
    if (this.#over) return;
    const payload = frame.subarray(FRAME_HEADER);
    const isHead = (flags & FrameFlag.head) !== 0;
    if (type === FrameType.reset) {
      const { code, reason } = decodeReset(payload);
      this.fail(code, reason);
      return;
    }
    if (this.#theirs === "nothing" && (type === FrameType.end || !isHead))
      throw new SallyportError("protocol_violation", `stream ${this.#number} does not begin with a head`);
    this.#count(payload.length);
    if (type === FrameType.end) this.#receiveEnd(payload, isHead);
    else if (isHead) this.#receiveHead(payload);
    else this.#receiveData(payload, flags, false);
  }

  /** The receiver has consumed so many bytes of this stream. Throws `protocol_violation`. */
  acknowledged(bytes: number): void {
    if (bytes > this.#sentBytes)
      throw new SallyportError("protocol_violation", "the edge acknowledges bytes that were not sent");
    const stalled = this.credit <= 0;
    this.#ackedBytes = Math.max(this.#ackedBytes, bytes);
    if (stalled && this.credit > 0 && this.#ours !== "ended") this.handlers.onDrain();
  }

  /** It is over before its time, by nobody at this end. */
  fail(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#forget();
    this.handlers.onReset(code, reason);
  }

  #receiveHead(payload: Buffer): void {
    if (this.#theirs === "body" || (this.#oneHead && this.#theirs === "heads"))
      throw new SallyportError("protocol_violation", "a head that comes too late");
    this.#theirs = "heads";
    const head = decodeHead(payload);
    this.consumed(payload.length);
    this.handlers.onHead(head);
  }

  #receiveData(payload: Buffer, flags: number, last: boolean): void {
    this.#theirs = "body";
    const message = {
      partial: (flags & FrameFlag.partial) !== 0,
      text: (flags & FrameFlag.text) !== 0,
      last,
    };
    this.handlers.onData(payload, message);
  }

  #receiveEnd(payload: Buffer, isTrailers: boolean): void {
    let trailers: unknown = null;
    if (isTrailers) {
      trailers = decodeHead(payload);
      this.consumed(payload.length);
    } else if (payload.length > 0) {
      this.#receiveData(payload, 0, true);
    }
    if (this.#over) return;
    this.#theirs = "ended";
    this.#settle();
    this.handlers.onEnd(trailers);
  }

  /** Counts what came, and refuses what may not come. */
  #count(bytes: number): void {
    if (this.#theirs === "ended")
      throw new SallyportError("protocol_violation", `a frame after the end of stream ${this.#number}`);
    this.#receivedBytes += bytes;
    if (this.#receivedBytes - this.#consumedBytes > WINDOW + WINDOW_SLACK)
      throw new SallyportError(
        "window_exceeded",
        `more than ${WINDOW} bytes sent ahead of the receiver of stream ${this.#number}`,
      );
  }

  #sendBytes(
    type: FrameType,
    chunks: Uint8Array[],
    message: { partial: boolean; text: boolean } | undefined,
  ): void {
    const text = message?.text ? FrameFlag.text : 0;
    const rest = cutPayloads(chunks, (whole) =>
      this.#sendFrame(FrameType.data, message ? text | FrameFlag.partial : 0, whole, MAX_PAYLOAD),
    );
    // A message may be empty; a part of a body need not be sent.
    if (rest.size > 0 || type === FrameType.end || message)
      this.#sendFrame(type, message?.partial ? text | FrameFlag.partial : text, rest.chunks, rest.size);
  }

  #sendFrame(type: FrameType, flags: number, chunks: Uint8Array[], size: number): void {
    this.#sentBytes += size;
    this.#host.send(encodeFrame(type, flags, this.#number, ...chunks));
  }

  #checkBegun(): void {
    if (this.#ours === "nothing") throw new TypeError("a direction of a stream begins with its head");
  }

  /** Whether nothing may be sent any more. */
  #silent(): boolean {
    return this.#over || this.#ours === "ended";
  }

  #settle(): void {
    if (this.#ours === "ended" && this.#theirs === "ended") this.#forget();
  }

  #forget(): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.over(this);
  }
}

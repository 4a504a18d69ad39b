import type { EndCode } from "../close-reason.ts";
import { SallyportError } from "../errors.ts";
import { decodeReset } from "../exchange-payload.ts";
import { FRAME_HEADER, FrameFlag, type FrameHeader, FrameType } from "../frame.ts";
import { MAX_STREAMS } from "../http/head.ts";
import type { ExchangeHandlers, ExchangeStream } from "../stream.ts";
import { OneStream, type StreamHost } from "./exchange-stream.ts";

/** What carries the frames of the streams: one end of a tunnel. */
export type StreamWire = Pick<StreamHost, "send" | "acknowledge">;

/**
 * One end of all exchanges of a session (docs/protocol.md, Streams). The agent's end opens streams, with numbers 1, 2,
 * 3, …; the connector's is given `accept`, which gets each new one and must set its handlers at once. A stream is
 * forgotten when both directions have ended or it was reset. Knows nothing of sockets: frames come in order, whole.
 */
export class ExchangeStreams {
  readonly #wire: StreamWire;
  readonly #accept: ((stream: ExchangeStream) => void) | undefined;
  readonly #host: StreamHost;
  readonly #begun = new Map<number, OneStream>();
  /** Opened at this end, with nothing sent yet. */
  readonly #waiting = new Set<OneStream>();
  /** The number of the newest stream. */
  #newest: number;
  #ended: { code: EndCode; reason: string } | undefined;

  /** `newest`: the number of the newest stream of the session that was opened before; all those are over. */
  constructor(wire: StreamWire, accept?: (stream: ExchangeStream) => void, newest = 0) {
    this.#wire = wire;
    this.#newest = newest;
    this.#accept = accept;
    this.#host = {
      begin: (stream) => {
        this.#waiting.delete(stream);
        this.#begun.set(++this.#newest, stream);
        return this.#newest;
      },
      send: (frame) => this.#wire.send(frame),
      acknowledge: (stream, bytes) => this.#wire.acknowledge(stream, bytes),
      over: (stream) => {
        this.#waiting.delete(stream);
        this.#begun.delete(stream.number);
      },
    };
  }

  /** How many are open. */
  get size(): number {
    return this.#begun.size + this.#waiting.size;
  }

  /** Opens a stream at the agent's end. Throws `too_many` where `MAX_STREAMS` are open, `session_ended`. */
  open(handlers: ExchangeHandlers): ExchangeStream {
    if (this.#ended) throw new SallyportError("session_ended", this.#ended.reason);
    if (this.size >= MAX_STREAMS) {
      throw new SallyportError(
        "too_many",
        `${MAX_STREAMS} requests of this session are open`,
        "Send fewer at once, or end those that are no longer needed.",
      );
    }
    const stream = new OneStream(this.#host, 0);
    stream.handlers = handlers;
    this.#waiting.add(stream);
    return stream;
  }

  /** A data, end or reset frame. Throws `protocol_violation`, `window_exceeded`. */
  receive(header: FrameHeader, frame: Buffer): void {
    if (this.#ended) return;
    if (header.stream === 0) {
      this.#receiveForAll(header, frame);
      return;
    }
    const stream = this.#begun.get(header.stream);
    if (stream) stream.receive(header, frame);
    else if (header.stream > this.#newest) this.#begin(header).receive(header, frame);
  }

  /** The receiver of a stream has consumed so many bytes of it. Throws `protocol_violation`. */
  acknowledged(stream: number, bytes: number): void {
    if (this.#ended) return;
    if (stream > this.#newest)
      throw new SallyportError("protocol_violation", `an acknowledgement of stream ${stream}, not open`);
    this.#begun.get(stream)?.acknowledged(bytes);
  }

  /** Tells again what was consumed: acknowledgements may have been lost with a socket. */
  announce(): void {
    for (const stream of this.#begun.values()) stream.announce();
  }

  /** The session is over, and all its streams with it. */
  end(code: EndCode, reason: string): void {
    if (this.#ended) return;
    this.#ended = { code, reason };
    for (const stream of [...this.#begun.values(), ...this.#waiting]) stream.fail(code, reason);
  }

  #receiveForAll({ type }: FrameHeader, frame: Buffer): void {
    if (type !== FrameType.reset)
      throw new SallyportError("protocol_violation", "bytes on stream 0 of a session of exchanges");
    const { code, reason } = decodeReset(frame.subarray(FRAME_HEADER));
    for (const stream of [...this.#begun.values()]) stream.fail(code, reason);
  }

  /** A stream of the other side's. */
  #begin({ type, flags, stream: number }: FrameHeader): OneStream {
    if (!this.#accept || number !== this.#newest + 1)
      throw new SallyportError("protocol_violation", `a frame for stream ${number}, which is not open`);
    if (type !== FrameType.data || (flags & FrameFlag.head) === 0)
      throw new SallyportError("protocol_violation", `stream ${number} does not begin with a head`);
    if (this.size >= MAX_STREAMS)
      throw new SallyportError("protocol_violation", `more than ${MAX_STREAMS} streams are open`);
    this.#newest = number;
    const stream = new OneStream(this.#host, number);
    this.#begun.set(number, stream);
    this.#accept(stream);
    return stream;
  }
}

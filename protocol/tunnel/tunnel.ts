import WebSocket from "ws";
import { type EndCode, readCloseReason } from "../close-reason.ts";
import { type CloseSession, type EdgeMessage, PING, PING_EVERY_MS, PONG, type Welcome } from "../control.ts";
import { ERRORS, isFinalClose, SallyportError } from "../errors.ts";
import {
  ACK_EVERY,
  decodeAck,
  decodeHeader,
  encodeAck,
  encodeFrame,
  FRAME_HEADER,
  FrameFlag,
  type FrameHeader,
  FrameType,
  MAX_PAYLOAD,
  WINDOW,
} from "../frame.ts";
import type { AgentStream, ExchangeStream, StreamHandlers } from "../stream.ts";
import type { EdgeSocket } from "./dial.ts";
import { ExchangeStreams } from "./exchange-streams.ts";
import { cutPayloads } from "./frame-cutting.ts";
import { TunnelReturn } from "./return.ts";

/** How long a socket may stay open after this end's last word, ms. */
const LEAVE_MS = 1_000;
/** Frames of exchanges that this end takes before it says so: many are too small to ask for credit. */
const ACK_EVERY_FRAMES = 64;

/** What a tunnel's end needs from its side. */
export interface TunnelSide {
  edge: URL;
  /** Headers of the first connection: who joins. A resume needs only its secret. */
  path: string;
  headers: Record<string, string>;
  /** Takes every control message but `welcome`. Without it `end` closes the stream. */
  onMessage?(message: EdgeMessage): void;
  /** A frame that is sent, for the first time: called once for each, in order. */
  onSent?(frame: Uint8Array): void;
  /** A frame that the edge has logged: called once for each frame sent, in order. */
  onLogged?(frame: Uint8Array): void;
  /** A frame that the edge has delivered: called once for each, in order, before its bytes are. */
  onDelivered?(frame: Uint8Array): void;
}

/**
 * One end of a framed tunnel over WebSocket: numbers frames, keeps those that the edge has not confirmed, grants
 * and heeds credit, and resumes after a dropped socket without losing or repeating a byte.
 */
export class TunnelEnd implements AgentStream {
  readonly session: string;
  interruptible = true;
  #handlers: StreamHandlers | undefined;
  /** What came before there were handlers: the edge's first messages may share a packet. */
  #early: (() => void)[] = [];
  readonly #side: TunnelSide;
  readonly #return: TunnelReturn;
  #socket: EdgeSocket | undefined;
  /** The edge has said welcome on this socket: before, it would log new frames ahead of those to be sent again. */
  #ready = true;
  #closed = false;
  #unconfirmed: Buffer[] = [];
  #confirmedFrames = 0;
  #sentBytes = 0;
  #ackedBytes = 0;
  #receivedFrames = 0;
  #consumedBytes = 0;
  #announcedBytes = 0;
  /** Set where the tunnel carries exchanges, each on a stream of its own, and nothing on stream 0. */
  #streams: ExchangeStreams | undefined;
  /** What of exchanges has come since this end last told how many frames it has. */
  #untoldFrames = 0;
  #untoldBytes = 0;
  #ping: NodeJS.Timeout;
  #pongDue = false;

  constructor(side: TunnelSide, welcome: Welcome, socket: EdgeSocket) {
    if (!welcome.resume)
      throw new SallyportError("protocol_violation", "the edge's welcome has no resume secret");
    this.#side = side;
    this.session = welcome.session;
    this.#return = new TunnelReturn(side.edge, welcome.session, welcome.resume, {
      received: () => this.#receivedFrames,
      take: (socket) => {
        this.#ready = false;
        this.#attach(socket);
      },
      refused: () => {
        this.#socket = undefined;
      },
      end: (code, reason) => this.#end(code, reason),
    });
    this.#ping = setInterval(() => this.#keepAlive(), PING_EVERY_MS);
    this.#ping.unref();
    this.#attach(socket);
  }

  get handlers(): StreamHandlers {
    return this.#handlers!;
  }

  /** Setting the handlers starts the flow. */
  set handlers(handlers: StreamHandlers) {
    this.#handlers = handlers;
    const early = this.#early;
    this.#early = [];
    for (const step of early) step();
  }

  get credit(): number {
    return WINDOW - (this.#sentBytes - this.#ackedBytes);
  }

  send(chunks: Uint8Array[], partial = false): void {
    this.#sendFrames(FrameType.data, chunks, partial);
  }

  end(chunks: Uint8Array[] = []): void {
    this.#sendFrames(FrameType.end, chunks, false);
  }

  /**
   * From here on the tunnel carries exchanges. To be called before there are any: at the agent's end before the
   * handlers are set, at the connector's, with `accept`, when it is told the session's kind.
   */
  carryExchanges(accept?: (stream: ExchangeStream) => void): ExchangeStreams {
    this.#streams = new ExchangeStreams(
      {
        send: (frame) => this.#sendFrame(frame),
        acknowledge: (stream, bytes) => this.#acknowledge(stream, bytes),
      },
      accept,
    );
    return this.#streams;
  }

  /** Sends one frame that is no part of the stream; answers its number among all that this end has sent, from 1. */
  sendEvent(payload: Uint8Array[], flags = 0): number {
    this.#sendFrame(encodeFrame(FrameType.event, flags, 0, ...payload));
    return this.#confirmedFrames + this.#unconfirmed.length;
  }

  /** Sends a control message if the socket is open; control messages are not resent. */
  sendMessage(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#consumedBytes - this.#announcedBytes >= ACK_EVERY) this.#sendAck();
  }

  close(code: EndCode, reason: string): void {
    this.sendMessage({ type: "close", code, reason } satisfies CloseSession);
  }

  /** Has said its last word: nothing is resumed any more, and the edge has a moment to close the socket. */
  leave(): void {
    this.#finish();
    setTimeout(() => this.#socket?.terminate(), LEAVE_MS).unref();
  }

  /** Drops the tunnel from this end, without a word to the edge. */
  abandon(): void {
    this.#finish();
    this.#socket?.terminate();
  }

  /** Takes the edge's word on how many frames it has logged. */
  confirm(frames: number): void {
    const count = frames - this.#confirmedFrames;
    if (count <= 0) return;
    if (count > this.#unconfirmed.length) {
      throw new SallyportError("protocol_violation", "the edge confirms frames that were not sent");
    }
    const logged = this.#unconfirmed.splice(0, count);
    this.#confirmedFrames = frames;
    if (this.#side.onLogged) for (const frame of logged) this.#side.onLogged(frame);
  }

  #sendFrames(type: FrameType, chunks: Uint8Array[], partial: boolean): void {
    const rest = cutPayloads(chunks, (whole) =>
      this.#sendData(FrameType.data, FrameFlag.partial, whole, MAX_PAYLOAD),
    );
    if (rest.size > 0 || type === FrameType.end)
      this.#sendData(type, partial ? FrameFlag.partial : 0, rest.chunks, rest.size);
  }

  #sendData(type: FrameType, flags: number, chunks: Uint8Array[], size: number): void {
    this.#sentBytes += size;
    this.#sendFrame(encodeFrame(type, flags, 0, ...chunks));
  }

  #sendFrame(frame: Buffer): void {
    if (this.#closed) return;
    this.#unconfirmed.push(frame);
    this.#side.onSent?.(frame);
    if (this.#ready && this.#socket?.readyState === WebSocket.OPEN) this.#socket.sendFrame(frame);
  }

  #sendAck(): void {
    if (this.#acknowledge(0, this.#consumedBytes)) this.#announcedBytes = this.#consumedBytes;
  }

  /** Answers whether it could be sent; a resume makes up for one that could not. */
  #acknowledge(stream: number, bytes: number): boolean {
    if (!this.#ready || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#untoldFrames = 0;
    this.#untoldBytes = 0;
    this.#socket.sendFrame(encodeAck(stream, { frames: this.#receivedFrames, bytes }));
    return true;
  }

  #attach(socket: EdgeSocket): void {
    this.#socket = socket;
    this.#pongDue = false;
    socket.on("message", (data: Buffer, binary: boolean) =>
      this.#when(() => this.#onMessage(socket, data, binary)),
    );
    socket.on("close", (code, reason) => {
      this.#when(() => {
        if (this.#socket === socket) this.#onSocketClose(code, reason.toString());
      });
    });
    socket.on("error", () => {});
  }

  #when(step: () => void): void {
    if (this.#handlers) step();
    else this.#early.push(step);
  }

  #onMessage(socket: EdgeSocket, data: Buffer, binary: boolean): void {
    if (this.#socket !== socket || this.#closed) return;
    try {
      if (binary) this.#onFrame(data);
      else this.#onText(data.toString());
    } catch (error) {
      this.#fail(error);
    }
  }

  #onFrame(frame: Buffer): void {
    const header = decodeHeader(frame);
    const { type, flags, stream } = header;
    if (this.#streams) {
      this.#onExchangeFrame(this.#streams, header, frame);
      return;
    }
    if (stream !== 0)
      throw new SallyportError("protocol_violation", `a frame for stream ${stream}, which is not open`);
    if (type === FrameType.ack) {
      const ack = decodeAck(frame);
      this.confirm(ack.frames);
      if (ack.bytes > this.#sentBytes) {
        throw new SallyportError("protocol_violation", "the edge acknowledges bytes that were not sent");
      }
      const stalled = this.credit <= 0;
      this.#ackedBytes = Math.max(this.#ackedBytes, ack.bytes);
      if (stalled && this.credit > 0) this.handlers.onDrain();
      return;
    }
    if (type === FrameType.event || type === FrameType.reset)
      throw new SallyportError("protocol_violation", "a frame that the edge may not send");
    this.#receivedFrames++;
    this.interruptible = type === FrameType.data && (flags & FrameFlag.partial) === 0;
    this.#side.onDelivered?.(frame);
    if (frame.length > FRAME_HEADER) this.handlers.onData(frame.subarray(FRAME_HEADER));
    if (type === FrameType.end) this.handlers.onEnd();
  }

  #onExchangeFrame(streams: ExchangeStreams, header: FrameHeader, frame: Buffer): void {
    const { type, stream } = header;
    if (type === FrameType.ack) {
      const ack = decodeAck(frame);
      this.confirm(ack.frames);
      streams.acknowledged(stream, ack.bytes);
      return;
    }
    if (type === FrameType.event)
      throw new SallyportError("protocol_violation", "an event frame from the edge");
    this.#receivedFrames++;
    this.#untoldFrames++;
    this.#untoldBytes += frame.length;
    this.#side.onDelivered?.(frame);
    streams.receive(header, frame);
    if (this.#untoldFrames >= ACK_EVERY_FRAMES || this.#untoldBytes >= ACK_EVERY) this.#sendAck();
  }

  #onText(text: string): void {
    if (text === PONG) {
      this.#pongDue = false;
      return;
    }
    const message = JSON.parse(text) as EdgeMessage;
    if (message.type === "welcome") {
      this.#resumed(message);
    } else if (this.#side.onMessage) {
      this.#side.onMessage(message);
    } else if (message.type === "end") {
      this.#socket?.close(1000);
      this.#end(message.code, message.reason);
    }
  }

  #resumed(welcome: Welcome): void {
    this.#return.done();
    this.#ready = true;
    this.confirm(welcome.received);
    for (const frame of this.#unconfirmed) if (this.#socket) this.#socket.sendFrame(frame);
    this.#sendAck();
    this.#streams?.announce();
  }

  #onSocketClose(code: number, reason: string): void {
    this.#socket = undefined;
    if (this.#closed) return;
    if (isFinalClose(code)) {
      const end = readCloseReason(code, reason);
      this.#end(end.code, end.reason);
      return;
    }
    this.#return.begin();
  }

  #keepAlive(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (this.#pongDue) {
      this.#socket.terminate();
      return;
    }
    this.#pongDue = true;
    this.#socket.send(PING);
  }

  #fail(error: unknown): void {
    const known =
      error instanceof SallyportError
        ? error
        : new SallyportError("protocol_violation", "the edge sent what cannot be read");
    this.close(known.code, known.message);
    this.#socket?.close(ERRORS[known.code].close);
    this.#end(known.code, known.message);
  }

  #end(code: EndCode, reason: string): void {
    if (this.#closed) return;
    this.#finish();
    this.#streams?.end(code, reason);
    this.handlers.onClose(code, reason);
  }

  #finish(): void {
    this.#closed = true;
    clearInterval(this.#ping);
    this.#return.stop();
    this.#unconfirmed = [];
  }
}

import type { ApprovalAsk, ApprovalNews } from "./approval/approval.ts";
import type { EndCode } from "./close-reason.ts";
import type { ConnectorEvent, SessionFacts } from "./control.ts";
import type { ErrorCode } from "./errors.ts";
import type { Fields, RequestHead, ResponseHead } from "./http/head.ts";

/**
 * One end of the byte stream that a tunnel carries; resuming, retransmission and credit are below it. A local
 * listener and a connector's gate see only this.
 */
export interface ByteStream {
  /**
   * Sends bytes, as frames of at most `MAX_PAYLOAD`; small chunks share a frame. The chunks are copied before it
   * returns. `partial` says that they end inside a message of the tunnelled protocol. The caller stops when
   * `credit` is 0 or less and goes on at `onDrain`; what it sends beyond is refused past one extra window.
   */
  send(chunks: Uint8Array[], partial?: boolean): void;
  /** Sends the last bytes of this direction. */
  end(chunks?: Uint8Array[]): void;
  /** Bytes that may be sent before the window is full. */
  readonly credit: number;
  /** Tells that received bytes were passed on (from the write callback), which gives the sender credit. */
  consumed(bytes: number): void;
  /** Gives up the stream: the session ends with this code and reason. */
  close(code: ErrorCode | "closed", reason: string): void;
  /** Set by the owner before data can arrive. */
  handlers: StreamHandlers;
}

export interface StreamHandlers {
  /** The chunk belongs to the receiver. */
  onData(chunk: Uint8Array): void;
  /** There is credit again. */
  onDrain(): void;
  /** The other side has sent its last bytes. */
  onEnd(): void;
  /** The session is over, for good. */
  onClose(code: ErrorCode | "closed", reason: string): void;
  /** At a connector's end: what became of a question. Told again after a resume. */
  onApproval?(news: ApprovalNews): void;
  /** At a connector's end: so many people watch the session now. */
  onWatched?(watchers: number): void;
  /** At a connector's end of a session that carries exchanges: the agent has opened one. Its handlers must be set at once. */
  onExchange?(stream: ExchangeStream): void;
}

/** The agent's end. */
export interface AgentStream extends ByteStream {
  /** The session's id. */
  readonly session: string;
  /** Whether a message may be put after what was received: it ended neither inside one nor the stream. */
  readonly interruptible: boolean;
}

/** The connector's end: it may also write to the recording, and it knows whom it serves. */
export interface ConnectorStream extends ByteStream {
  readonly facts: SessionFacts;
  /**
   * Adds an entry to the recording, in order with `send`. `logged` is called once the edge has it on disk; never, when
   * the session ends before.
   */
  event(event: ConnectorEvent, logged?: () => void): void;
  /** The same for bytes of a channel: a header and what it is about, see `protocol/ssh/record.ts`. */
  record(chunks: Uint8Array[], logged?: () => void): void;
  /** The same for what the edge must act on; it answers by `onApproval`. */
  askEdge(ask: ApprovalAsk): void;
}

/**
 * One end of one exchange's stream (`protocol/http/head.ts`). Its frames are at most `MAX_PAYLOAD`; its window is
 * `WINDOW`. What is sent after it is over is dropped.
 */
export interface ExchangeStream {
  /** 1 for a session's first; at the agent's end 0 until its head was sent, as only that opens it. */
  readonly number: number;
  /**
   * Sends a head: of the request, of an interim response, of the response. Throws `frame_too_large` for more than
   * `MAX_HEAD` bytes of JSON, and nothing was sent.
   */
  head(head: RequestHead | ResponseHead): void;
  /** Sends bytes of the body, or of a WebSocket's message: `partial` says that it goes on, `text` what it is. */
  send(chunks: Uint8Array[], message?: { partial: boolean; text: boolean }): void;
  /** Sends the last bytes of this direction, or the trailers. Throws as `head` does. */
  end(last?: { chunks: Uint8Array[] } | { trailers: Fields }): void;
  /** Ends both directions; the other side is told. */
  reset(code: EndCode, reason: string): void;
  /** Bytes that may be sent before the window is full. */
  readonly credit: number;
  /** Tells that received bytes were passed on, which gives the sender credit. */
  consumed(bytes: number): void;
  /** Set before data can arrive. */
  handlers: ExchangeHandlers;
}

export interface ExchangeHandlers {
  /** JSON as it was sent, of at most `MAX_HEAD` bytes: whoever takes it checks it. */
  onHead(head: unknown): void;
  /**
   * The chunk belongs to the receiver. `last`: it came in the end frame, and `onEnd` follows; of a WebSocket that is
   * the Close frame's payload, not a message.
   */
  onData(chunk: Uint8Array, message: { partial: boolean; text: boolean; last: boolean }): void;
  onDrain(): void;
  /** The other side has sent its last bytes, or its trailers (JSON, unchecked); null where there are none. */
  onEnd(trailers: unknown): void;
  /** It is over for good, before its time: reset by the other side, or with the session. Not called for one's own reset. */
  onReset(code: EndCode, reason: string): void;
}

/** The agent's end of a session that carries exchanges. */
export interface ExchangeTunnel {
  readonly session: string;
  /** Opens the next stream. Throws `too_many` where `MAX_STREAMS` are open, `session_ended`. */
  open(handlers: ExchangeHandlers): ExchangeStream;
  close(code: EndCode, reason: string): void;
  /** Called once, when the session is over. Streams that were open have been told. */
  onClose: (code: EndCode, reason: string) => void;
}

import type { ApprovalAsk, ApprovalNews } from "./approval.ts";
import type { ConnectorEvent, SessionFacts } from "./control.ts";
import type { ErrorCode } from "./errors.ts";

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

import { Duplex } from "node:stream";
import type { ConnectorStream } from "../../protocol/stream.ts";

/** Bytes that are gathered before they leave, at most; a frame is a commit at the edge. */
const GATHERED = 128 * 1024;
/** Bytes of a client's version (RFC 4253 section 4.2 has 255 at most); ssh2 refuses what is longer. */
const MOST_FIRST_LINE = 8 * 1024;
const LINE_FEED = 0x0a;

/**
 * A tunnel as the socket that an SSH server reads and writes. What is written in one turn of the event loop leaves as
 * one frame, after `recorded` has sent off what must be in the recording before it. Writing blocks while the tunnel has
 * no credit.
 */
export class TunnelSocket extends Duplex {
  readonly #stream: ConnectorStream;
  readonly #recorded: () => void;
  #pending: Buffer[] = [];
  #size = 0;
  #isScheduled = false;
  #blocked: (() => void) | undefined;
  #hasEnded = false;
  /** Bytes that were received while nobody read. */
  #unread = 0;
  /** What was received of the first line, until it is whole: ssh2 forgets parts of one that comes in more than two. */
  #firstLine: Buffer | null = Buffer.alloc(0);

  constructor(stream: ConnectorStream, recorded: () => void) {
    super({ allowHalfOpen: true, autoDestroy: true });
    this.#stream = stream;
    this.#recorded = recorded;
    // Each channel that writes may wait for "drain".
    this.setMaxListeners(0);
  }

  /** The agent's bytes. */
  received(chunk: Uint8Array): void {
    if (this.#hasEnded || this.destroyed) return;
    if (this.#firstLine === null) {
      this.#pass(chunk);
      return;
    }
    this.#firstLine = Buffer.concat([this.#firstLine, chunk]);
    if (this.#firstLine.includes(LINE_FEED) || this.#firstLine.length > MOST_FIRST_LINE)
      this.#passFirstLine();
  }

  /** The agent has sent its last bytes. */
  receivedEnd(): void {
    if (this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    this.#passFirstLine();
    this.push(null);
  }

  /** The tunnel has credit again. */
  drained(): void {
    this.flush();
  }

  /** Sends what is gathered, if there is credit. */
  flush(): void {
    if (this.#stream.credit > 0) this.#send();
    this.#unblock();
  }

  override _read(): void {
    const unread = this.#unread;
    this.#unread = 0;
    if (unread > 0) this.#stream.consumed(unread);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    this.#blocked = done;
    if (this.#size >= GATHERED) this.flush();
    else {
      this.#schedule();
      this.#unblock();
    }
  }

  override _final(done: () => void): void {
    this.#send();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#pending = [];
    this.#size = 0;
    this.#blocked = undefined;
    done(error);
  }

  #pass(chunk: Uint8Array): void {
    if (this.push(chunk)) this.#stream.consumed(chunk.length);
    else this.#unread += chunk.length;
  }

  #passFirstLine(): void {
    const line = this.#firstLine;
    this.#firstLine = null;
    if (line !== null && line.length > 0) this.#pass(line);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #send(): void {
    if (this.#size === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#size = 0;
    this.#recorded();
    this.#stream.send(pending);
  }

  /** Whoever writes may go on, unless what is gathered already waits for credit. */
  #unblock(): void {
    if (this.#blocked === undefined || (this.#stream.credit <= 0 && this.#size > 0)) return;
    const done = this.#blocked;
    this.#blocked = undefined;
    done();
  }
}

import type { ConnectorEvent } from "../../protocol/control.ts";
import { type RecordKind, recordHeader } from "../../protocol/ssh/record.ts";
import type { ConnectorStream } from "../../protocol/stream.ts";

/** Bytes of the records that are gathered, at most. */
const MOST = 128 * 1024;

/** Records of one channel and kind that follow each other. */
interface Pending {
  kind: RecordKind;
  channel: number;
  chunks: Uint8Array[];
  logged: (() => void)[];
}

/**
 * Writes what an SSH session carries to its recording, in order. Records of one turn of the event loop are gathered;
 * whoever sends bytes that depend on them calls `flush` before.
 */
export class Recorder {
  readonly #stream: ConnectorStream;
  readonly #flushed: () => void;
  #pending: Pending[] = [];
  /** Bytes of what is pending. */
  #size = 0;
  #isScheduled = false;

  /** `flushed` is called when the records of a turn were sent: what waits for them may leave with them. */
  constructor(stream: ConnectorStream, flushed: () => void) {
    this.#stream = stream;
    this.#flushed = flushed;
  }

  /** Adds an event. Resolves when the edge has it on disk; never, when the session ends before. */
  logged(event: ConnectorEvent): Promise<void> {
    this.flush();
    return new Promise((resolve) => this.#stream.event(event, resolve));
  }

  /** Adds an event for which nobody waits. */
  event(event: ConnectorEvent): void {
    this.flush();
    this.#stream.event(event);
  }

  /** Adds bytes of a channel, which must not change any more; `logged` is called when the edge has them on disk. */
  record(kind: RecordKind, channel: number, bytes: Uint8Array, logged?: () => void): void {
    for (let at = 0; at < bytes.length; at += MOST) {
      const isLast = at + MOST >= bytes.length;
      this.#add(kind, channel, bytes.subarray(at, at + MOST), isLast ? logged : undefined);
    }
  }

  /** Sends what is gathered. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#size = 0;
    for (const { kind, channel, chunks, logged } of pending) {
      const tell = () => {
        for (const one of logged) one();
      };
      this.#stream.record([recordHeader(kind, channel), ...chunks], logged.length > 0 ? tell : undefined);
    }
  }

  #add(kind: RecordKind, channel: number, bytes: Uint8Array, logged: (() => void) | undefined): void {
    if (this.#size + bytes.length > MOST) this.flush();
    let last = this.#pending.at(-1);
    if (last?.kind !== kind || last.channel !== channel) {
      last = { kind, channel, chunks: [], logged: [] };
      this.#pending.push(last);
    }
    last.chunks.push(bytes);
    this.#size += bytes.length;
    if (logged !== undefined) last.logged.push(logged);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
      this.#flushed();
    });
  }
}

import { carriesExchanges } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  ACK_EVERY,
  decodeAck,
  encodeAck,
  FRAME_HEADER,
  FrameFlag,
  type FrameHeader,
  FrameType,
  WINDOW,
} from "../../protocol/frame.ts";
import { recordingEntry } from "../../protocol/recording.ts";
import type { LoggedEntry, Needs, SessionLog } from "./log.ts";
import type { SessionRecord } from "./record.ts";
import { StreamWindows } from "./stream-windows.ts";

export type Side = "agent" | "connector";

/** A WebSocket as the relay sees it. */
export interface Peer {
  send(data: string | Uint8Array): void;
  close(code: number, reason: string): void;
  readonly bufferedAmount: number;
  /** Keeps across hibernation where this peer stands in the log; undefined: at its end. */
  remember(next: number | undefined): void;
  /** When its last ping came, ms since 1970; 0 when none has. */
  lastPing(): number;
}

/** A reader of the log: everything that anyone receives comes from here. */
export interface Reader {
  peer: Peer;
  /** Seq of the next entry to look at. */
  next: number;
  /** Payload bytes of its direction sent to it. */
  sent: number;
}

/** Bytes queued towards a raw agent before the log waits for it, and how often it looks again, ms. */
const RAW_BUFFER = 1024 * 1024;
const POLL_MS = 100;
/** The same towards a side whose streams have a window each: no stream waits for another, all wait for their socket. */
const STREAMS_BUFFER = 8 * 1024 * 1024;
/** A viewer further behind than this is told to come back for the rest. */
const VIEWER_BUFFER = 4 * 1024 * 1024;
/** Entries read from the log at a time, by a reader that is behind. */
const BATCH = 8;
/** A sender in good faith stays within the window, plus what it had already read. */
const WINDOW_SLACK = WINDOW;
/** Close code that tells a viewer to come back; see `isFinalClose`. */
export const VIEWER_BEHIND = 4500;

/** Who reads a session's log, how far each is, and the credit that flows back to the senders. */
export class Readers {
  agent: Reader | undefined;
  connector: Reader | undefined;
  readonly viewers = new Set<Reader>();
  /** When a side whose socket is too slow is looked at again, ms since 1970; Infinity when none is. */
  pollAt = Number.POSITIVE_INFINITY;
  readonly #record: SessionRecord;
  readonly #log: SessionLog;
  readonly #wake: (at: number) => void;
  /** Payload bytes of each sender that its receiver has consumed, by its last word; unset until it has said one. */
  readonly #acked: Partial<Record<Side, number>> = {};
  /** Frames that each side has received, by its last word. */
  readonly #has: Partial<Record<Side, number>> = {};
  /** What counts as consumed as long as the receiver has said nothing: all that was logged before. */
  readonly #start: Record<Side, number>;
  /** Of a session that carries exchanges. */
  #windows: StreamWindows | undefined;

  constructor(record: SessionRecord, log: SessionLog, wake: (at: number) => void) {
    this.#record = record;
    this.#log = log;
    this.#wake = wake;
    this.#start = { agent: log.agentBytes, connector: log.targetBytes };
    this.opened();
  }

  /** The session's kind may be known now. */
  opened(): void {
    const { facts } = this.#record;
    if (facts && carriesExchanges(facts.kind)) this.#windows ??= new StreamWindows(this.#log.newestStream);
  }

  /** Whether the session carries exchanges. */
  get streams(): boolean {
    return this.#windows !== undefined;
  }

  /**
   * Gives an entry that was just logged to all who have everything before it. Answers the viewers that were sent away:
   * what is logged of that must wait until this entry is with everybody.
   */
  deliver(entry: LoggedEntry, now: number): Peer[] {
    if (this.agent) this.#give(this.agent, entry, now);
    if (this.connector) this.#give(this.connector, entry, now);
    const away: Peer[] = [];
    for (const viewer of this.viewers) {
      this.#give(viewer, entry, now);
      if (!this.viewers.has(viewer)) away.push(viewer.peer);
    }
    return away;
  }

  /** Whether this viewer is still here. */
  isViewer(peer: Peer): boolean {
    return [...this.viewers].some((viewer) => viewer.peer === peer);
  }

  /** Forgets a viewer. */
  removeViewer(peer: Peer): void {
    for (const viewer of this.viewers) if (viewer.peer === peer) this.viewers.delete(viewer);
  }

  /**
   * Tells the connector how many of its frames are logged. The credit is the receiver's last word, or nothing: a
   * sender passes over what it knows already.
   */
  confirm(): void {
    const ack = { frames: this.#log.fromConnector, bytes: this.#acked.connector ?? 0 };
    this.connector?.peer.send(encodeAck(0, ack));
  }

  /** Lets a side read on whose socket was too slow before. */
  poll(now: number): void {
    if (now < this.pollAt) return;
    this.pollAt = Number.POSITIVE_INFINITY;
    for (const reader of [this.agent, this.connector]) if (reader) this.pump(reader, now);
  }

  /** Tells a sender that is back the credit that was given while it was away. */
  recall(side: Side): void {
    const sender = side === "agent" ? this.agent : this.connector;
    if (!sender) return;
    if (this.#windows) {
      for (const [stream, bytes] of this.#windows.credits(side)) this.#tell(sender, side, stream, bytes);
    } else if (this.#acked[side] !== undefined) {
      this.#credit(sender, side);
    }
  }

  /** Gives a reader that has all before it this entry; a reader that is behind gets it in its turn. */
  #give(reader: Reader, entry: LoggedEntry, now: number): void {
    if (reader.next !== entry.seq) return;
    if (this.viewers.has(reader)) {
      if (reader.peer.bufferedAmount > VIEWER_BUFFER) {
        this.viewers.delete(reader);
        reader.peer.close(VIEWER_BEHIND, "behind; come back for the rest");
        return;
      }
      reader.peer.send(recordingEntry(entry, entry.hash));
    } else if (entry.kind === (reader === this.agent ? EntryKind.target : EntryKind.agent)) {
      if (!this.#hasRoom(reader, now)) {
        reader.peer.remember(reader.next);
        return;
      }
      const raw = reader === this.agent && this.#record.facts?.mode === "raw";
      const payload = entry.frame.length - FRAME_HEADER;
      if (!raw) reader.peer.send(entry.frame);
      else if (payload > 0) reader.peer.send(entry.frame.subarray(FRAME_HEADER));
      reader.sent += payload;
      if (raw) this.#creditForRaw(reader);
    }
    reader.next++;
  }

  #hasRoom(reader: Reader, now: number): boolean {
    if (this.#windows) return this.#hasDrained(reader, STREAMS_BUFFER, now);
    if (reader === this.agent && this.#record.facts?.mode === "raw")
      return this.#hasDrained(reader, RAW_BUFFER, now);
    return (
      reader.sent - this.#consumed(reader === this.agent ? "connector" : "agent") <= WINDOW + WINDOW_SLACK
    );
  }

  #hasDrained(reader: Reader, limit: number, now: number): boolean {
    if (reader.peer.bufferedAmount < limit) return true;
    if (this.pollAt === Number.POSITIVE_INFINITY) {
      this.pollAt = now + POLL_MS;
      this.#wake(this.pollAt);
    }
    return false;
  }

  /** A raw agent sends no acknowledgements: what left for it counts as consumed. */
  #creditForRaw(reader: Reader): void {
    if (reader.sent - this.#consumed("connector") < ACK_EVERY) return;
    this.#acked.connector = reader.sent;
    if (this.connector) this.#credit(this.connector, "connector");
  }

  /** Reads on from the log until the reader is at its end or has no room. */
  pump(reader: Reader, now: number): void {
    const behind = reader.next <= this.#log.seq;
    while (reader.next <= this.#log.seq) {
      for (const entry of this.#log.read(reader.next, BATCH)) {
        if (entry.seq > reader.next && !this.#passOver(reader, entry.seq)) return;
        this.#give(reader, entry, now);
        if (reader.next <= entry.seq) return;
      }
    }
    if (behind) reader.peer.remember(undefined);
  }

  /** Entries before `seq` have gone into object storage. A side needs none of them; a viewer finds them there. */
  #passOver(reader: Reader, seq: number): boolean {
    if (this.viewers.has(reader)) {
      this.viewers.delete(reader);
      reader.peer.close(VIEWER_BEHIND, "behind; come back for the rest");
      return false;
    }
    reader.next = seq;
    return true;
  }

  /** What of the log a side still needs: what it has not said to have, unless it can't resume, and what it has yet to read. */
  needs(side: Side): Needs {
    const reader = side === "agent" ? this.agent : this.connector;
    const resumes = side === "connector" || this.#record.agentResume !== null;
    return {
      frames: resumes ? (this.#has[side] ?? 0) : Number.POSITIVE_INFINITY,
      next: reader?.next ?? Number.POSITIVE_INFINITY,
    };
  }

  /** A side has so many of the frames for it. */
  noteReceived(side: Side, frames: number): void {
    const sent = side === "agent" ? this.#log.toAgent : this.#log.fromAgent;
    this.#has[side] = Math.max(this.#has[side] ?? 0, Math.min(frames, sent));
  }

  /** Checks an acknowledgement, lets the acknowledging reader read on, and passes the credit to the sender. */
  acknowledge(side: Side, stream: number, frame: Uint8Array, now: number): void {
    const ack = decodeAck(frame);
    this.noteReceived(side, ack.frames);
    const from = side === "agent" ? "connector" : "agent";
    const sender = from === "agent" ? this.agent : this.connector;
    if (this.#windows) {
      // On stream 0 a side tells how many frames it has, and the other one hears how many of its own are logged.
      const credit = stream === 0 ? 0 : this.#windows.acknowledge(side, stream, ack.bytes);
      if (sender && credit !== null) this.#tell(sender, from, stream, credit);
      return;
    }
    checkStream(stream);
    const reader = (side === "agent" ? this.agent : this.connector)!;
    if (ack.bytes > reader.sent)
      throw new SallyportError("protocol_violation", "more bytes acknowledged than were sent");
    this.#acked[from] = ack.bytes;
    if (sender && !(from === "agent" && this.#record.facts?.mode === "raw")) this.#credit(sender, from);
    this.pump(reader, now);
  }

  /** Tells a sender how many of its frames are logged, and how many bytes its receiver has consumed. */
  #credit(sender: Reader, side: Side): void {
    this.#tell(sender, side, 0, this.#consumed(side));
  }

  #tell(sender: Reader, side: Side, stream: number, bytes: number): void {
    const frames = side === "agent" ? this.#log.fromAgent : this.#log.fromConnector;
    sender.peer.send(encodeAck(stream, { frames, bytes }));
  }

  #consumed(side: Side): number {
    return this.#acked[side] ?? this.#start[side];
  }

  /**
   * Checks a data, end or reset frame that is to be logged. Throws `window_exceeded` beyond what its sender may have in
   * flight, `protocol_violation` for a stream that is not open, and what `StreamWindows.take` does.
   */
  checkFrame(side: Side, header: FrameHeader, frame: Uint8Array): void {
    const payload = frame.length - FRAME_HEADER;
    if (this.#windows) {
      this.#windows.take(side, header, payload);
      this.#log.openStreams = this.#windows.open;
      this.#log.newestStream = this.#windows.newest;
      return;
    }
    checkStream(header.stream);
    if (header.type === FrameType.reset || (header.flags & (FrameFlag.head | FrameFlag.text)) !== 0)
      throw new SallyportError(
        "protocol_violation",
        "a frame of an exchange, which this session has none of",
      );
    const logged = side === "agent" ? this.#log.agentBytes : this.#log.targetBytes;
    if (logged + payload - this.#consumed(side) > WINDOW + WINDOW_SLACK)
      throw new SallyportError("window_exceeded", `more than ${WINDOW} bytes sent ahead of the receiver`);
  }
}

function checkStream(stream: number): void {
  if (stream !== 0)
    throw new SallyportError("protocol_violation", `a frame for stream ${stream}, which is not open`);
}

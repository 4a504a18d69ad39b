import {
  ENTRY_HEADER,
  type Entry,
  EntryKind,
  genesis,
  HASH_LENGTH,
  sha256,
  writeEntryHeader,
} from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { FRAME_HEADER, FrameFlag, FrameType, readU64, writeU64 } from "../../protocol/frame.ts";

/** What the log needs of a database: the synchronous part of a Durable Object's SQLite. */
export interface Sql {
  exec(query: string, ...bindings: SqlValue[]): Iterable<Record<string, SqlValue>>;
}
export type SqlValue = string | number | null | ArrayBuffer | ArrayBufferView;

/**
 * All sessions of an object share one table, so that one commit serves them all. The row's id carries the
 * session's number and the entry's: a range scan reads one session, and no second index costs a write.
 */
export const LOG_SCHEMA =
  "CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT NULL, tally BLOB NOT NULL, frame BLOB NOT NULL)";

/** Rows of one session: number * 2^32 + seq. Both stay below what JavaScript counts exactly. */
const SEQ_RANGE = 0x1_0000_0000;
/** 2^20 sessions for each object. */
export const MAX_SESSION_NUMBER = 0xf_ffff;

interface Row {
  id: number;
  kind: number;
  time: number;
  tally: ArrayBuffer;
  frame: ArrayBuffer;
}

/** A side that frames are for: those of the other kinds it never gets. */
type Receiver = "agent" | "connector";

/** What each side still needs of a log whose older entries are in object storage: it may resume, or reads behind. */
export interface Needs {
  /** Frames that it has for certain. */
  frames: number;
  /** The entry at which it reads. */
  next: number;
}

/** An entry with the chain's hash after it. */
export interface LoggedEntry extends Entry {
  hash: Uint8Array;
}

/**
 * The durable log of one session. What it must know to go on (the chain's head and the counts) stands in its last
 * row, so a restarted object reads one row, however long the session is.
 */
export class SessionLog {
  /** Entries so far. */
  seq = 0;
  /** Frames that the agent has sent. */
  fromAgent = 0;
  /** Frames that the connector has sent, events included. */
  fromConnector = 0;
  /** Frames for the agent: the connector's, and the edge's last word. */
  toAgent = 0;
  /** Payload bytes of the stream, by direction. */
  agentBytes = 0;
  targetBytes = 0;
  /** Bytes of all entries. */
  bytes = 0;
  /** Time of the last entry, ms. */
  time = 0;
  /** Whether the edge may add a message for the agent: the last frame ended neither inside one nor the stream. */
  interruptible = true;
  /** Where the session carries exchanges: streams that are open, and the newest; said before a frame is appended. */
  openStreams = 0;
  newestStream = 0;
  /** At how many `bytes` older entries are to go into object storage; once it is asked for, Infinity. */
  sealAt = Number.POSITIVE_INFINITY;
  /** Called with each entry's time once it is appended. */
  grown: ((time: number) => void) | undefined;
  readonly #sql: Sql;
  readonly #base: number;
  /** The chain's head, then room for the next entry's header: hashed in one go. */
  readonly #link = new Uint8Array(HASH_LENGTH + ENTRY_HEADER);
  /** What the last row's tally was made of; the storage has copied it. */
  readonly #counts = new Uint8Array(TALLY.length);

  constructor(sql: Sql, session: string, number: number) {
    this.#sql = sql;
    this.#base = number * SEQ_RANGE;
    for (const last of this.#backwards()) {
      this.#restore(last);
      break;
    }
    if (this.seq === 0) this.#link.set(genesis(session));
  }

  /** The chain's head. */
  get head(): Uint8Array {
    return this.#link.subarray(0, HASH_LENGTH);
  }

  /** Appends an entry. Throws what the storage throws; this object is of no use after that, the rows are. */
  append(kind: EntryKind, time: number, frame: Uint8Array): LoggedEntry {
    const entry: Entry = { kind, seq: this.seq + 1, time, frame };
    writeEntryHeader(entry, this.#link, HASH_LENGTH);
    const hash = sha256(this.#link, frame);
    this.#link.set(hash);
    this.seq = entry.seq;
    this.time = time;
    this.bytes += frame.length;
    this.#count(kind, frame);
    this.#sql.exec(
      "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
      this.#base + entry.seq,
      kind,
      time,
      this.#tally(),
      frame,
    );
    this.grown?.(time);
    return { kind, seq: entry.seq, time, frame, hash };
  }

  /** Entries from `seq` on, at most `limit`. */
  *read(seq: number, limit: number): Iterable<LoggedEntry> {
    const rows = this.#sql.exec(
      "SELECT id, kind, time, tally, frame FROM log WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
      this.#base + seq,
      this.#base + SEQ_RANGE,
      limit,
    ) as Iterable<unknown> as Iterable<Row>;
    for (const row of rows) {
      yield {
        kind: row.kind as EntryKind,
        seq: row.id - this.#base,
        time: row.time,
        frame: new Uint8Array(row.frame),
        hash: new Uint8Array(row.tally, 0, HASH_LENGTH),
      };
    }
  }

  /**
   * Where a side that has received `count` frames goes on: the seq of an entry after which its next frame comes, and the payload
   * bytes of its direction until there. Walks back from the end, no further than the window reaches. Throws
   * `protocol_violation` for a side that has said before that it has more.
   */
  position(side: Receiver, count: number): { seq: number; bytes: number } {
    const { kind, frames, bytes } = DIRECTION[side];
    let next: { seq: number; frames: number; bytes: number } | undefined;
    for (const row of this.#backwards()) {
      const tally = new Uint8Array(row.tally);
      const seq = row.id - this.#base;
      if (readU64(tally, frames) <= count) {
        checkNext(next, count);
        return { seq, bytes: readU64(tally, bytes) };
      }
      if (row.kind === kind) next = { seq, frames: readU64(tally, frames), bytes: readU64(tally, bytes) };
    }
    checkNext(next, count);
    if (!next) return { seq: 0, bytes: 0 };
    const [row] = this.#sql.exec(
      "SELECT length(frame) AS length FROM log WHERE id = ?",
      this.#base + next.seq,
    );
    return { seq: next.seq - 1, bytes: next.bytes - (Number(row!.length) - FRAME_HEADER) };
  }

  /** Removes entries from `first` to `last` but for frames that a side still needs. The last entry of all stays. */
  trim(first: number, last: number, needs: Record<Receiver, Needs>): void {
    let from = first;
    for (const seq of [...this.#needed(first, last, needs), Math.min(last + 1, this.seq)]) {
      if (seq > from) this.remove(from, seq - 1);
      from = seq + 1;
    }
  }

  /** Removes entries from `first` to `last`. */
  remove(first: number, last: number): void {
    this.#sql.exec("DELETE FROM log WHERE id >= ? AND id <= ?", this.#base + first, this.#base + last);
  }

  /**
   * Removes entries from `first` to `last`, and overwrites their frames before: a value of the same length is written where it
   * lies, so that the pages that become free do not have it.
   */
  erase(first: number, last: number): void {
    this.#sql.exec(
      "UPDATE log SET frame = zeroblob(length(frame)) WHERE id >= ? AND id <= ?",
      this.#base + first,
      this.#base + last,
    );
    this.remove(first, last);
  }

  #needed(first: number, last: number, needs: Record<Receiver, Needs>): number[] {
    const rows = this.#sql.exec(
      "SELECT id, kind, tally FROM log WHERE id >= ? AND id <= ? ORDER BY id",
      this.#base + first,
      this.#base + last,
    ) as Iterable<unknown> as Iterable<Omit<Row, "frame" | "time">>;
    const needed: number[] = [];
    for (const row of rows) {
      const seq = row.id - this.#base;
      for (const side of ["agent", "connector"] as const) {
        const { kind, frames } = DIRECTION[side];
        if (row.kind !== kind) continue;
        if (seq >= needs[side].next || readU64(new Uint8Array(row.tally), frames) > needs[side].frames)
          needed.push(seq);
      }
    }
    return needed;
  }

  /** The session's rows without their frames, last first. */
  #backwards(): Iterable<Omit<Row, "frame">> {
    return this.#sql.exec(
      "SELECT id, kind, time, tally FROM log WHERE id > ? AND id < ? ORDER BY id DESC",
      this.#base,
      this.#base + SEQ_RANGE,
    ) as Iterable<unknown> as Iterable<Row>;
  }

  #count(kind: EntryKind, frame: Uint8Array): void {
    const payload = frame.length - FRAME_HEADER;
    if (kind === EntryKind.agent) {
      this.fromAgent++;
      this.agentBytes += payload;
    } else if (kind === EntryKind.target) {
      const flags = frame[1]!;
      this.toAgent++;
      this.targetBytes += payload;
      this.interruptible = (flags & FrameFlag.partial) === 0 && frame[0] !== FrameType.end;
      if ((flags & FrameFlag.edge) === 0) this.fromConnector++;
    } else if (kind === EntryKind.connector) {
      this.fromConnector++;
    }
  }

  /** Overwritten by the next. */
  #tally(): Uint8Array {
    const tally = this.#counts;
    tally.set(this.head);
    writeU64(tally, TALLY.fromAgent, this.fromAgent);
    writeU64(tally, TALLY.fromConnector, this.fromConnector);
    writeU64(tally, TALLY.toAgent, this.toAgent);
    writeU64(tally, TALLY.agentBytes, this.agentBytes);
    writeU64(tally, TALLY.targetBytes, this.targetBytes);
    writeU64(tally, TALLY.bytes, this.bytes);
    tally[TALLY.interruptible] = this.interruptible ? 1 : 0;
    tally[TALLY.openStreams] = Math.min(this.openStreams, 0xff);
    writeU64(tally, TALLY.newestStream, this.newestStream);
    return tally;
  }

  #restore(row: Omit<Row, "frame">): void {
    const tally = new Uint8Array(row.tally);
    this.#link.set(tally.subarray(0, HASH_LENGTH));
    this.seq = row.id - this.#base;
    this.time = row.time;
    this.fromAgent = readU64(tally, TALLY.fromAgent);
    this.fromConnector = readU64(tally, TALLY.fromConnector);
    this.toAgent = readU64(tally, TALLY.toAgent);
    this.agentBytes = readU64(tally, TALLY.agentBytes);
    this.targetBytes = readU64(tally, TALLY.targetBytes);
    this.bytes = readU64(tally, TALLY.bytes);
    this.interruptible = tally[TALLY.interruptible] === 1;
    // Rows from before there were streams have none.
    if (tally.length < TALLY.length) return;
    this.openStreams = tally[TALLY.openStreams]!;
    this.newestStream = readU64(tally, TALLY.newestStream);
  }
}

/** Offsets in a row's tally: the hash, then the counts as they are after the entry. */
const TALLY = {
  fromAgent: HASH_LENGTH,
  fromConnector: HASH_LENGTH + 8,
  toAgent: HASH_LENGTH + 16,
  agentBytes: HASH_LENGTH + 24,
  targetBytes: HASH_LENGTH + 32,
  bytes: HASH_LENGTH + 40,
  interruptible: HASH_LENGTH + 48,
  openStreams: HASH_LENGTH + 49,
  newestStream: HASH_LENGTH + 50,
  length: HASH_LENGTH + 58,
} as const;

/** What goes to each side, and where a row's tally counts it. */
const DIRECTION = {
  agent: { kind: EntryKind.target, frames: TALLY.toAgent, bytes: TALLY.targetBytes },
  connector: { kind: EntryKind.agent, frames: TALLY.fromAgent, bytes: TALLY.agentBytes },
} as const;

function checkNext(next: { frames: number } | undefined, count: number): void {
  if (next === undefined || next.frames === count + 1) return;
  throw new SallyportError("protocol_violation", "frames are asked for again that were acknowledged");
}

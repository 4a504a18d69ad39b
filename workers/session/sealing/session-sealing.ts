import { setTimeout as sleep } from "node:timers/promises";
import { SallyportError } from "../../../protocol/errors.ts";
import type { RecordingTrailer } from "../../../protocol/recording.ts";
import { findRecording } from "../../directory/recordings.ts";
import type { Env } from "../../environment.ts";
import { logLine } from "../../log-line.ts";
import { type FoundPart, SessionEntries } from "../entries.ts";
import { SessionLog, type Sql } from "../log.ts";
import type { SessionRecord, SessionRecords } from "../record.ts";
import type { Relay } from "../relay.ts";
import { sealedPart } from "../sealed-recording.ts";
import type { Attempt } from "./machine.ts";
import { sealingMeans } from "./means.ts";
import { sealMembers } from "./sealed-entry.ts";
import { Sealer, type SealingMeans } from "./sealer.ts";
import { SealingStore } from "./store.ts";
import { turn } from "./turn.ts";

/** Entries that are removed at a time, at most, and in how many steps a part's go. */
const REMOVED = 2_000;
const STEPS = 4;

/** What sealing asks of its object. */
export interface SealingOwner {
  /** When a message of any session came last, ms since 1970. */
  heard(): number;
  /** The relay of a session that is not over. */
  relay(session: string): Relay | undefined;
  /** The alarm is wanted at this time, ms since 1970. */
  wake(at: number): void;
  /** Whether nobody is yet to be told what is in a session's recording. */
  isTold(record: SessionRecord): boolean;
  /** Removes what people were asked in a session, which its recording has. Safe to repeat. */
  forgetQuestions(record: SessionRecord): void;
  /** The object is one session's own, and that is sealed: removes all that it has, at once or when nothing needs it. */
  empty(): Promise<void>;
  /** How many sessions share all objects; 0 where each has its own. */
  shards: number;
}

/** The sealing of one object's sessions, and the one way to read their entries. */
export class SessionSealing {
  readonly #env: Env;
  readonly #sql: Sql;
  readonly #records: SessionRecords;
  readonly #owner: SealingOwner;
  readonly #means: SealingMeans;
  readonly #store: SealingStore;
  readonly #sealer: Sealer;

  constructor(env: Env, sql: Sql, records: SessionRecords, owner: SealingOwner, means = sealingMeans(env)) {
    this.#env = env;
    this.#sql = sql;
    this.#records = records;
    this.#owner = owner;
    this.#means = means;
    this.#store = new SealingStore(sql);
    this.#sealer = new Sealer(this.#store, means, {
      wake: (at) => owner.wake(at),
      record: (no) => this.#record(no),
      log: (record) => this.#log(record),
      entries: (record) => this.entries(record),
      turn: (waiting) => turn({ clock: means.clock, heard: () => owner.heard(), sleep }, waiting),
      isTold: (record) => owner.isTold(record),
      trim: (record, first, last) => this.#trim(record, first, last),
      free: (record, parts) => this.#free(record, parts),
      bury: (record) => this.#bury(record),
    });
  }

  /** The session is settled, or lives and its log has grown to `threshold`. */
  want(record: SessionRecord): void {
    this.#sealer.want(record);
  }

  /** At how many logged bytes a live session is to be sealed in part. */
  threshold(record: SessionRecord): number {
    return this.#sealer.threshold(record);
  }

  /** When `start` is wanted, ms since 1970; Infinity when it is not. */
  deadline(): number {
    return this.#sealer.deadline();
  }

  /** Begins with what is due. */
  start(now: number): void {
    void this.#sealer.start(now).catch((error: unknown) => {
      logLine("error", "sealing failed", { error });
    });
  }

  /** Whether an entry of a session is in object storage, so that rows may not have it. */
  isSealed(record: SessionRecord, seq: number): boolean {
    return this.#kept(record, seq) !== null;
  }

  /** Whether this object can tell a session's entries: of one that is sealed for long it has forgotten where they are. */
  has(record: SessionRecord): boolean {
    return record.state !== "ended" || this.#log(record).seq > 0 || this.isSealed(record, 1);
  }

  /** Whether sealing has something left to do for a session, if only to remove its record. */
  isAtWork(record: SessionRecord): boolean {
    return this.#store.find(record.number) !== null;
  }

  /** The entries of a session that this object has, or had. */
  entries(record: SessionRecord): SessionEntries {
    return new SessionEntries({
      session: record.id,
      archive: this.#means.archive,
      part: (seq) => this.#part(record, seq),
      rows: this.#log(record),
      trailer: () => trailerOf(this.#records.find(record.id) ?? record),
    });
  }

  #kept(record: SessionRecord, seq: number): FoundPart | null {
    return this.#store.part(record.number, seq, record.recipients.length > 0);
  }

  #part(record: SessionRecord, seq: number): FoundPart | null | Promise<FoundPart | null> {
    const found = this.#kept(record, seq);
    // A number is given again, an id is not.
    if (this.#records.find(record.id)?.number === record.number) {
      if (found || this.#store.find(record.number) || record.state !== "ended") return found;
    }
    return findRecording(this.#env.DIRECTORY, record.id).then((sealed) => sealed && sealedPart(sealed, seq));
  }

  #record(no: number): SessionRecord | undefined {
    const record = this.#records.at(no);
    return record && (this.#owner.relay(record.id)?.record ?? record);
  }

  #log(record: SessionRecord): SessionLog {
    return this.#owner.relay(record.id)?.log ?? new SessionLog(this.#sql, record.id, record.number);
  }

  async #trim(record: SessionRecord, first: number, last: number): Promise<void> {
    for (let from = first; from <= last; from += REMOVED) {
      const relay = this.#owner.relay(record.id);
      if (!relay) return;
      relay.trim(from, Math.min(from + REMOVED - 1, last));
      await sleep(0);
    }
  }

  async #free(record: SessionRecord, parts: readonly Attempt[]): Promise<void> {
    const isEncrypted = record.recipients.length > 0;
    if (isEncrypted) this.#owner.forgetQuestions(record);
    // All goes at once with the record; to remove rows one by one costs as much as to write them.
    else if (this.#isEmptied(record)) return;
    const log = this.#log(record);
    for (const { first, last } of parts) {
      const step = Math.min(Math.max(Math.ceil((last - first + 1) / STEPS), 1), REMOVED);
      for (let from = first; from <= last; from += step) {
        const to = Math.min(from + step - 1, last);
        if (isEncrypted) log.erase(from, to);
        else log.remove(from, to);
        await sleep(0);
      }
    }
  }

  async #bury(record: SessionRecord): Promise<void> {
    this.#store.remove(record.number);
    // What people were asked, and what they said, is read from here; it goes with the recording.
    if (this.#hasApprovals(record)) return;
    this.#records.remove(record);
    if (this.#owner.shards === 0 && this.#records.isEmpty()) await this.#owner.empty();
  }

  #isEmptied(record: SessionRecord): boolean {
    return this.#owner.shards === 0 && !this.#hasApprovals(record);
  }

  #hasApprovals({ number }: SessionRecord): boolean {
    const [made] = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'approvals'");
    return (
      made !== undefined &&
      [...this.#sql.exec("SELECT 1 FROM approvals WHERE owner = ? LIMIT 1", number)].length > 0
    );
  }
}

/** The trailer of a session that is over; null while it is not. */
function trailerOf({ state, edgeSeal, connectorSeal }: SessionRecord): RecordingTrailer | null {
  if (state !== "ended" && state !== "ending") return null;
  return {
    ...(edgeSeal && { edgeSeal }),
    ...(connectorSeal && { connectorSeal: sealMembers(connectorSeal) }),
  };
}

/** What is told where there is no recording. */
export function noRecording(session: string): SallyportError {
  return new SallyportError("not_found", `there is no recording of session ${session}`);
}

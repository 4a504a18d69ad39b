import type { Sql } from "../session/log.ts";
import type { DestinationName, Position } from "./destination.ts";

/** How far one source is delivered to one destination. */
export interface Cursor {
  source: string;
  /** The last event that is settled; seq 0 before the first. */
  position: Position;
  /** The last entry of which all events are. */
  read: number;
  /** Since when something has waited for a destination that fails, ms since 1970; null where none does. */
  waiting: number | null;
}

/** What a destination has had from this object. */
export interface Counts {
  delivered: number;
  quarantined: number;
  lastDelivered: number | null;
}

/** An event that was given up. */
export interface Quarantined {
  uid: string;
  time: number;
  class: number;
  bytes: number;
  detail: string;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS siem_cursors (destination TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL,
     item INTEGER NOT NULL, read INTEGER NOT NULL, waiting INTEGER, PRIMARY KEY (destination, source)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS siem_counts (destination TEXT PRIMARY KEY, delivered INTEGER NOT NULL,
     quarantined INTEGER NOT NULL, last_delivered INTEGER) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS siem_given_up (destination TEXT NOT NULL, uid TEXT NOT NULL, time INTEGER NOT NULL,
     class INTEGER NOT NULL, bytes INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (destination, uid)) WITHOUT ROWID`,
];

/** What an object keeps in its SQL of its deliveries: cursors, counts, and what was given up until that is reported. */
export class Cursors {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  all(destination: DestinationName): Cursor[] {
    const rows = this.#sql.exec(
      "SELECT source, seq, item, read, waiting FROM siem_cursors WHERE destination = ? ORDER BY source",
      destination,
    ) as Iterable<unknown> as Iterable<
      { source: string; waiting: number | null } & Position & { read: number }
    >;
    return Array.from(rows, ({ source, seq, item, read, waiting }) => ({
      source,
      position: { seq, item },
      read,
      waiting,
    }));
  }

  put(destination: DestinationName, { source, position, read, waiting }: Cursor): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO siem_cursors VALUES (?, ?, ?, ?, ?, ?)",
      destination,
      source,
      position.seq,
      position.item,
      read,
      waiting,
    );
  }

  remove(destination: DestinationName, source: string): void {
    this.#sql.exec("DELETE FROM siem_cursors WHERE destination = ? AND source = ?", destination, source);
  }

  counts(destination: DestinationName): Counts {
    const [row] = this.#sql.exec(
      "SELECT delivered, quarantined, last_delivered FROM siem_counts WHERE destination = ?",
      destination,
    );
    if (row === undefined) return { delivered: 0, quarantined: 0, lastDelivered: null };
    const { delivered, quarantined, last_delivered } = row;
    return {
      delivered: Number(delivered),
      quarantined: Number(quarantined),
      lastDelivered: last_delivered === null ? null : Number(last_delivered),
    };
  }

  count(destination: DestinationName, delivered: number, quarantined: number, now: number): void {
    this.#sql.exec(
      `INSERT INTO siem_counts VALUES (?1, ?2, ?3, ?4) ON CONFLICT (destination) DO UPDATE SET
         delivered = delivered + ?2, quarantined = quarantined + ?3, last_delivered = coalesce(?4, last_delivered)`,
      destination,
      delivered,
      quarantined,
      delivered > 0 ? now : null,
    );
  }

  /** So many are in the totals now. */
  forgetCounts(destination: DestinationName, { delivered, quarantined }: Counts): void {
    this.#sql.exec(
      "UPDATE siem_counts SET delivered = delivered - ?2, quarantined = quarantined - ?3 WHERE destination = ?1",
      destination,
      delivered,
      quarantined,
    );
  }

  giveUp(destination: DestinationName, one: Quarantined): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO siem_given_up VALUES (?, ?, ?, ?, ?, ?)",
      destination,
      one.uid,
      one.time,
      one.class,
      one.bytes,
      one.detail,
    );
  }

  /** What was given up and is not reported yet, at most `limit`. */
  givenUp(destination: DestinationName, limit: number): Quarantined[] {
    const rows = this.#sql.exec(
      "SELECT uid, time, class, bytes, detail FROM siem_given_up WHERE destination = ? LIMIT ?",
      destination,
      limit,
    ) as Iterable<unknown> as Iterable<Quarantined>;
    return [...rows];
  }

  reported(destination: DestinationName, uid: string): void {
    this.#sql.exec("DELETE FROM siem_given_up WHERE destination = ? AND uid = ?", destination, uid);
  }
}

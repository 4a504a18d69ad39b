import { type RefusedSignIns, signInEvent } from "../../protocol/ocsf/sign-in.ts";
import type { Sql } from "../session/log.ts";
import { folded, MAX_APART } from "./refused-sign-ins.ts";
import type { SourceReader, Sources } from "./sources.ts";

/** The source of them beside the ledger's own. */
export const SIGN_INS = "sign-ins";
/** How long the first waits for others like it, ms; and how long at least is between two times that they are told. */
export const LINGER_MS = 2_000;
export const WINDOW_MS = 60_000;
/** Rows that wait for a destination. Beyond, it is counted on. */
export const MAX_WAITING = 10_000;
/** Of one report. */
export const MAX_REPORTED = 200;
/** Rows that are read at a time. */
const PAGE = 200;

const SCHEMA = [
  // '' stands for null, which a key could hold many times.
  `CREATE TABLE IF NOT EXISTS sign_ins_open (reason TEXT NOT NULL, principal TEXT NOT NULL, issuer TEXT NOT NULL,
     address TEXT NOT NULL, count INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
     PRIMARY KEY (reason, principal, issuer, address)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS sign_ins_told (seq INTEGER PRIMARY KEY, reason TEXT NOT NULL,
     principal TEXT NOT NULL, issuer TEXT NOT NULL, address TEXT NOT NULL, count INTEGER NOT NULL,
     first INTEGER NOT NULL, last INTEGER NOT NULL)`,
];

const COLUMNS = "reason, principal, issuer, address, count, first, last";

type Row = { [Name in keyof RefusedSignIns]: NonNullable<RefusedSignIns[Name]> };

/**
 * Refused sign-ins in the SQL of an object, as a source of its SIEM outbox: those that are alike are counted, and told
 * together. Rows are bounded, whatever comes: `MAX_APART` and the reasons of what is being counted, `MAX_WAITING` and
 * these of what waits to be delivered. Nothing is dropped: what there is no room for is counted with others.
 */
export class SignIns {
  readonly #sql: Sql;
  /** When it was last told; an object that starts anew may tell once more. */
  #closed = Number.NEGATIVE_INFINITY;

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  /** Counts what was reported; the first `MAX_REPORTED` of it. */
  add(refused: readonly RefusedSignIns[]): void {
    let open = this.#number("SELECT count(*) AS n FROM sign_ins_open");
    for (const one of refused.slice(0, MAX_REPORTED)) {
      if (this.#addTo(one)) continue;
      const row = open < MAX_APART ? one : folded(one);
      if (row !== one && this.#addTo(row)) continue;
      this.#insert(row);
      open += 1;
    }
  }

  /** When `close` is wanted next, ms since 1970; Infinity for never. */
  deadline(now: number): number {
    const first = this.#number("SELECT coalesce(min(first), -1) AS n FROM sign_ins_open");
    if (first === -1) return Number.POSITIVE_INFINITY;
    return this.#isFull() ? now + WINDOW_MS : Math.max(first + LINGER_MS, this.#closed + WINDOW_MS);
  }

  /** Lets go what was counted, if it is time; whether there is something to tell. `delivered`: up to here all is, so it goes. */
  close(now: number, delivered: number): boolean {
    // The last one stays: the next has the number after it.
    this.#sql.exec(
      "DELETE FROM sign_ins_told WHERE seq <= ? AND seq < (SELECT max(seq) FROM sign_ins_told)",
      delivered,
    );
    if (this.deadline(now) > now) return false;
    this.#sql.exec(
      `INSERT INTO sign_ins_told (${COLUMNS}) SELECT ${COLUMNS} FROM sign_ins_open ORDER BY first, reason`,
    );
    this.#sql.exec("DELETE FROM sign_ins_open");
    this.#closed = now;
    return true;
  }

  /** As a source, whose name the caller knows. */
  sources(): Sources {
    return {
      extent: () => ({
        last: this.#number("SELECT coalesce(max(seq), 0) AS n FROM sign_ins_told"),
        isOver: false,
      }),
      // The last one that was told is read again, so that it is known to be.
      reader: (_source, after) => this.#reader(Math.max(after.seq, 1)),
    };
  }

  #reader(first: number): SourceReader {
    let next = first;
    const page = (from: number) => this.#page(from);
    return {
      async *steps() {
        for (let rows = page(next); rows.length > 0; rows = page(next)) {
          for (const { seq, refused } of rows) {
            next = seq + 1;
            yield { seq, events: [signInEvent(refused, `${refused.first}/${seq}`)], bytes: 1_024 };
          }
        }
      },
    };
  }

  #page(from: number): { seq: number; refused: RefusedSignIns }[] {
    const rows = this.#sql.exec(
      `SELECT seq, ${COLUMNS} FROM sign_ins_told WHERE seq >= ? ORDER BY seq LIMIT ${PAGE}`,
      from,
    ) as Iterable<unknown> as Iterable<Row & { seq: number }>;
    return Array.from(rows, ({ seq, ...row }) => {
      const orNull = (text: string) => (text === "" ? null : text);
      const { principal, issuer, address } = row;
      return {
        seq,
        refused: {
          ...row,
          principal: orNull(principal),
          issuer: orNull(issuer),
          address: orNull(address),
        },
      };
    });
  }

  /** False where there is no such row. */
  #addTo({ reason, principal, issuer, address, count, first, last }: RefusedSignIns): boolean {
    const [row] = this.#sql.exec(
      `UPDATE sign_ins_open SET count = count + ?5, first = min(first, ?6), last = max(last, ?7)
       WHERE reason = ?1 AND principal = ?2 AND issuer = ?3 AND address = ?4 RETURNING 1 AS done`,
      reason,
      principal ?? "",
      issuer ?? "",
      address ?? "",
      count,
      first,
      last,
    );
    return row !== undefined;
  }

  #insert({ reason, principal, issuer, address, count, first, last }: RefusedSignIns): void {
    this.#sql.exec(
      `INSERT INTO sign_ins_open (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      reason,
      principal ?? "",
      issuer ?? "",
      address ?? "",
      count,
      first,
      last,
    );
  }

  #isFull(): boolean {
    return this.#number("SELECT count(*) AS n FROM sign_ins_told") >= MAX_WAITING;
  }

  #number(query: string): number {
    const [row] = this.#sql.exec(query);
    return Number(row!.n);
  }
}

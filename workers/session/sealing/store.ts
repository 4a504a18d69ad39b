import type { FoundPart } from "../entries.ts";
import type { Sql } from "../log.ts";
import type { Attempt, Sealing } from "./machine.ts";

/** Where the sealing of each of an object's sessions stands, by the session's number; and the parts that are made. */
export class SealingStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS sealing (no INTEGER PRIMARY KEY, due REAL NOT NULL, state TEXT NOT NULL)",
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS parts (no INTEGER NOT NULL, part INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, made TEXT NOT NULL, PRIMARY KEY (no, part)) WITHOUT ROWID",
    );
  }

  find(no: number): Sealing | null {
    const [row] = this.#sql.exec("SELECT state FROM sealing WHERE no = ?", no);
    return row ? (JSON.parse(String(row.state)) as Sealing) : null;
  }

  /** `due` may be Infinity: until somebody asks for it. */
  save(no: number, state: Sealing): void {
    // JSON has no Infinity; the column has the truth for `next`, and a state that is found is asked for.
    const due = Math.min(state.due, Number.MAX_SAFE_INTEGER);
    this.#sql.exec(
      "INSERT OR REPLACE INTO sealing VALUES (?, ?, ?)",
      no,
      due,
      JSON.stringify({ ...state, due }),
    );
  }

  /** The session whose turn is first, and when that is, ms since 1970. */
  next(): { no: number; due: number } | null {
    const [row] = this.#sql.exec("SELECT no, due FROM sealing ORDER BY due, no LIMIT 1");
    if (!row || Number(row.due) === Number.MAX_SAFE_INTEGER) return null;
    return { no: Number(row.no), due: Number(row.due) };
  }

  /** Sessions whose turn has come. */
  waiting(now: number): number {
    const [row] = this.#sql.exec("SELECT count(*) AS sessions FROM sealing WHERE due <= ?", now);
    return Number(row!.sessions);
  }

  addPart(no: number, made: Attempt): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)",
      no,
      made.part,
      made.first,
      made.last,
      JSON.stringify(made),
    );
  }

  parts(no: number): Attempt[] {
    return Array.from(this.#sql.exec("SELECT made FROM parts WHERE no = ? ORDER BY part", no), (row) =>
      JSON.parse(String(row.made)),
    );
  }

  /**
   * The part from which an entry is to be read; of a number that is after all entries the final one, if it is there. Nobody here
   * reads one that is encrypted: rows have its entries until they go.
   */
  part(no: number, seq: number, isEncrypted: boolean): FoundPart | null {
    if (isEncrypted && hasRows(this.find(no))) return null;
    const [row] = this.#sql.exec(
      "SELECT made FROM parts WHERE no = ? AND first <= ? ORDER BY part DESC LIMIT 1",
      no,
      seq,
    );
    if (!row) return null;
    const { isFinal, tallies, ...part } = JSON.parse(String(row.made)) as Attempt;
    if (seq > part.last && !isFinal) return null;
    return { part, isFinal, isEncrypted };
  }

  /** Nothing of a session's sealing stays. */
  remove(no: number): void {
    this.#sql.exec("DELETE FROM sealing WHERE no = ?", no);
    this.#sql.exec("DELETE FROM parts WHERE no = ?", no);
  }
}

/** Whether a session that is being sealed has all its rows. */
function hasRows(state: Sealing | null): boolean {
  return state !== null && state.step !== "free" && state.step !== "rest";
}

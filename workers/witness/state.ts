import { Frontier } from "../../protocol/witness/frontier.ts";
import type { WitnessConflict, WitnessFailure } from "../../protocol/witness/status.ts";
import type { Sql } from "../session/log.ts";
import type { Progress } from "./plan.ts";
import type { WitnessSettings } from "./settings.ts";

/** How far the witness is, at one place, with what it must know to go on. */
export interface WitnessState extends Progress {
  /** Over the leaves that are written: its size is the cursor. */
  frontier: Frontier;
  lastWritten: number | null;
  failure: WitnessFailure | null;
}

interface Row {
  frontier: string;
  covered: number;
  written: number | null;
  failure: string | null;
}

/**
 * What the witness keeps in the ledger object's SQL. Another table, endpoint, role or origin is another place: there it
 * begins with the first leaf, and conflicts of the one before stay on record.
 */
export class WitnessStore {
  readonly #sql: Sql;
  readonly #settings: WitnessSettings;
  readonly #place: string;

  /** Makes the tables if they are not there. */
  constructor(sql: Sql, settings: WitnessSettings, origin: string) {
    this.#sql = sql;
    this.#settings = settings;
    const { table, region, endpoint, role } = settings;
    this.#place = JSON.stringify([region, table, endpoint, role?.arn ?? null, origin]);
    sql.exec(
      `CREATE TABLE IF NOT EXISTS witness (place TEXT PRIMARY KEY, frontier TEXT NOT NULL, covered INTEGER NOT NULL,
         written INTEGER, failure TEXT) WITHOUT ROWID`,
    );
    sql.exec(
      `CREATE TABLE IF NOT EXISTS witness_conflicts (no INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL,
         conflict TEXT NOT NULL)`,
    );
  }

  /** How far it is. Where what is kept was damaged it begins with the first leaf: what is there it will find. */
  read(): WitnessState {
    const rows = this.#sql.exec(
      "SELECT frontier, covered, written, failure FROM witness WHERE place = ?",
      this.#place,
    ) as Iterable<unknown> as Iterable<Row>;
    const [found] = rows;
    const known = found === undefined ? null : frontierOf(found);
    const row = known === null ? undefined : found;
    const frontier = known ?? Frontier.empty();
    const failure = row?.failure == null ? null : (JSON.parse(row.failure) as WitnessFailure);
    return {
      frontier,
      cursor: frontier.size,
      covered: row?.covered ?? 0,
      lastWritten: row?.written ?? null,
      failure,
      attempts: failure?.attempts ?? 0,
      due: failure?.next ?? 0,
      isStopped: this.#isStopped(),
    };
  }

  write({
    frontier,
    covered,
    lastWritten,
    failure,
  }: Pick<WitnessState, "frontier" | "covered" | "lastWritten" | "failure">): void {
    this.#sql.exec(
      `INSERT INTO witness (place, frontier, covered, written, failure) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (place) DO UPDATE SET frontier = excluded.frontier, covered = excluded.covered,
         written = excluded.written, failure = excluded.failure`,
      this.#place,
      frontier.toString(),
      covered,
      lastWritten,
      failure === null ? null : JSON.stringify(failure),
    );
  }

  /** Nothing is written at this place after this. */
  addConflict(
    conflict: Pick<WitnessConflict, "place" | "ours" | "theirs" | "words" | "time">,
  ): WitnessConflict {
    const { table, region } = this.#settings;
    const whole: WitnessConflict = { table, region, ...conflict };
    this.#sql.exec(
      "INSERT INTO witness_conflicts (place, conflict) VALUES (?, ?)",
      this.#place,
      JSON.stringify(whole),
    );
    return whole;
  }

  #isStopped(): boolean {
    const [found] = this.#sql.exec("SELECT 1 FROM witness_conflicts WHERE place = ? LIMIT 1", this.#place);
    return found !== undefined;
  }
}

function frontierOf({ frontier }: Row): Frontier | null {
  try {
    return Frontier.parse(frontier);
  } catch {
    return null;
  }
}

/** The conflicts of every place, the newest first, a hundred at most; also where the witness is off by now. */
export function conflictsIn(sql: Sql): WitnessConflict[] {
  const [made] = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'witness_conflicts'");
  if (made === undefined) return [];
  const rows = sql.exec("SELECT conflict FROM witness_conflicts ORDER BY no DESC LIMIT 100");
  return Array.from(rows, ({ conflict }) => JSON.parse(String(conflict)) as WitnessConflict);
}

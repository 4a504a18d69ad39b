import { SallyportError } from "../../../protocol/errors.ts";

/** Where the target's catalog can be asked: a connection to it that is otherwise idle. */
export interface SqlSource {
  /**
   * Runs a simple Query, which may have several statements, and resolves with the rows of all of them, in order, as
   * text. Throws `TargetSqlError` when the target answers with an error, and `SallyportError` for all else. What
   * comes from a target is bounded: `MAX_ANSWER`.
   */
  query(sql: string): Promise<(string | null)[][]>;
}

/** Bytes of one answer, its messages with their headers: far more than the names of a statement need. */
export const MAX_ANSWER = 16 * 1024 * 1024;

/** The target's own error for one of the connector's questions. Its words may quote anything, so they stay out. */
export class TargetSqlError extends SallyportError {
  readonly sqlstate: string;

  /** `sqlstate`: as the target gave it; what isn't one becomes XX000. */
  constructor(sqlstate: string) {
    const state = /^[0-9A-Z]{5}$/.test(sqlstate) ? sqlstate : "XX000";
    super(
      "target_refused",
      state === LOCK_NOT_AVAILABLE
        ? "the target's catalog can't be read: another session holds a lock on a relation of this statement"
        : `the target's catalog can't be read (SQLSTATE ${state})`,
      "Try again; the target's own log has the reason.",
    );
    this.sqlstate = state;
  }

  /** Somebody, perhaps the session itself, holds a lock that the answer needs: a later try may succeed. */
  get locked(): boolean {
    return this.sqlstate === LOCK_NOT_AVAILABLE;
  }
}

const LOCK_NOT_AVAILABLE = "55P03";

import { SallyportError } from "../../protocol/errors.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { changeReader, dropRows, entryOf, OUTBOX_BATCH, setAside, waitingRows } from "./outbox.ts";

/** What taking rows asks of the ledger's object. */
export interface IntakeHost {
  /** Appends an entry where none of its key is. Throws `conflict` and `invalid_request`. */
  append(entry: LedgerEntry): void;
  /** Signs what was appended. */
  sign(): Promise<void>;
  /** Resolves when all of it is on disk. */
  sync(): Promise<void>;
  /** Tells what somebody must look at. */
  alarm(alarm: string, facts: Record<string, string | number>): void;
}

/**
 * Takes all rows that wait in the directory's outbox. A row goes after its entry stands in the ledger, signed and on
 * disk: what is cut off in between is appended again, and found to be there. One that can't be appended is set aside
 * and told of. Throws what the directory and the storage throw: then nothing is lost, and it is done again.
 */
export async function takeRows(db: D1Database, host: IntakeHost): Promise<void> {
  for (let isFull = true; isFull; ) {
    const rows = await waitingRows(db);
    isFull = rows.length === OUTBOX_BATCH;
    const readChange = await changeReader(db, rows);
    const taken: number[] = [];
    for (const row of rows) {
      try {
        host.append(await entryOf(row, readChange));
        taken.push(row.id);
      } catch (error) {
        if (!(error instanceof SallyportError)) throw error;
        host.alarm("ledger_row_refused", { row: row.id, key: row.key, why: error.message });
        await setAside(db, row.id, error.message);
      }
    }
    if (taken.length === 0) continue;
    await host.sign();
    await host.sync();
    await dropRows(db, taken);
  }
}

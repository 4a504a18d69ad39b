import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { SallyportError } from "../protocol/errors.ts";

const RETRY_MS = 25;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock that a file stands for, or answers undefined when another holds it. The lock is one that the
 * kernel keeps and drops with the process (SQLite's): a file with a process id would be stale after a power cut.
 */
export function tryLock(file: string): FileLock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    const why = (error as Error).message;
    if (/locked/.test(why)) return undefined;
    throw new SallyportError(
      "invalid_config",
      `The lock ${file} can't be taken: ${why}.`,
      "Check that its folder exists and that you may write there.",
    );
  }
}

/** Waits for the lock. Throws `conflict` when another holds it for longer than `limitMs`. */
export async function lock(file: string, limitMs: number): Promise<FileLock> {
  for (const end = Date.now() + limitMs; ; await sleep(RETRY_MS)) {
    const taken = tryLock(file);
    if (taken) return taken;
    if (Date.now() > end) {
      throw new SallyportError(
        "conflict",
        `Another process has held the lock ${file} for ${limitMs / 1000} s.`,
        "Is another sallyport hanging? End it and try again.",
      );
    }
  }
}

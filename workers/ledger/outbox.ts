import { createHash } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { entryText, MAX_WORDS } from "../../protocol/ledger/reading.ts";

/** Rows that are taken at once. */
export const OUTBOX_BATCH = 100;

/** A row that a trigger wrote: infra/migrations/0007_ledger.sql. */
export interface OutboxRow {
  id: number;
  type: string;
  key: string;
  time: number;
  nonce: string;
  row: string;
}

/** Rows that wait, oldest first. */
export async function waitingRows(db: D1Database): Promise<OutboxRow[]> {
  const { results } = await db
    .prepare(
      `SELECT id, type, key, time, nonce, row FROM ledger_outbox WHERE fault IS NULL ORDER BY id LIMIT ${OUTBOX_BATCH}`,
    )
    .all<OutboxRow>();
  return results;
}

/** Rows that stand in the ledger go. */
export async function dropRows(db: D1Database, ids: readonly number[]): Promise<void> {
  await db
    .prepare("DELETE FROM ledger_outbox WHERE id IN (SELECT value FROM json_each(?1))")
    .bind(JSON.stringify(ids))
    .run();
}

/** A row that can't be appended is kept, with the reason, and is in nobody's way. */
export async function setAside(db: D1Database, id: number, fault: string): Promise<void> {
  await db.prepare("UPDATE ledger_outbox SET fault = ?2 WHERE id = ?1").bind(id, fault).run();
}

/** Rows that wait, and since when (ms since 1970; null for none), and rows that were set aside. */
export interface Waiting {
  waiting: number;
  oldest: number | null;
  faulty: number;
}

export async function countRows(db: D1Database): Promise<Waiting> {
  const row = await db
    .prepare(
      `SELECT COUNT(*) FILTER (WHERE fault IS NULL) AS waiting, MIN(time) FILTER (WHERE fault IS NULL) AS oldest,
         COUNT(fault) AS faulty FROM ledger_outbox`,
    )
    .first<Waiting>();
  return row!;
}

/** What a change was from and to, as the directory has it: JSON. Null where there is no such change. */
export type ReadChange = (id: number) => Promise<Change | null>;

interface Change {
  before: string;
  after: string;
}

/** Characters of a change that is read together with others. */
const SHORT = 16_384;

/** Reads what the changes among these rows were: short ones at once, a long one when its turn comes. */
export async function changeReader(db: D1Database, rows: readonly OutboxRow[]): Promise<ReadChange> {
  const keys = rows.filter(({ type }) => type === "change").map(({ key }) => key);
  const short = new Map<number, Change>();
  if (keys.length > 0) {
    const { results } = await db
      .prepare(
        `SELECT id, before, after FROM changes
         WHERE id IN (SELECT CAST(substr(value, 8) AS INTEGER) FROM json_each(?1))
           AND length(before) + length(after) <= ${SHORT}`,
      )
      .bind(JSON.stringify(keys))
      .all<Change & { id: number }>();
    for (const { id, ...change } of results) short.set(id, change);
  }
  return async (id) =>
    short.get(id) ?? db.prepare("SELECT before, after FROM changes WHERE id = ?1").bind(id).first<Change>();
}

/**
 * The entry that a row stands for. Words are cut to what an entry may hold, the texts of a change are hashed. Throws
 * `invalid_request` for a row that is no entry: it was not a trigger that wrote it.
 */
export async function entryOf(row: OutboxRow, readChange: ReadChange): Promise<LedgerEntry> {
  const facts = factsOf(row);
  if (row.type === "change") {
    const change = await readChange(Number(facts.change));
    if (!change) throw new SallyportError("invalid_request", "the change is not in the directory any more");
    facts.before = sha256(change.before);
    facts.after = sha256(change.after);
  }
  for (const name of ["reason", "subject", "by"]) {
    const words = facts[name];
    if (typeof words === "string" && words.length > MAX_WORDS) facts[name] = cut(words);
  }
  const { type, key, nonce, time } = row;
  const entry = { type, key, nonce, time, ...facts } as unknown as LedgerEntry;
  // Strict: what would not be read back is not appended.
  entryText(entry);
  return entry;
}

function factsOf(row: OutboxRow): Record<string, unknown> {
  try {
    return JSON.parse(row.row) as Record<string, unknown>;
  } catch {
    throw new SallyportError("invalid_request", "a row of the ledger's outbox is no JSON");
  }
}

/** Ends with an ellipsis, and not within a surrogate pair. */
function cut(words: string): string {
  return `${words.slice(0, MAX_WORDS - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

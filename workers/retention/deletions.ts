import type { SessionDeleted } from "../../protocol/ledger/entry.ts";
import type { SessionDeletion } from "../../protocol/retention.ts";
import { type Actor, recordChange } from "../directory/changes.ts";
import type { Deletion } from "./carry-out.ts";
import { HOLDS } from "./holds.ts";
import { type DeletionState, type DeletionStep, decided } from "./machine.ts";

/** The row of a deletion, as far as a stub needs it; all null where there is none. */
export interface StubRow {
  deletion_entry: string | null;
  deletion_step: DeletionStep | null;
  deletion_ledger: number | null;
  deletion_fault: string | null;
}

/** Columns of `deletions`, joined as `d`, for `stubOf`. */
export const STUB_COLUMNS =
  "d.entry AS deletion_entry, d.step AS deletion_step, d.ledger AS deletion_ledger, d.fault AS deletion_fault";

/** What has become of a recording that was to be deleted; null where nobody has. */
export function stubOf(row: StubRow): SessionDeletion | null {
  if (row.deletion_entry === null) return null;
  const { time, reason, by } = JSON.parse(row.deletion_entry) as SessionDeleted;
  return {
    state: row.deletion_step === "done" ? "deleted" : "deleting",
    at: time,
    reason,
    by,
    entry: row.deletion_ledger,
    fault: row.deletion_fault,
  };
}

interface Row {
  session: string;
  step: DeletionStep;
  due: number;
  failures: number;
  fault: string | null;
  entry: string;
  ledger: number | null;
  deleted: number | null;
}

/** Where a recording may go: it is sealed, nobody deletes it yet, and nothing holds it. ?4 is the session. */
const MAY_GO = `EXISTS (SELECT 1 FROM recordings WHERE session = ?4)
  AND NOT EXISTS (SELECT 1 FROM deletions WHERE session = ?4)
  AND NOT EXISTS (SELECT 1 FROM sessions AS s JOIN holds AS h ON ${HOLDS} WHERE s.id = ?4)`;

/**
 * Decides by somebody's word that a recording goes, and records the change, where it may go: checked and written in one
 * transaction. Whether it was.
 */
export async function decideByHand(db: D1Database, entry: SessionDeleted, by: Actor): Promise<boolean> {
  const change = {
    action: "session.delete",
    subject: entry.session,
    before: { archive: entry.archive, head: entry.head },
    after: { reason: entry.reason },
  };
  const [, inserted] = await db.batch([
    recordChange(db, by, change, MAY_GO),
    insertion(db, entry, MAY_GO),
    noLongerDue(db, entry.session),
  ]);
  return inserted!.results.length > 0;
}

/** Decides by a rule: as by hand, and only while these settings (JSON) are in force. */
export async function decideByRule(
  db: D1Database,
  entry: SessionDeleted,
  settings: string,
): Promise<boolean> {
  const inForce = "(SELECT value FROM settings WHERE name = 'retention') = ?5";
  const [inserted] = await db.batch([
    insertion(db, entry, `${MAY_GO} AND ${inForce}`, settings),
    noLongerDue(db, entry.session),
  ]);
  return inserted!.results.length > 0;
}

function insertion(
  db: D1Database,
  entry: SessionDeleted,
  condition: string,
  ...more: string[]
): D1PreparedStatement {
  const { step, due } = decided(entry.time);
  return db
    .prepare(
      `INSERT INTO deletions (session, step, due, failures, entry)
       SELECT ?4, ?1, ?2, 0, ?3 WHERE ${condition} RETURNING session`,
    )
    .bind(step, due, JSON.stringify(entry), entry.session, ...more);
}

function noLongerDue(db: D1Database, session: string): D1PreparedStatement {
  return db
    .prepare(
      "DELETE FROM retention_due WHERE session = ?1 AND EXISTS (SELECT 1 FROM deletions WHERE session = ?1)",
    )
    .bind(session);
}

/** The deletion of a session, or null. */
export async function findDeletion(db: D1Database, session: string): Promise<Deletion | null> {
  const row = await db.prepare("SELECT * FROM deletions WHERE session = ?1").bind(session).first<Row>();
  return row && deletionOf(row);
}

/** Deletions whose next step is due, the longest waiting first. */
export async function dueDeletions(db: D1Database, now: number, limit: number): Promise<Deletion[]> {
  const { results } = await db
    .prepare("SELECT * FROM deletions WHERE deleted IS NULL AND due <= ?1 ORDER BY due LIMIT ?2")
    .bind(now, limit)
    .all<Row>();
  return results.map(deletionOf);
}

/** Writes a deletion's state, where the step that is written is still `from`. */
export async function saveDeletion(
  db: D1Database,
  session: string,
  from: DeletionStep,
  { step, due, failures, fault, entry, deleted }: DeletionState,
): Promise<void> {
  await db
    .prepare(
      `UPDATE deletions SET step = ?3, due = ?4, failures = ?5, fault = ?6, ledger = ?7, deleted = ?8
       WHERE session = ?1 AND step = ?2`,
    )
    .bind(session, from, step, due, failures, fault, entry, deleted)
    .run();
}

function deletionOf({ session, entry, ledger, ...state }: Row): Deletion {
  return { session, entry: JSON.parse(entry) as SessionDeleted, state: { ...state, entry: ledger } };
}

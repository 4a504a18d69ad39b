import type { SessionSealed } from "../../protocol/ledger/entry.ts";
import type { SealedPart } from "../../protocol/recording/sealed.ts";
import type { RecordingTrailer } from "../../protocol/recording.ts";
import { STUB_COLUMNS, type StubRow, stubOf } from "../retention/deletions.ts";
import { goneError } from "../retention/gone.ts";

/** A sealed recording, as the directory has it: where it lies, and the trailer of its export file. */
export interface SealedRecording {
  session: string;
  /** Since when, ms since 1970. */
  sealed: number;
  entries: number;
  parts: SealedPart[];
  isEncrypted: boolean;
  trailer: RecordingTrailer;
}

interface Row {
  session: string;
  sealed: number;
  entries: number;
  encrypted: number;
  parts: string;
  edge_seal: string;
  connector_seal: string | null;
}

/**
 * The sealed recording of a session; null while it lies with the session's object. Throws `gone` for one that was deleted, or is
 * being.
 */
export async function findRecording(db: D1Database, session: string): Promise<SealedRecording | null> {
  const row = await db
    .prepare(
      `SELECT r.session, sealed, entries, encrypted, parts, edge_seal, connector_seal, ${STUB_COLUMNS}
       FROM recordings AS r LEFT JOIN deletions AS d ON d.session = r.session WHERE r.session = ?1`,
    )
    .bind(session)
    .first<Row & StubRow>();
  if (!row) return null;
  const deletion = stubOf(row);
  if (deletion) throw goneError(session, deletion);
  return {
    session: row.session,
    sealed: row.sealed,
    entries: row.entries,
    parts: JSON.parse(row.parts),
    isEncrypted: row.encrypted === 1,
    trailer: {
      edgeSeal: JSON.parse(row.edge_seal),
      ...(row.connector_seal !== null && { connectorSeal: JSON.parse(row.connector_seal) }),
    },
  };
}

/** Writes where a sealed recording lies. Safe to repeat. `now` in ms. */
export async function markSealed(
  db: D1Database,
  entry: SessionSealed,
  parts: readonly SealedPart[],
  isEncrypted: boolean,
  now: number,
): Promise<void> {
  const plain = parts.map(({ part, first, last, bytes, sha256 }) => ({ part, first, last, bytes, sha256 }));
  await db.batch([
    db
      .prepare(
        `INSERT INTO recordings (session, sealed, entries, bytes, archive, encrypted, parts, edge_seal, connector_seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (session) DO NOTHING`,
      )
      .bind(
        entry.session,
        now,
        entry.edgeSeal.entries,
        entry.bytes,
        entry.archive,
        isEncrypted ? 1 : 0,
        JSON.stringify(plain),
        JSON.stringify(entry.edgeSeal),
        entry.connectorSeal && JSON.stringify(entry.connectorSeal),
      ),
    db
      .prepare(
        `UPDATE sessions SET sealed = (SELECT sealed FROM recordings WHERE session = ?1), agreement = ?2, seal_fault = NULL
         WHERE id = ?1`,
      )
      .bind(entry.session, entry.agreement),
  ]);
}

/** Notes why a recording can't be sealed as it is. */
export async function noteSealFault(db: D1Database, session: string, fault: string): Promise<void> {
  await db.prepare("UPDATE sessions SET seal_fault = ?2 WHERE id = ?1").bind(session, fault).run();
}

/** Notes of a session that was opened, and has ended, that its object has no recording of it. Of others this does nothing. */
export async function noteLostRecording(db: D1Database, session: string): Promise<void> {
  await db
    .prepare(
      `UPDATE sessions SET seal_fault = 'its object has no recording of it'
       WHERE id = ?1 AND ended IS NOT NULL AND sealed IS NULL AND never_opened = 0`,
    )
    .bind(session)
    .run();
}

/** Sessions that ended before a time (ms) and whose recording is not sealed, the oldest first, at most `limit`. */
export async function unsealedSessions(db: D1Database, before: number, limit: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT id FROM sessions WHERE ended IS NOT NULL AND sealed IS NULL AND never_opened = 0 AND seal_fault IS NULL
         AND ended < ?1 ORDER BY ended, id LIMIT ?2`,
    )
    .bind(before, limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

import { OTHER_LABELS } from "../../protocol/activity/draft.ts";
import type { RetentionSettings } from "../../protocol/retention.ts";
import { HOLDS } from "./holds.ts";
import { type Kept, keepingOf, type MaskedLabels } from "./rules.ts";

/** The settings' part, and its text as the directory has it: what is decided by them holds only while they are that. */
export interface RetentionInForce {
  settings: RetentionSettings;
  text: string;
}

/** The retention in force; null where everything is kept for ever, as nothing was ever set. */
export async function retentionInForce(db: D1Database): Promise<RetentionInForce | null> {
  const row = await db
    .prepare("SELECT value FROM settings WHERE name = 'retention'")
    .first<{ value: string }>();
  return row && { settings: JSON.parse(row.value) as RetentionSettings, text: row.value };
}

/** How far the sweep is; see infra/migrations/0011_retention.sql. */
export interface Pass {
  settings: string;
  place: number;
  swept: number;
  paused: number;
}

/** Null before the first. */
export async function readPass(db: D1Database): Promise<Pass | null> {
  return db.prepare("SELECT settings, place, swept, paused FROM retention_pass").first<Pass>();
}

export async function savePass(
  db: D1Database,
  { settings, swept, paused }: Omit<Pass, "place">,
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO retention_pass (id, settings, place, swept, paused) VALUES (1, ?1, 0, ?2, ?3)
       ON CONFLICT (id) DO UPDATE SET settings = ?1, swept = ?2, paused = ?3,
         place = CASE WHEN retention_pass.settings = ?1 THEN place ELSE 0 END`,
    )
    .bind(settings, swept, paused)
    .run();
}

interface Row {
  place: number;
  id: string;
  target: string;
  principal: string;
  on_behalf_of: string | null;
  groups: string;
  ended: number;
  sealed: number;
  masked: number | null;
  indexed: string | null;
  labels: string | null;
}

const KEPT_QUERY = `SELECT r.rowid AS place, s.id, s.target, s.principal, s.on_behalf_of, s.groups, s.ended, s.sealed,
    t.masked, t.indexed, l.labels
  FROM recordings AS r JOIN sessions AS s ON s.id = r.session
  LEFT JOIN session_tallies AS t ON t.session = s.id LEFT JOIN session_labels AS l ON l.session = s.id`;

/**
 * Looks at the next recordings, at most `limit`, in the order in which they were sealed, and notes until when they are kept
 * that are not kept for ever. Whether there may be more.
 */
export async function noteDue(db: D1Database, force: RetentionInForce, limit: number): Promise<boolean> {
  const { results } = await db
    .prepare(
      `${KEPT_QUERY} WHERE r.rowid > (SELECT place FROM retention_pass WHERE settings = ?1) ORDER BY r.rowid LIMIT ?2`,
    )
    .bind(force.text, limit)
    .all<Row>();
  const last = results.at(-1);
  if (!last) return false;
  const due = results.map((row) => [row.id, untilOf(row, force.settings)] as const);
  const finite = JSON.stringify(due.filter(([, until]) => Number.isFinite(until)));
  const forever = JSON.stringify(
    due.filter(([, until]) => !Number.isFinite(until)).map(([session]) => session),
  );
  await db.batch([
    db
      .prepare(
        `INSERT INTO retention_due (session, until) SELECT value ->> 0, value ->> 1 FROM json_each(?1)
         WHERE NOT EXISTS (SELECT 1 FROM deletions WHERE session = value ->> 0)
         ON CONFLICT (session) DO UPDATE SET until = excluded.until`,
      )
      .bind(finite),
    db.prepare("DELETE FROM retention_due WHERE session IN (SELECT value FROM json_each(?1))").bind(forever),
    db
      .prepare("UPDATE retention_pass SET place = max(place, ?2) WHERE settings = ?1")
      .bind(force.text, last.place),
  ]);
  return results.length === limit;
}

/** A recording whose time may be over. */
export interface Candidate {
  session: string;
  until: number;
  /** By what, in words. */
  by: string;
}

/** What was noted as due, the longest first, and what the rules say of it now. Held recordings are left out. */
export async function dueCandidates(
  db: D1Database,
  settings: RetentionSettings,
  now: number,
  limit: number,
): Promise<Candidate[]> {
  const { results } = await db
    .prepare(
      `${KEPT_QUERY} JOIN retention_due AS u ON u.session = s.id
       WHERE u.until <= ?1 AND NOT EXISTS (SELECT 1 FROM holds AS h WHERE ${HOLDS}) ORDER BY u.until LIMIT ?2`,
    )
    .bind(now, limit)
    .all<Row>();
  return results.map((row) => ({ session: row.id, ...keepingOf(keptOf(row), settings) }));
}

/** Notes that a recording is kept until then, ms since 1970; Infinity for ever. */
export async function postpone(db: D1Database, session: string, until: number): Promise<void> {
  const statement = Number.isFinite(until)
    ? db.prepare("UPDATE retention_due SET until = ?2 WHERE session = ?1").bind(session, until)
    : db.prepare("DELETE FROM retention_due WHERE session = ?1").bind(session);
  await statement.run();
}

function untilOf(row: Row, settings: RetentionSettings): number {
  return keepingOf(keptOf(row), settings).until;
}

function keptOf({ target, principal, on_behalf_of, groups, ended, sealed, ...row }: Row): Kept {
  return {
    target,
    principal,
    groups: JSON.parse(groups) as string[],
    onBehalfOf: on_behalf_of ?? undefined,
    // A clock that was behind at one of both shortens nothing.
    ended: Math.max(ended, sealed),
    labels: labelsOf(row),
  };
}

function labelsOf({ masked, indexed, labels }: Pick<Row, "masked" | "indexed" | "labels">): MaskedLabels {
  const counts = labels === null ? {} : (JSON.parse(labels) as Record<string, number>);
  const names = Object.keys(counts);
  // What was indexed before labels were kept has a sum alone; and of very many the rest goes by no name.
  const isTold = masked === 0 || (names.length > 0 && !names.includes(OTHER_LABELS));
  return { names, isWhole: indexed === "whole" && isTold };
}

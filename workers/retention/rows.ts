import type { RetentionInForce } from "./due.ts";
import { type Kept, keepingOf } from "./rules.ts";

/** What goes by retention rules beside recordings. */
export type RowName = "approvals" | "leases";

interface Row {
  id: string;
  time: number;
  target: string;
  principal: string;
  on_behalf_of: string | null;
  session: string | null;
  /** When it was over, ms since 1970; null while it is not. */
  ended: number | null;
  /** Of its session: null where it has none, or nobody knows of it. */
  groups: string | null;
  session_ended: number | null;
  /** When the session's recording was gone, and who had it deleted; null for a rule. */
  deleted: number | null;
  deleted_by: string | null;
}

const NO_SESSION =
  "NULL AS session, NULL AS groups, NULL AS session_ended, NULL AS deleted, NULL AS deleted_by";

/** Each table's rows as `x`, in the order of the column that is named. */
const TABLES: Record<RowName, { time: string; columns: string; joins: string; isOver: string }> = {
  approvals: {
    time: "asked",
    columns: `x.session, CASE x.status WHEN 'pending' THEN NULL
      ELSE max(coalesce(x.decided_at, x.expires), coalesce(x.until, 0)) END AS ended,
      s.groups, s.ended AS session_ended, d.deleted, d.entry ->> 'by' AS deleted_by`,
    joins: "LEFT JOIN sessions AS s ON s.id = x.session LEFT JOIN deletions AS d ON d.session = x.session",
    isOver: "x.status <> 'pending'",
  },
  leases: {
    time: "granted",
    columns: `${NO_SESSION}, coalesce(x.revoked, x.until) AS ended`,
    joins: "",
    // As long as a session stands on it.
    isOver: "NOT EXISTS (SELECT 1 FROM sessions WHERE lease = x.id AND ended IS NULL)",
  },
};

/** Whether a row is held: by what it names, or with a session that it let open. */
const heldAs = (
  session: string,
) => `EXISTS (SELECT 1 FROM holds AS h WHERE h.released IS NULL AND (h.target = x.target
    OR h.principal = x.principal OR h.principal = x.on_behalf_of OR h.session = ${session}))
  OR EXISTS (SELECT 1 FROM holds AS h JOIN sessions AS o ON o.id = h.session
    WHERE h.released IS NULL AND h.session IS NOT NULL AND o.lease = x.id)`;
const HELD: Record<RowName, string> = { approvals: heldAs("x.session"), leases: heldAs("NULL") };

/**
 * Looks at the next approvals or leases, at most `limit`, and removes those that the rules keep no longer and nothing holds. Begins
 * anew behind the last. Answers how many went. Safe to run twice at once. `now` in ms.
 */
export async function sweepRows(
  db: D1Database,
  name: RowName,
  force: RetentionInForce,
  limit: number,
  now: number,
): Promise<number> {
  const { time, columns, joins, isOver } = TABLES[name];
  const { results } = await db
    .prepare(
      `SELECT x.id, x.${time} AS time, x.target, x.principal, x.on_behalf_of, ${columns} FROM ${name} AS x ${joins}
       WHERE (x.${time}, x.id) > (SELECT coalesce(max(time), -1), coalesce(max(id), '') FROM retention_rows WHERE name = ?1)
       ORDER BY x.${time}, x.id LIMIT ?2`,
    )
    .bind(name, limit)
    .all<Row>();
  const last = results.length === limit ? results.at(-1)! : null;
  const over = results.filter((row) => untilOf(row, force) <= now).map(({ id }) => id);
  const [removed] = await db.batch([
    db
      .prepare(
        `DELETE FROM ${name} AS x WHERE x.id IN (SELECT value FROM json_each(?1)) AND ${isOver}
         AND (SELECT value FROM settings WHERE name = 'retention') = ?2 AND NOT (${HELD[name]}) RETURNING id`,
      )
      .bind(JSON.stringify(over), force.text),
    last === null
      ? db.prepare("DELETE FROM retention_rows WHERE name = ?1").bind(name)
      : db
          .prepare(
            `INSERT INTO retention_rows (name, time, id) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET time = ?2, id = ?3`,
          )
          .bind(name, last.time, last.id),
  ]);
  return removed!.results.length;
}

/** Until when a row is kept, ms since 1970. What belongs to a session stays as long as its recording. */
function untilOf(row: Row, { settings }: RetentionInForce): number {
  const { session, ended, groups, session_ended, deleted, deleted_by } = row;
  if (ended === null) return Number.POSITIVE_INFINITY;
  if (session === null) return keepingOf(keptOf(row, ended, null), settings).until;
  if (deleted === null || groups === null || session_ended === null) return Number.POSITIVE_INFINITY;
  // A rule has decided on all of the session; who had it deleted by hand, on the recording alone.
  if (deleted_by === null) return Math.max(deleted, ended);
  return keepingOf(keptOf(row, Math.max(ended, session_ended), groups), settings).until;
}

/** Labels are not counted of it, and the index has forgotten those of a session. */
function keptOf({ target, principal, on_behalf_of }: Row, ended: number, groups: string | null): Kept {
  return {
    target,
    principal,
    groups: groups === null ? null : (JSON.parse(groups) as string[]),
    onBehalfOf: on_behalf_of ?? undefined,
    ended,
    labels: { names: [], isWhole: false },
  };
}

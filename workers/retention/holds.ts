import type { Page } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Hold, HoldAdded } from "../../protocol/retention.ts";
import { type Actor, recordChange } from "../directory/changes.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "../directory/page.ts";

/** Whether a row of `holds` as `h` holds a row of `sessions` as `s`. */
export const HOLDS = `h.released IS NULL
  AND (h.session = s.id OR h.target = s.target OR h.principal = s.principal OR h.principal = s.on_behalf_of)`;

/** What is to be held: exactly one of these is not null. */
export type Held = Pick<Hold, "session" | "target" | "principal">;

interface Row extends Held {
  id: string;
  reason: string;
  added: number;
  added_by: string;
  released: number | null;
  released_by: string | null;
  released_reason: string | null;
}

/**
 * Adds a hold, and records the change. Of a session it is checked in the same transaction that the session is there and is not
 * being deleted: throws `not_found`, or answers null where it is too late.
 */
export async function addHold(
  db: D1Database,
  { id, reason, session, target, principal }: Held & { id: string; reason: string },
  by: Actor,
): Promise<HoldAdded | null> {
  const held = { ...(session && { session }), ...(target && { target }), ...(principal && { principal }) };
  const change = { action: "hold.add", subject: `hold/${id}`, before: null, after: { ...held, reason } };
  const [inserted, , late, known] = await db.batch([
    db
      .prepare(
        `INSERT INTO holds (id, session, target, principal, reason, added, added_by)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?2 IS NULL OR (EXISTS (SELECT 1 FROM sessions WHERE id = ?2)
           AND NOT EXISTS (SELECT 1 FROM deletions WHERE session = ?2)) RETURNING *`,
      )
      .bind(id, session, target, principal, reason, by.time, by.principal),
    recordChange(db, by, change, "EXISTS (SELECT 1 FROM holds WHERE 'hold/' || id = ?4)"),
    db
      .prepare(
        `SELECT COUNT(*) AS late FROM deletions AS d JOIN sessions AS s ON s.id = d.session
         JOIN holds AS h ON ${HOLDS} WHERE h.id = ?1`,
      )
      .bind(id),
    db.prepare("SELECT 1 FROM sessions WHERE id = ?1").bind(session),
  ]);
  const [row] = inserted!.results as Row[];
  if (row) return { ...holdOf(row), late: (late!.results[0] as { late: number }).late };
  if (known!.results.length === 0)
    throw new SallyportError("not_found", `there is no session ${session}`, "sallyport sessions list");
  return null;
}

/** Ends a hold, and records the change. Throws `not_found` for one that is not in force. */
export async function releaseHold(db: D1Database, id: string, reason: string, by: Actor): Promise<Hold> {
  const change = {
    action: "hold.release",
    subject: `hold/${id}`,
    before: { released: null },
    after: { reason },
  };
  const [, released] = await db.batch([
    recordChange(
      db,
      by,
      change,
      "EXISTS (SELECT 1 FROM holds WHERE 'hold/' || id = ?4 AND released IS NULL)",
    ),
    db
      .prepare(
        `UPDATE holds SET released = ?2, released_by = ?3, released_reason = ?4
         WHERE id = ?1 AND released IS NULL RETURNING *`,
      )
      .bind(id, by.time, by.principal, reason),
  ]);
  const [row] = released!.results as Row[];
  if (!row) throw new SallyportError("not_found", `there is no hold ${id} in force`, "sallyport holds list");
  return holdOf(row);
}

/** Lists holds, the latest first. Throws `invalid_request` for a cursor that is none. */
export async function listHolds(
  db: D1Database,
  { isReleased }: { isReleased: boolean },
  request: PageRequest,
): Promise<Page<Hold>> {
  const [added, id] =
    request.cursor === null
      ? [Number.MAX_SAFE_INTEGER, ""]
      : decodeCursor(request.cursor, ["number", "string"]);
  const { results } = await db
    .prepare(
      `SELECT * FROM holds WHERE (added, id) < (?1, ?2) AND (?3 OR released IS NULL)
       ORDER BY added DESC, id DESC LIMIT ?4`,
    )
    .bind(added, id, isReleased ? 1 : 0, request.limit + 1)
    .all<Row>();
  return page(results.map(holdOf), request, (last) => encodeCursor([last.added, last.id]));
}

/** Ids of the holds that hold a session, the first ten. */
export async function holdsOf(db: D1Database, session: string): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT h.id FROM sessions AS s JOIN holds AS h ON ${HOLDS} WHERE s.id = ?1 ORDER BY h.added LIMIT 10`,
    )
    .bind(session)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

function holdOf({ released, released_by, released_reason, added_by, ...row }: Row): Hold {
  const { id, session, target, principal, reason, added } = row;
  return {
    id,
    session,
    target,
    principal,
    reason,
    added,
    addedBy: added_by,
    released: released === null ? null : { at: released, by: released_by!, reason: released_reason! },
  };
}

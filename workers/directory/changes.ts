import type { ChangeRecord, Page } from "../../protocol/directory.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

/** Who changes the directory, and when (ms). */
export interface Actor {
  principal: string;
  time: number;
}

/** A change as its record is written; `before` and `after` become JSON. */
export interface ChangeEntry {
  action: string;
  subject: string;
  before: unknown;
  after: unknown;
}

/**
 * The statement that records a change; it goes into the same batch as the change, before it. `condition` is SQL in
 * which ?4 is the subject: where it does not hold, nothing changes and nothing is recorded.
 */
export function recordChange(
  db: D1Database,
  actor: Actor,
  entry: ChangeEntry,
  condition = "true",
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO changes (time, principal, action, subject, before, after)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ${condition}`,
    )
    .bind(
      actor.time,
      actor.principal,
      entry.action,
      entry.subject,
      JSON.stringify(entry.before),
      JSON.stringify(entry.after),
    );
}

/** Lists changes, latest first. Throws `invalid_request` for a cursor that is none. */
export async function listChanges(db: D1Database, request: PageRequest): Promise<Page<ChangeRecord>> {
  const before =
    request.cursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(request.cursor, ["number"])[0];
  const { results } = await db
    .prepare("SELECT * FROM changes WHERE id < ?1 ORDER BY id DESC LIMIT ?2")
    .bind(before, request.limit + 1)
    .all<ChangeRecord & { before: string; after: string }>();
  const records = results.map((row) => ({
    ...row,
    before: JSON.parse(row.before) as unknown,
    after: JSON.parse(row.after) as unknown,
  }));
  return page(records, request, ({ id }) => encodeCursor([id]));
}

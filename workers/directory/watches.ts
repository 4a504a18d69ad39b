import type { Watcher, WatchHolder } from "../session/watchers.ts";
import { MAX_OPEN_SESSIONS } from "./open-sessions.ts";

/** Notes who is about to watch a session, so that a revocation finds it; and forgets those of sessions that are over. */
export async function noteWatch(db: D1Database, session: string, watcher: Watcher): Promise<void> {
  const { principal, onBehalfOf = "", token = "" } = watcher;
  await db.batch([
    db.prepare("DELETE FROM watches WHERE session IN (SELECT id FROM sessions WHERE ended IS NOT NULL)"),
    db
      .prepare(
        "INSERT OR IGNORE INTO watches (session, principal, on_behalf_of, token) VALUES (?1, ?2, ?3, ?4)",
      )
      .bind(session, principal, onBehalfOf, token),
  ]);
}

/** Open sessions that somebody may be watching; with a holder, those that this one may. At most `MAX_OPEN_SESSIONS`. */
export async function watchedSessions(db: D1Database, holder: WatchHolder | null): Promise<string[]> {
  const [condition, value] =
    holder === null
      ? ["?1 IS NULL", null]
      : "token" in holder
        ? ["token = ?1", holder.token]
        : ["(principal = ?1 OR on_behalf_of = ?1)", holder.principal];
  const { results } = await db
    .prepare(
      `SELECT DISTINCT session FROM watches
       WHERE ${condition} AND EXISTS (SELECT 1 FROM sessions WHERE id = session AND ended IS NULL)
       LIMIT ${MAX_OPEN_SESSIONS}`,
    )
    .bind(value)
    .all<{ session: string }>();
  return results.map(({ session }) => session);
}

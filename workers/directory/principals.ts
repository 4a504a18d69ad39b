import type { Page, Principal } from "../../protocol/directory.ts";
import { type Actor, recordChange } from "./changes.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

interface PrincipalRow {
  name: string;
  first_seen: number;
  disabled: number | null;
  disabled_by: string | null;
}

function principalOf({ first_seen, disabled_by, ...row }: PrincipalRow): Principal {
  return { ...row, firstSeen: first_seen, disabledBy: disabled_by };
}

/** Which of these principals are disabled. */
export async function disabledAmong(db: D1Database, names: string[]): Promise<string[]> {
  const { results } = await db
    .prepare(
      "SELECT name FROM principals WHERE name IN (SELECT value FROM json_each(?1)) AND disabled IS NOT NULL",
    )
    .bind(JSON.stringify(names))
    .all<{ name: string }>();
  return results.map(({ name }) => name);
}

/** Lists principals by name. Throws `invalid_request` for a cursor that is none. */
export async function listPrincipals(db: D1Database, request: PageRequest): Promise<Page<Principal>> {
  const after = request.cursor === null ? "" : decodeCursor(request.cursor, ["string"])[0];
  const { results } = await db
    .prepare("SELECT * FROM principals WHERE name > ?1 ORDER BY name LIMIT ?2")
    .bind(after, request.limit + 1)
    .all<PrincipalRow>();
  return page(results.map(principalOf), request, ({ name }) => encodeCursor([name]));
}

/** Of the subject of a change. */
const IS_DISABLED = "EXISTS (SELECT 1 FROM principals WHERE name = ?4 AND disabled IS NOT NULL)";

/** Disables a principal, also one that was never seen. What it opened must be killed after this. */
export async function disablePrincipal(
  db: D1Database,
  name: string,
  reason: string | null,
  actor: Actor,
): Promise<void> {
  const statement = db
    .prepare(
      `INSERT INTO principals (name, first_seen, disabled, disabled_by) VALUES (?1, ?2, ?2, ?3)
       ON CONFLICT (name) DO UPDATE SET disabled = ?2, disabled_by = ?3 WHERE disabled IS NULL`,
    )
    .bind(name, actor.time, actor.principal);
  const after = { disabled: actor.time, reason };
  const entry = { action: "principal.disable", subject: name, before: { disabled: null }, after };
  await db.batch([recordChange(db, actor, entry, `NOT ${IS_DISABLED}`), statement]);
}

/** Lets a disabled principal in again; does nothing to another. */
export async function enablePrincipal(
  db: D1Database,
  name: string,
  reason: string | null,
  actor: Actor,
): Promise<void> {
  const statement = db
    .prepare("UPDATE principals SET disabled = NULL, disabled_by = NULL WHERE name = ?1")
    .bind(name);
  const after = { disabled: null, reason };
  const entry = { action: "principal.enable", subject: name, before: { disabled: true }, after };
  await db.batch([recordChange(db, actor, entry, IS_DISABLED), statement]);
}

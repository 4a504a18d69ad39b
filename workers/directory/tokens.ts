import type { Page, Token } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { type Actor, recordChange } from "./changes.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";
import { type EdgeSettings, SETTINGS_QUERY, type SettingsRow, settingsOf } from "./settings.ts";

interface TokenRow {
  name: string;
  principal: string;
  administrator: number;
  created: number;
  created_by: string;
  expires: number;
  revoked: number | null;
  last_used: number | null;
}

const COLUMNS = "name, principal, administrator, created, created_by, expires, revoked, last_used";

/** `lastUsed` is exact to this much, so that use does not cost a write each time. */
const LAST_USED_STEP_MS = 60_000;

function tokenOf({ administrator, created_by, last_used, ...row }: TokenRow): Token {
  return { ...row, administrator: administrator === 1, createdBy: created_by, lastUsed: last_used };
}

/** The token with this hash, whatever its state, and what else decides on its bearer, in one round trip. */
export async function findToken(
  db: D1Database,
  hash: string,
): Promise<{ token: Token; principalDisabled: boolean; settings: EdgeSettings } | null> {
  const [tokens, disabled, settings] = await db.batch([
    db.prepare(`SELECT ${COLUMNS} FROM tokens WHERE hash = ?1`).bind(hash),
    db
      .prepare(
        "SELECT 1 FROM principals WHERE name = (SELECT principal FROM tokens WHERE hash = ?1) AND disabled IS NOT NULL",
      )
      .bind(hash),
    db.prepare(SETTINGS_QUERY),
  ]);
  const row = tokens!.results[0] as TokenRow | undefined;
  if (!row) return null;
  return {
    token: tokenOf(row),
    principalDisabled: disabled!.results.length > 0,
    settings: settingsOf(settings!.results as SettingsRow[]),
  };
}

/** Remembers that a token was used. */
export async function noteTokenUse(db: D1Database, token: Token, now: number): Promise<void> {
  if (token.lastUsed !== null && token.lastUsed > now - LAST_USED_STEP_MS) return;
  await db.prepare("UPDATE tokens SET last_used = ?2 WHERE name = ?1").bind(token.name, now).run();
}

/** Lists tokens by name, revoked ones too. Throws `invalid_request` for a cursor that is none. */
export async function listTokens(db: D1Database, request: PageRequest): Promise<Page<Token>> {
  const after = request.cursor === null ? "" : decodeCursor(request.cursor, ["string"])[0];
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM tokens WHERE name > ?1 ORDER BY name LIMIT ?2`)
    .bind(after, request.limit + 1)
    .all<TokenRow>();
  return page(results.map(tokenOf), request, ({ name }) => encodeCursor([name]));
}

/** Keeps a new token by its hash. Throws `conflict` when the name is taken, be it by a revoked token. */
export async function createToken(
  db: D1Database,
  wanted: Pick<Token, "name" | "principal" | "administrator" | "expires">,
  hash: string,
  actor: Actor,
): Promise<Token> {
  const { name, principal, administrator, expires } = wanted;
  const taken = "NOT EXISTS (SELECT 1 FROM tokens WHERE name = ?4)";
  const after = { principal, administrator, expires };
  const [, inserted] = await db.batch([
    recordChange(db, actor, { action: "token.create", subject: name, before: null, after }, taken),
    db
      .prepare(
        `INSERT INTO tokens (name, hash, principal, administrator, created, created_by, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO NOTHING`,
      )
      .bind(name, hash, principal, administrator ? 1 : 0, actor.time, actor.principal, expires),
  ]);
  if (inserted!.meta.changes === 0) {
    throw new SallyportError("conflict", `a token named ${name} exists or existed`, "Choose another name.");
  }
  return {
    ...wanted,
    created: actor.time,
    createdBy: actor.principal,
    revoked: null,
    lastUsed: null,
  };
}

/** Revokes a token; again does nothing. What it opened must be killed after this. Throws `not_found`. */
export async function revokeToken(db: D1Database, name: string, actor: Actor): Promise<void> {
  const [, , found] = await db.batch([
    recordChange(
      db,
      actor,
      {
        action: "token.revoke",
        subject: name,
        before: { revoked: null },
        after: { revoked: actor.time },
      },
      "EXISTS (SELECT 1 FROM tokens WHERE name = ?4 AND revoked IS NULL)",
    ),
    db.prepare("UPDATE tokens SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL").bind(name, actor.time),
    db.prepare("SELECT 1 FROM tokens WHERE name = ?1").bind(name),
  ]);
  if (found!.results.length === 0) throw new SallyportError("not_found", `there is no token ${name}`);
}

import { createHash } from "node:crypto";
import type { PolicyStamp } from "../../protocol/control.ts";
import type { PolicyRecord } from "../../protocol/directory.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import type { Actor } from "./changes.ts";

/** Who put the first set in force; no principal has a blank in its name. */
const STARTER = "starter set";
const COLUMNS = "revision, version, text, time, principal";

/** Reads the stamp of the set in force; of a fresh directory there is no row. */
export const STAMP_QUERY = "SELECT revision, version FROM policy_sets ORDER BY revision DESC LIMIT 1";

/** SHA-256 of a set's text, lower-case hex. */
export function policyVersion(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The set in force. A fresh directory takes the starter set as its first. */
export async function currentPolicies(db: D1Database): Promise<PolicyRecord> {
  const current = () =>
    db.prepare(`SELECT ${COLUMNS} FROM policy_sets ORDER BY revision DESC LIMIT 1`).first<PolicyRecord>();
  const found = await current();
  if (found) return found;
  await db
    .prepare(
      `INSERT INTO policy_sets (${COLUMNS}) SELECT 1, ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM policy_sets)`,
    )
    .bind(policyVersion(STARTER_POLICIES), STARTER_POLICIES, Date.now(), STARTER)
    .run();
  return (await current())!;
}

/** The stamp of the set in force. */
export async function currentStamp(db: D1Database): Promise<PolicyStamp> {
  const stamp = await db.prepare(STAMP_QUERY).first<PolicyStamp>();
  if (stamp) return stamp;
  const { revision, version } = await currentPolicies(db);
  return { revision, version };
}

/** The latest set with this version, or null. */
export async function policiesOf(db: D1Database, version: string): Promise<PolicyRecord | null> {
  return db
    .prepare(`SELECT ${COLUMNS} FROM policy_sets WHERE version = ?1 ORDER BY revision DESC LIMIT 1`)
    .bind(version)
    .first<PolicyRecord>();
}

/** The statement that puts a text in force, unless it is; it goes into the batch that records the change. */
export function putPolicies(db: D1Database, text: string, actor: Actor): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO policy_sets (${COLUMNS})
       SELECT 1 + (SELECT COALESCE(MAX(revision), 0) FROM policy_sets), ?1, ?2, ?3, ?4
       WHERE (SELECT version FROM policy_sets ORDER BY revision DESC LIMIT 1) IS NOT ?1`,
    )
    .bind(policyVersion(text), text, actor.time, actor.principal);
}

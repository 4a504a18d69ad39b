import type { Connector, Page } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { type PublicKey, thumbprint } from "../../protocol/signatures.ts";
import { type Actor, recordChange } from "./changes.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

/** A connector without what only its hub knows. */
export type ConnectorRecord = Omit<Connector, "replicas">;

export interface ConnectorKey {
  connector: string;
  jwk: PublicKey;
  revoked: number | null;
}

interface KeyRow {
  connector: string;
  jwk: string;
  revoked: number | null;
}

function keyOf({ connector, jwk, revoked }: KeyRow): ConnectorKey {
  return { connector, jwk: JSON.parse(jwk) as PublicKey, revoked };
}

/** The key with this thumbprint, revoked or not, or null. */
export async function connectorKey(db: D1Database, key: string): Promise<ConnectorKey | null> {
  const row = await db
    .prepare("SELECT connector, jwk, revoked FROM connector_keys WHERE thumbprint = ?1")
    .bind(key)
    .first<KeyRow>();
  return row && keyOf(row);
}

/** Keys that `GET /v1/keys` lists at most. */
const MAX_KEYS = 5_000;

/** Every key that a connector has or had, latest first: recordings are verified with the key of their time. */
export async function allConnectorKeys(db: D1Database): Promise<ConnectorKey[]> {
  const { results } = await db
    .prepare(
      `SELECT connector, jwk, revoked FROM connector_keys ORDER BY enrolled DESC, thumbprint LIMIT ${MAX_KEYS}`,
    )
    .all<KeyRow>();
  return results.map(keyOf);
}

/** Lists connectors by name, each with its latest key. Throws `invalid_request` for a cursor that is none. */
export async function listConnectors(db: D1Database, request: PageRequest): Promise<Page<ConnectorRecord>> {
  const after = request.cursor === null ? "" : decodeCursor(request.cursor, ["string"])[0];
  const { results } = await db
    .prepare(
      `SELECT name, thumbprint AS key, enrolled, revoked FROM connectors LEFT JOIN connector_keys ON thumbprint = (
         SELECT thumbprint FROM connector_keys WHERE connector = name
         ORDER BY revoked IS NOT NULL, enrolled DESC, thumbprint LIMIT 1)
       WHERE name > ?1 ORDER BY name LIMIT ?2`,
    )
    .bind(after, request.limit + 1)
    .all<ConnectorRecord>();
  return page(results, request, ({ name }) => encodeCursor([name]));
}

/** Names of the connectors that have a key, thus may be online. */
export async function keyedConnectors(db: D1Database): Promise<string[]> {
  const { results } = await db
    .prepare("SELECT connector FROM connector_keys WHERE revoked IS NULL ORDER BY connector")
    .all<{ connector: string }>();
  return results.map(({ connector }) => connector);
}

/** Keeps an enrolment token by its hash, in place of an earlier one of this connector. */
export async function createEnrolment(
  db: D1Database,
  connector: string,
  hash: string,
  expires: number,
  actor: Actor,
): Promise<void> {
  await db.batch([
    recordChange(db, actor, {
      action: "connector.invite",
      subject: connector,
      before: null,
      after: { expires },
    }),
    db
      .prepare("INSERT INTO connectors (name, created) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
      .bind(connector, actor.time),
    db.prepare("DELETE FROM enrolments WHERE connector = ?1 OR expires <= ?2").bind(connector, actor.time),
    db
      .prepare(
        "INSERT INTO enrolments (hash, connector, created, created_by, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
      )
      .bind(hash, connector, actor.time, actor.principal, expires),
  ]);
}

/**
 * Uses an enrolment token, once: the key becomes the connector's, and an earlier key is revoked. `claim` is a random
 * text that marks this use, so that of two at once only one goes on. Throws `bad_ticket`, or `conflict` for a key
 * that was enrolled before.
 */
export async function enrol(
  db: D1Database,
  hash: string,
  jwk: PublicKey,
  claim: string,
  time: number,
): Promise<{ name: string; key: string; replaced: boolean }> {
  const key = thumbprint(jwk);
  if (await connectorKey(db, key)) {
    throw new SallyportError("conflict", "this key was enrolled before", "Make a new key and enrol that.");
  }
  const results = await db.batch([
    db
      .prepare(
        "UPDATE enrolments SET used = ?2, claim = ?3 WHERE hash = ?1 AND used IS NULL AND expires > ?2",
      )
      .bind(hash, time, claim),
    db
      .prepare(
        `INSERT INTO changes (time, principal, action, subject, before, after)
         SELECT ?2, 'connector/' || connector, 'connector.enroll', connector,
           json_object('key', (SELECT thumbprint FROM connector_keys k WHERE k.connector = e.connector AND revoked IS NULL)),
           json_object('key', ?3, 'invitedBy', created_by) FROM enrolments e WHERE claim = ?1`,
      )
      .bind(claim, time, key),
    db
      .prepare(
        `UPDATE connector_keys SET revoked = ?2
         WHERE revoked IS NULL AND connector = (SELECT connector FROM enrolments WHERE claim = ?1)`,
      )
      .bind(claim, time),
    db
      .prepare(
        `INSERT INTO connector_keys (thumbprint, connector, jwk, enrolled)
         SELECT ?2, connector, ?3, ?4 FROM enrolments WHERE claim = ?1`,
      )
      .bind(claim, key, JSON.stringify(jwk), time),
    db.prepare("SELECT connector FROM enrolments WHERE claim = ?1").bind(claim),
  ]);
  const row = results[4]!.results[0] as { connector: string } | undefined;
  if (!row) {
    throw new SallyportError(
      "bad_ticket",
      "the enrolment token is not known, was used, or has expired",
      "Ask an administrator for a new one.",
    );
  }
  return { name: row.connector, key, replaced: results[2]!.meta.changes > 0 };
}

/** Revokes a connector's key and its unused enrolment; again does nothing. Throws `not_found`. */
export async function revokeConnector(db: D1Database, name: string, actor: Actor): Promise<void> {
  const [, , , found] = await db.batch([
    recordChange(
      db,
      actor,
      {
        action: "connector.revoke",
        subject: name,
        before: { revoked: null },
        after: { revoked: actor.time },
      },
      `EXISTS (SELECT 1 FROM connector_keys WHERE connector = ?4 AND revoked IS NULL)
       OR EXISTS (SELECT 1 FROM enrolments WHERE connector = ?4 AND used IS NULL)`,
    ),
    db
      .prepare("UPDATE connector_keys SET revoked = ?2 WHERE connector = ?1 AND revoked IS NULL")
      .bind(name, actor.time),
    db.prepare("DELETE FROM enrolments WHERE connector = ?1").bind(name),
    db.prepare("SELECT 1 FROM connectors WHERE name = ?1").bind(name),
  ]);
  if (found!.results.length === 0) throw new SallyportError("not_found", `there is no connector ${name}`);
}

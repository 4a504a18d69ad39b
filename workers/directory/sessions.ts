import type { EndCode } from "../../protocol/close-reason.ts";
import type { ExchangeKind, Lease, PolicyStamp, SessionFacts } from "../../protocol/control.ts";
import { DEFAULT_EDGE_LIMITS, type Page, type Session, type Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Credential } from "../identity/identity.ts";
import { logLine } from "../log-line.ts";
import { STUB_COLUMNS, type StubRow, stubOf } from "../retention/deletions.ts";
import { LEASE_STANDS, type LeaseRow, leasesQuery, type StandingLease, standingLeaseOf } from "./leases.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";
import { STAMP_QUERY } from "./policies.ts";
import { SETTINGS_QUERY, type SettingsRow, settingsOf } from "./settings.ts";
import { type TargetRow, targetOf } from "./targets.ts";

/** Sessions that may be open at once, whatever the settings: the bound of every listing of open sessions. */
export const MAX_OPEN_SESSIONS = 10_000;

/** What registration reads after it has written the session's row, in the same transaction. */
export interface Standing {
  target: Target | null;
  /** Disabled ones of the principal and the user for whom it acts. */
  disabled: string[];
  /** The service token that opened the session, if that is what opened it. */
  token: { expires: number; revoked: number | null } | null;
  issuers: { issuer: string }[];
  connectorHasKey: boolean;
  /** Open sessions, this one included. */
  open: { all: number; principal: number };
  limits: { sessions: number; sessionsPerPrincipal: number };
  /** The policy set in force; null in a fresh directory. */
  policy: PolicyStamp | null;
  /** Those of this principal, for this user and target, that stand. */
  leases: StandingLease[];
}

/** A session as it is registered: what its facts say of policies is decided on what registration reads. */
export type Registering = Omit<SessionFacts, "listed" | "policy" | "lease"> & { instance: string };

/**
 * Decides `connect` on a target, a policy set and the leases that stand, as they are in the directory; answers why it
 * may not be, or the lease that it needs.
 */
export type DecideConnect = (
  target: Target,
  policy: PolicyStamp | null,
  leases: StandingLease[],
) => Promise<SallyportError | { lease: Lease | null }>;

/**
 * Registers a session as open, then checks that everything which let it open still does. A revocation first writes
 * its mark and then lists the open sessions; as this first inserts and then checks, in one transaction, one of the
 * two always sees the other. So it is with policies: what `decide` is given is the truth at this moment, and a set
 * that comes later finds the session with its connector. The row names every lease that it may stand on before one is
 * chosen, so that a revocation finds it. Answers the error with which the session must end; its row is then closed
 * with it.
 */
export async function register(
  db: D1Database,
  session: Registering,
  credential: Credential,
  decide: DecideConnect,
  exchangeKey: string | null = null,
): Promise<"ok" | SallyportError> {
  const standing = await insertAndRead(db, session, credential, exchangeKey);
  const decided =
    refusal(session, credential, standing) ??
    (await decide(standing.target!, standing.policy, standing.leases));
  if (decided instanceof SallyportError) {
    await markVoid(db, session.session, decided.code, decided.message, session.opened);
    return decided;
  }
  await keepLease(db, session.session, standing.leases, decided.lease);
  return "ok";
}

/** Leaves in a session's row the one lease that it stands on, where the row names others. */
async function keepLease(
  db: D1Database,
  session: string,
  named: readonly StandingLease[],
  lease: Lease | null,
): Promise<void> {
  if (named.every(({ id }) => id === lease?.id)) return;
  try {
    await db
      .prepare("UPDATE sessions SET lease = ?2 WHERE id = ?1")
      .bind(session, lease?.id ?? null)
      .run();
  } catch (error) {
    // A session that names too many ends with any of them; one that fails here would stay registered as open.
    logLine("warning", "a session's lease could not be noted", { session, error });
  }
}

/** Why a session may not open, whatever policies say, or null. Pure; the session's opening time is the clock. */
export function refusal(
  facts: Registering,
  credential: Credential,
  standing: Standing,
): SallyportError | null {
  const { target, disabled, token, issuers, open, limits } = standing;
  const principal = disabled[0];
  if (principal !== undefined) {
    return new SallyportError("forbidden", `the principal ${principal} is disabled`, "Ask an administrator.");
  }
  if (credential.kind === "service-token" && (token === null || token.revoked !== null)) {
    return new SallyportError("unauthenticated", "the service token was revoked");
  }
  if (credential.kind === "oidc" && !issuers.some(({ issuer }) => issuer === credential.issuer)) {
    return new SallyportError("unauthenticated", "the token's issuer is not accepted any more");
  }
  if (credential.kind !== "bootstrap" && credential.expires <= facts.opened) {
    return new SallyportError("unauthenticated", "the token has expired", "Get a new one: sallyport login.");
  }
  if (target === null || target.connector !== facts.connector || target.kind !== facts.kind) {
    return new SallyportError(
      "unknown_target",
      `there is no target ${facts.target} any more, or it has changed`,
    );
  }
  if (!standing.connectorHasKey) {
    return new SallyportError("connector_offline", `the connector ${facts.connector} has no valid key`);
  }
  if (open.principal > limits.sessionsPerPrincipal) {
    return new SallyportError(
      "too_many",
      `${facts.principal} has ${limits.sessionsPerPrincipal} sessions open, its limit`,
      "Close some, or raise limits.sessionsPerPrincipal.",
    );
  }
  if (open.all > Math.min(limits.sessions, MAX_OPEN_SESSIONS)) {
    return new SallyportError(
      "too_many",
      "the edge has as many sessions open as it may",
      "Try again later, or raise limits.sessions.",
    );
  }
  return null;
}

async function insertAndRead(
  db: D1Database,
  session: Registering,
  credential: Credential,
  exchangeKey: string | null,
): Promise<Standing> {
  const user = session.onBehalfOf ?? null;
  const results = await db.batch([
    db
      .prepare(
        `INSERT INTO sessions (id, target, kind, principal, on_behalf_of, groups, token, issuer, connector, instance,
           address, opened, until, exchange_key, lease)
         VALUES (?5, ?3, ?6, ?1, ?2, ?7, ?8, ?9, ?10, ?11, ?12, ?4, ?13, ?14,
           (SELECT group_concat(id, ' ') FROM leases WHERE ${LEASE_STANDS}))`,
      )
      .bind(
        session.principal,
        user,
        session.target,
        session.opened,
        session.session,
        session.kind,
        JSON.stringify(session.groups),
        credential.kind === "service-token" ? credential.id : null,
        credential.kind === "oidc" ? credential.issuer : null,
        session.connector,
        session.instance,
        session.address,
        session.until,
        exchangeKey,
      ),
    db
      .prepare(
        "INSERT OR IGNORE INTO principals (name, first_seen) SELECT value, ?2 FROM json_each(?1) WHERE value IS NOT NULL",
      )
      .bind(JSON.stringify([session.principal, user]), session.opened),
    db.prepare("SELECT * FROM targets WHERE name = ?1").bind(session.target),
    db
      .prepare("SELECT name FROM principals WHERE name IN (?1, ?2) AND disabled IS NOT NULL")
      .bind(session.principal, user),
    db
      .prepare("SELECT expires, revoked FROM tokens WHERE name = ?1")
      .bind(credential.kind === "service-token" ? credential.id : null),
    db.prepare(SETTINGS_QUERY),
    db
      .prepare("SELECT 1 FROM connector_keys WHERE connector = ?1 AND revoked IS NULL")
      .bind(session.connector),
    db
      .prepare(
        "SELECT COUNT(*) AS everyone, COALESCE(SUM(principal = ?1), 0) AS principal FROM sessions WHERE ended IS NULL",
      )
      .bind(session.principal),
    db.prepare(STAMP_QUERY),
    leasesQuery(db, session, session.opened),
  ]);
  const [, , target, disabled, token, settings, key, open, policy, leases] = results.map(
    ({ results }) => results,
  ) as [
    unknown,
    unknown,
    TargetRow[],
    { name: string }[],
    { expires: number; revoked: number | null }[],
    SettingsRow[],
    unknown[],
    { everyone: number; principal: number }[],
    PolicyStamp[],
    LeaseRow[],
  ];
  const { issuers, limits } = settingsOf(settings);
  return {
    target: target[0] ? targetOf(target[0]) : null,
    disabled: disabled.map(({ name }) => name),
    token: token[0] ?? null,
    issuers,
    connectorHasKey: key.length > 0,
    open: { all: open[0]!.everyone, principal: open[0]!.principal },
    limits: { ...DEFAULT_EDGE_LIMITS, ...limits },
    policy: policy[0] ?? null,
    leases: leases.map(standingLeaseOf),
  };
}

/** The open session that requests with this key share, the latest of several; null where there is none. */
export async function findExchangeSession(
  db: D1Database,
  key: string,
): Promise<{ session: string; kind: ExchangeKind } | null> {
  return db
    .prepare(
      `SELECT id AS session, kind FROM sessions WHERE exchange_key = ?1 AND ended IS NULL
       ORDER BY opened DESC, id LIMIT 1`,
    )
    .bind(key)
    .first();
}

/** Requests find this session no more: it is over, though its end may not be written yet. */
export async function dropExchangeKey(db: D1Database, id: string): Promise<void> {
  await db.prepare("UPDATE sessions SET exchange_key = NULL WHERE id = ?1").bind(id).run();
}

/** Notes that a further process of the connector was asked to join an open session. */
export async function addInstance(db: D1Database, id: string, instance: string): Promise<void> {
  await db
    .prepare(
      `UPDATE sessions SET instance = instance || ' ' || ?2
       WHERE id = ?1 AND ended IS NULL AND instr(instance, ?2) = 0`,
    )
    .bind(id, instance)
    .run();
}

/** Writes how a session ended; the first word stays. `time` in ms. */
export async function markEnded(
  db: D1Database,
  id: string,
  code: EndCode,
  reason: string,
  time: number,
): Promise<void> {
  await db
    .prepare("UPDATE sessions SET ended = ?2, end_code = ?3, end_reason = ?4 WHERE id = ?1 AND ended IS NULL")
    .bind(id, time, code, reason)
    .run();
}

/** As `markEnded`, of a session that its object never opened, so that there is no recording of it. */
export async function markVoid(
  db: D1Database,
  id: string,
  code: EndCode,
  reason: string,
  time: number,
): Promise<void> {
  await db
    .prepare(
      `UPDATE sessions SET ended = ?2, end_code = ?3, end_reason = ?4, never_opened = 1
       WHERE id = ?1 AND ended IS NULL`,
    )
    .bind(id, time, code, reason)
    .run();
}

/** An open session, with what a revocation must know to judge whether it may stay. */
export interface OpenSession {
  id: string;
  target: string;
  principal: string;
  onBehalfOf?: string;
  groups: string[];
  /** Whose token opened it; absent for service tokens. */
  issuer?: string;
  connector: string;
  /** The connector's process that serves it; of several that were asked to, with blanks between, any may. */
  instance: string;
  opened: number;
}

interface OpenRow {
  id: string;
  target: string;
  principal: string;
  on_behalf_of: string | null;
  groups: string;
  issuer: string | null;
  connector: string;
  instance: string;
  opened: number;
}

const OPEN_COLUMNS = "id, target, principal, on_behalf_of, groups, issuer, connector, instance, opened";

/** Whose sessions to list: those of a principal include those that agents opened for it. */
export type Holder =
  | { principal: string }
  | { token: string }
  | { issuer: string }
  | { target: string }
  | { connector: string }
  | { lease: string };

const HOLDER_CONDITION: Record<string, string> = {
  principal: "(principal = ?1 OR on_behalf_of = ?1)",
  token: "token = ?1",
  issuer: "issuer = ?1",
  target: "target = ?1",
  connector: "connector = ?1",
  // No lease's id is a part of another's.
  lease: "lease IS NOT NULL AND instr(lease, ?1) > 0",
};

/** The open sessions of a holder, at most `MAX_OPEN_SESSIONS`. */
export async function openSessionsOf(db: D1Database, holder: Holder): Promise<OpenSession[]> {
  const [[column, value]] = Object.entries(holder) as [[string, string]];
  return readOpen(
    db
      .prepare(
        `SELECT ${OPEN_COLUMNS} FROM sessions WHERE ended IS NULL AND ${HOLDER_CONDITION[column]} LIMIT ${MAX_OPEN_SESSIONS}`,
      )
      .bind(value),
  );
}

/** All open sessions, oldest first, at most `MAX_OPEN_SESSIONS`: what the sweep looks at. */
export async function openSessions(db: D1Database): Promise<OpenSession[]> {
  return readOpen(
    db.prepare(
      `SELECT ${OPEN_COLUMNS} FROM sessions WHERE ended IS NULL ORDER BY opened, id LIMIT ${MAX_OPEN_SESSIONS}`,
    ),
  );
}

async function readOpen(statement: D1PreparedStatement): Promise<OpenSession[]> {
  const { results } = await statement.all<OpenRow>();
  return results.map(({ on_behalf_of, groups, issuer, ...row }) => ({
    ...row,
    groups: JSON.parse(groups) as string[],
    ...(on_behalf_of !== null && { onBehalfOf: on_behalf_of }),
    ...(issuer !== null && { issuer }),
  }));
}

export interface SessionFilter {
  state?: "open" | "ended";
  principal?: string;
  target?: string;
  /** Only what this principal may see as its own; with a user, only what it opened for that user. */
  owner?: { principal: string; onBehalfOf?: string };
}

interface SessionRow {
  id: string;
  target: string;
  kind: Session["kind"];
  principal: string;
  on_behalf_of: string | null;
  connector: string;
  address: string;
  opened: number;
  ended: number | null;
  end_code: EndCode | null;
  end_reason: string | null;
  sealed: number | null;
  agreement: Session["agreement"];
  seal_fault: string | null;
}

const SESSION_COLUMNS = `id, target, kind, principal, on_behalf_of, connector, address, opened, ended, end_code, end_reason,
  sealed, agreement, seal_fault, ${STUB_COLUMNS}`;
const SESSION_TABLES = "sessions LEFT JOIN deletions AS d ON d.session = sessions.id";

/** Lists sessions, latest first. Throws `invalid_request` for a cursor that is none. */
export async function listSessions(
  db: D1Database,
  filter: SessionFilter,
  request: PageRequest,
): Promise<Page<Session>> {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.state) where(`ended IS ${filter.state === "open" ? "" : "NOT "}NULL`);
  if (filter.principal !== undefined) where("principal = ?", filter.principal);
  if (filter.target !== undefined) where("target = ?", filter.target);
  if (filter.owner?.onBehalfOf !== undefined) {
    where("principal = ? AND on_behalf_of = ?", filter.owner.principal, filter.owner.onBehalfOf);
  } else if (filter.owner) {
    where("(principal = ? OR on_behalf_of = ?)", filter.owner.principal, filter.owner.principal);
  }
  if (request.cursor !== null) {
    const [opened, id] = decodeCursor(request.cursor, ["number", "string"]);
    where("(opened, id) < (?, ?)", opened, id);
  }
  const { results } = await db
    .prepare(
      `SELECT ${SESSION_COLUMNS} FROM ${SESSION_TABLES} ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY opened DESC, id DESC LIMIT ?`,
    )
    .bind(...values, request.limit + 1)
    .all<SessionRow & StubRow>();
  return page(results.map(sessionOf), request, ({ opened, id }) => encodeCursor([opened, id]));
}

/** One session, or null. */
export async function getSession(db: D1Database, id: string): Promise<Session | null> {
  const row = await db
    .prepare(`SELECT ${SESSION_COLUMNS} FROM ${SESSION_TABLES} WHERE id = ?1`)
    .bind(id)
    .first<SessionRow & StubRow>();
  return row && sessionOf(row);
}

function sessionOf({
  on_behalf_of,
  end_code,
  end_reason,
  seal_fault,
  deletion_entry,
  deletion_step,
  deletion_ledger,
  deletion_fault,
  ...row
}: SessionRow & StubRow): Session {
  return {
    ...row,
    onBehalfOf: on_behalf_of,
    endCode: end_code,
    endReason: end_reason,
    sealFault: seal_fault,
    deletion: stubOf({ deletion_entry, deletion_step, deletion_ledger, deletion_fault }),
  };
}

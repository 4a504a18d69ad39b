import type { Lease, PolicyStamp, SessionFacts } from "../../protocol/control.ts";
import { DEFAULT_EDGE_LIMITS, type Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { counted } from "../../protocol/evidence/words.ts";
import { NOT_ENCRYPTED } from "../../protocol/recording/encryption/settings.ts";
import type { Credential } from "../identity/identity.ts";
import { logLine } from "../log-line.ts";
import { LEASE_STANDS, type LeaseRow, leasesQuery, type StandingLease, standingLeaseOf } from "./leases.ts";
import { MAX_OPEN_SESSIONS } from "./open-sessions.ts";
import { STAMP_QUERY } from "./policies.ts";
import { markVoid } from "./sessions.ts";
import { SETTINGS_QUERY, type SettingsRow, settingsOf } from "./settings.ts";
import { type TargetRow, targetOf } from "./targets.ts";

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
  /** To whom recordings are encrypted. */
  recipients: string[];
}

/** A session as it is registered: what its facts say of policies is decided on what registration reads. */
export type Registering = Omit<SessionFacts, "listed" | "policy" | "lease"> & { instance: string };

/**
 * Decides `connect` on a target, a policy set and the leases that stand, as they are in the directory; answers why it
 * may not be, or the lease that it needs. `recipients`: to whom the recording is to be encrypted.
 */
export type DecideConnect = (
  target: Target,
  policy: PolicyStamp | null,
  leases: StandingLease[],
  recipients: string[],
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
    (await decide(standing.target!, standing.policy, standing.leases, standing.recipients));
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
      `${facts.principal} has ${counted(limits.sessionsPerPrincipal, "session")} open, its limit`,
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
  const { issuers, limits, recordings = NOT_ENCRYPTED } = settingsOf(settings);
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
    recipients: recordings.recipients,
  };
}

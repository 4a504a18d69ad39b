import type { ApprovalRule } from "../../protocol/approval/approval.ts";
import type { Lease } from "../../protocol/control.ts";
import type { LeaseRecord, Page, Target } from "../../protocol/directory.ts";
import { type Actor, recordChange } from "./changes.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

/** A lease with what its approvers were asked: it opens nothing that needs others. */
export interface StandingLease extends Lease {
  approvals: ApprovalRule["approvals"];
}

/** Leases of one holder that opening looks at; there is more than one only where policies changed meanwhile. */
const MAX_LEASES = 20;

/** What of a session decides which leases it may stand on. */
export interface LeaseHolder {
  principal: string;
  onBehalfOf?: string;
  target: string;
}

/** That a row of `leases` is this holder's (?1 to ?3), and stands at a time (?4): for this principal and user exactly. */
export const LEASE_STANDS =
  "principal = ?1 AND on_behalf_of IS ?2 AND target = ?3 AND until > ?4 AND revoked IS NULL";

/** The statement that reads a holder's leases that stand at `now` (ms), the longest first; rows for `standingLeaseOf`. */
export function leasesQuery(db: D1Database, holder: LeaseHolder, now: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT id, until, approved_by, approvals FROM leases WHERE ${LEASE_STANDS}
       ORDER BY until DESC, id LIMIT ${MAX_LEASES}`,
    )
    .bind(holder.principal, holder.onBehalfOf ?? null, holder.target, now);
}

export interface LeaseRow {
  id: string;
  until: number;
  approved_by: string;
  approvals: string;
}

export function standingLeaseOf({ id, until, approved_by, approvals }: LeaseRow): StandingLease {
  return {
    id,
    until,
    by: JSON.parse(approved_by) as string[],
    approvals: JSON.parse(approvals) as ApprovalRule["approvals"],
  };
}

/** The leases of a holder that stand at `now`, ms; the longest first. */
export async function standingLeases(
  db: D1Database,
  holder: LeaseHolder,
  now: number,
): Promise<StandingLease[]> {
  const { results } = await leasesQuery(db, holder, now).all<LeaseRow>();
  return results.map(standingLeaseOf);
}

/** A lease as it is granted. */
export interface NewLease extends StandingLease {
  principal: string;
  onBehalfOf: string | null;
  target: string;
  granted: number;
}

const INSERT = `INSERT INTO leases (id, principal, on_behalf_of, target, granted, until, approved_by, approvals,
   revoked, revoked_by, revoked_reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`;

function values(lease: NewLease): (string | number | null)[] {
  const { id, principal, onBehalfOf, target, granted, until, by, approvals } = lease;
  return [id, principal, onBehalfOf, target, granted, until, JSON.stringify(by), JSON.stringify(approvals)];
}

/** Grants a lease, and records the change; again does nothing, nor after it was revoked. */
export async function grantLease(db: D1Database, lease: NewLease): Promise<void> {
  const { id, granted, approvals: _approvals, ...after } = lease;
  await db.batch([
    recordChange(
      db,
      { principal: lease.by.at(-1) ?? "unknown", time: granted },
      { action: "lease.grant", subject: id, before: null, after },
      "NOT EXISTS (SELECT 1 FROM leases WHERE id = ?4)",
    ),
    db.prepare(`${INSERT} ON CONFLICT (id) DO NOTHING`).bind(...values(lease), null, null, null),
  ]);
}

/**
 * Revokes a lease, and records the change; again does nothing. One that is not yet granted never will be. The sessions
 * that stand on it must be ended after this.
 */
export async function revokeLease(
  db: D1Database,
  lease: NewLease,
  reason: string,
  actor: Actor,
): Promise<void> {
  await db.batch([
    recordChange(
      db,
      actor,
      {
        action: "lease.revoke",
        subject: lease.id,
        before: { until: lease.until, target: lease.target, principal: lease.principal },
        after: { revoked: actor.time, reason },
      },
      "NOT EXISTS (SELECT 1 FROM leases WHERE id = ?4 AND revoked IS NOT NULL)",
    ),
    db
      .prepare(
        `${INSERT} ON CONFLICT (id) DO UPDATE SET revoked = ?9, revoked_by = ?10, revoked_reason = ?11
         WHERE revoked IS NULL`,
      )
      .bind(...values(lease), actor.time, actor.principal, reason),
  ]);
}

/**
 * The statement that revokes the leases of targets that go, or that another connector serves: what was approved was
 * another database. It goes into the batch that changes the targets, before it; sessions end with the targets.
 */
export function revokeLeasesOfMoved(
  db: D1Database,
  wanted: readonly Target[],
  actor: Actor,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE leases SET revoked = ?2, revoked_by = ?3,
         revoked_reason = 'its target was removed, or another connector serves it now'
       WHERE revoked IS NULL AND until > ?2 AND NOT EXISTS (
         SELECT 1 FROM targets t JOIN json_each(?1) w ON w.value ->> 'name' = t.name
         WHERE t.name = leases.target AND t.connector = w.value ->> 'connector' AND t.kind = w.value ->> 'kind')`,
    )
    .bind(JSON.stringify(wanted), actor.time, actor.principal);
}

export interface LeaseFilter {
  /** `standing` at this time, or over by then. */
  state?: "standing" | "over";
  principal?: string;
  target?: string;
  /** Only what this principal may see as its own; with a user, only what it has for that user. */
  owner?: { principal: string; onBehalfOf?: string };
}

interface ListedRow extends LeaseRow {
  principal: string;
  on_behalf_of: string | null;
  target: string;
  granted: number;
  revoked: number | null;
  revoked_by: string | null;
  revoked_reason: string | null;
}

/** Lists leases, latest first; `now` in ms. Throws `invalid_request` for a cursor that is none. */
export async function listLeases(
  db: D1Database,
  filter: LeaseFilter,
  request: PageRequest,
  now: number,
): Promise<Page<LeaseRecord>> {
  const conditions = ["true"];
  const bound: (string | number)[] = [];
  const where = (condition: string, ...values: (string | number)[]) => {
    conditions.push(condition);
    bound.push(...values);
  };
  const { state, principal, target, owner } = filter;
  if (state === "standing") where("revoked IS NULL AND until > ?", now);
  if (state === "over") where("(revoked IS NOT NULL OR until <= ?)", now);
  if (principal !== undefined) where("principal = ?", principal);
  if (target !== undefined) where("target = ?", target);
  if (owner?.onBehalfOf !== undefined) {
    where("principal = ? AND on_behalf_of = ?", owner.principal, owner.onBehalfOf);
  } else if (owner) where("(principal = ? OR on_behalf_of = ?)", owner.principal, owner.principal);
  if (request.cursor !== null) {
    where("(granted, id) < (?, ?)", ...decodeCursor(request.cursor, ["number", "string"]));
  }
  const { results } = await db
    .prepare(`SELECT * FROM leases WHERE ${conditions.join(" AND ")} ORDER BY granted DESC, id DESC LIMIT ?`)
    .bind(...bound, request.limit + 1)
    .all<ListedRow>();
  return page(results.map(leaseOf), request, ({ granted, id }) => encodeCursor([granted, id]));
}

function leaseOf(row: ListedRow): LeaseRecord {
  const { id, principal, on_behalf_of, target, granted, until, approved_by } = row;
  return {
    id,
    principal,
    onBehalfOf: on_behalf_of,
    target,
    granted,
    until,
    by: JSON.parse(approved_by) as string[],
    revoked:
      row.revoked === null
        ? null
        : { at: row.revoked, by: row.revoked_by ?? "", reason: row.revoked_reason ?? "" },
  };
}

/** Whether a lease's approvers are all those that opening asks for now: policies may have changed since. */
export function leaseCovers(lease: StandingLease, asked: ApprovalRule["approvals"]): boolean {
  const agreed = new Set(lease.approvals.map(ruleKey));
  return asked.length > 0 && asked.every((rule) => agreed.has(ruleKey(rule)));
}

/** The same groups, in whatever order, with the same quorum. */
function ruleKey({ approvers, quorum }: ApprovalRule["approvals"][number]): string {
  return JSON.stringify([quorum, ...new Set(approvers.toSorted())]);
}

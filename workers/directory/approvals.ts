import type {
  Approval,
  ApprovalId,
  ApprovalKind,
  ApprovalQuestion,
  ApprovalRule,
  ApprovalStatus,
  ApprovalSummary,
} from "../../protocol/approval/approval.ts";
import { questionText } from "../../protocol/approval/text.ts";
import type { Page } from "../../protocol/directory.ts";
import { heldActions } from "../approval/rights.ts";
import { decodeCursor, encodeCursor, type PageRequest } from "./page.ts";

/** Characters of what is asked for that a listing shows. */
const MAX_SUMMARY = 200;
/** Rows that one listing looks at, shown or not; there may be more after them. */
const MAX_SCANNED = 2_000;
/** Rows read at once, at least. */
const CHUNK = 200;

/** A row of the index: what a listing shows, and what is held, on which the right to answer depends. */
export interface IndexedApproval extends ApprovalSummary {
  actions: string[];
}

interface ApprovalRow {
  id: string;
  kind: ApprovalKind;
  session: string | null;
  principal: string;
  on_behalf_of: string | null;
  target: string;
  status: ApprovalStatus;
  asked: number;
  expires: number;
  decided_at: number | null;
  decided_by: string | null;
  decided_reason: string | null;
  until: number | null;
  actions: string;
  approvals: string;
  reason: string;
  summary: string;
}

const COLUMNS =
  "id, kind, session, principal, on_behalf_of, target, status, asked, expires, decided_at, decided_by, decided_reason, until, actions, approvals, reason, summary";

/** A status only ever goes to one of a higher rank. */
const RANK = (status: string) => `CASE ${status} WHEN 'pending' THEN 0 WHEN 'approved' THEN 1 ELSE 2 END`;

/**
 * Brings the index up to an approval as its object has it. Safe to repeat, and in any order: what is older than what
 * stands there changes nothing. Throws what D1 throws.
 */
export async function indexApproval(db: D1Database, approval: Approval): Promise<void> {
  const { id, status, decided, until } = approval;
  await db.batch([
    insertApproval(db, approval),
    db
      .prepare(
        `UPDATE approvals SET status = ?2, decided_at = ?3, decided_by = ?4, decided_reason = ?5, until = ?6
         WHERE id = ?1 AND ${RANK("status")} < ${RANK("?2")}`,
      )
      .bind(id, status, decided?.at ?? null, decided?.by ?? null, decided?.reason ?? null, until),
  ]);
}

/** The statement that adds a row where there is none, nor another pending request of the same holder and target. */
function insertApproval(db: D1Database, approval: Approval): D1PreparedStatement {
  const { question, decided } = approval;
  return db
    .prepare(
      `INSERT OR IGNORE INTO approvals (${COLUMNS})
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`,
    )
    .bind(
      approval.id,
      approval.kind,
      approval.session,
      approval.principal,
      approval.onBehalfOf,
      approval.target,
      approval.status,
      approval.asked,
      approval.expires,
      decided?.at ?? null,
      decided?.by ?? null,
      decided?.reason ?? null,
      approval.until,
      JSON.stringify(heldActions(question)),
      JSON.stringify(question.approvals),
      question.reason,
      summaryOf(question),
    );
}

function summaryOf(question: ApprovalQuestion): string {
  const text = questionText(question);
  const cut = text.slice(0, MAX_SUMMARY);
  return cut.length < text.length ? `${cut.replace(/[\uD800-\uDBFF]$/, "")}…` : cut;
}

/** Removes what was asked in a session whose recording is deleted, or that nobody here reads any more; whether anything was asked in it. Safe to repeat. */
export async function forgetQuestions(db: D1Database, session: string): Promise<boolean> {
  // Overwritten where it lies, so that the page does not keep it.
  const [, removed] = await db.batch([
    db
      .prepare(
        "UPDATE approvals SET summary = CAST(zeroblob(length(CAST(summary AS BLOB))) AS TEXT) WHERE session = ?1",
      )
      .bind(session),
    db.prepare("UPDATE approvals SET summary = '' WHERE session = ?1 RETURNING id").bind(session),
  ]);
  return removed!.results.length > 0;
}

/** Whether the index has this id. */
export async function isIndexed(db: D1Database, id: ApprovalId): Promise<boolean> {
  return (await db.prepare("SELECT 1 FROM approvals WHERE id = ?1").bind(id).first()) !== null;
}

/** Who asks for a target. */
export interface Holder {
  principal: string;
  onBehalfOf: string | null;
  target: string;
}

/**
 * Enters a pending access request, unless there is one of the same holder already, of two at once exactly one.
 * Answers the id of the one that is there now, and how many the principal has asked since `since` (ms), this one
 * included; null when the one that was in the way has just ended: try again.
 */
export async function claimRequest(
  db: D1Database,
  request: Approval,
  since: number,
): Promise<{ id: ApprovalId; recent: number } | null> {
  const { principal, onBehalfOf, target } = request;
  const [, pending, recent] = await db.batch([
    insertApproval(db, request),
    db
      .prepare(
        `SELECT id FROM approvals WHERE kind = 'connect' AND status = 'pending'
           AND principal = ?1 AND COALESCE(on_behalf_of, '') = ?2 AND target = ?3`,
      )
      .bind(principal, onBehalfOf ?? "", target),
    db
      .prepare(
        "SELECT COUNT(*) AS n FROM approvals WHERE principal = ?1 AND asked >= ?2 AND kind = 'connect'",
      )
      .bind(principal, since),
  ]);
  const row = pending!.results[0] as { id: string } | undefined;
  return row ? { id: row.id, recent: (recent!.results[0] as { n: number }).n } : null;
}

/** Takes a claim back whose question was never asked. */
export async function dropClaim(db: D1Database, id: ApprovalId): Promise<void> {
  await db.prepare("DELETE FROM approvals WHERE id = ?1 AND status = 'pending'").bind(id).run();
}

export interface ApprovalFilter {
  status?: ApprovalStatus;
  target?: string;
  principal?: string;
  session?: string;
}

/**
 * Lists approvals that `sees` lets through, latest first. At most 2,000 rows are looked at for a page, so one may be
 * short, or empty, and still have a next. What has run out since its row was written is shown as ended. `now` in ms.
 * Throws `invalid_request` for a cursor that is none.
 */
export async function listApprovals(
  db: D1Database,
  filter: ApprovalFilter,
  sees: (approval: IndexedApproval) => boolean,
  request: PageRequest,
  now: number,
): Promise<Page<IndexedApproval>> {
  let after: [number, string] | null =
    request.cursor === null ? null : decodeCursor(request.cursor, ["number", "string"]);
  const items: IndexedApproval[] = [];
  for (let scanned = 0; scanned < MAX_SCANNED; ) {
    const size = Math.min(Math.max(request.limit + 1, CHUNK), MAX_SCANNED - scanned);
    const rows = await read(db, filter, after, size, now);
    for (const row of rows) {
      const approval = approvalOf(row);
      if (sees(approval)) {
        if (items.length === request.limit) return { items, next: encodeCursor(after!) };
        items.push(approval);
      }
      after = [row.asked, row.id];
    }
    if (rows.length < size) return { items, next: null };
    scanned += rows.length;
  }
  return { items, next: after && encodeCursor(after) };
}

/** What is pending, or approved, for no longer than a time, has ended by then though the row may not know yet. */
const SHOWN = `CASE WHEN status = 'pending' AND expires <= ?1 THEN 'expired'
  WHEN status = 'approved' AND until <= ?1 THEN 'lapsed' ELSE status END`;

async function read(
  db: D1Database,
  filter: ApprovalFilter,
  after: [number, string] | null,
  limit: number,
  now: number,
): Promise<ApprovalRow[]> {
  const conditions = ["true"];
  const values: (string | number)[] = [now];
  const where = (condition: (place: string) => string, value: string) => {
    values.push(value);
    conditions.push(condition(`?${values.length}`));
  };
  const { status, target, principal, session } = filter;
  if (status !== undefined) where((at) => `${SHOWN} = ${at}`, status);
  // Said once more, so that the index of what is pending serves.
  if (status === "pending") conditions.push("status = 'pending'");
  if (target !== undefined) where((at) => `target = ${at}`, target);
  if (principal !== undefined) where((at) => `principal = ${at}`, principal);
  if (session !== undefined) where((at) => `session = ${at}`, session);
  if (after) {
    values.push(...after);
    conditions.push(`(asked, id) < (?${values.length - 1}, ?${values.length})`);
  }
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS.replace("status", `${SHOWN} AS status`)} FROM approvals WHERE ${conditions.join(" AND ")}
       ORDER BY asked DESC, id DESC LIMIT ${limit}`,
    )
    .bind(...values)
    .all<ApprovalRow>();
  return results;
}

function approvalOf(row: ApprovalRow): IndexedApproval {
  const { on_behalf_of, decided_at, decided_by, decided_reason, ...rest } = row;
  return {
    ...rest,
    onBehalfOf: on_behalf_of,
    decided: decided_at === null ? null : { at: decided_at, by: decided_by, reason: decided_reason },
    actions: JSON.parse(row.actions) as string[],
    approvals: JSON.parse(row.approvals) as ApprovalRule["approvals"],
  };
}

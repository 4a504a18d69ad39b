import type { EndCode } from "../../protocol/close-reason.ts";
import type { ExchangeKind } from "../../protocol/control.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import { STUB_COLUMNS, type StubRow, stubOf } from "../retention/deletions.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

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

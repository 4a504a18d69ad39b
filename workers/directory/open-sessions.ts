/** Sessions that may be open at once, whatever the settings: the bound of every listing of open sessions. */
export const MAX_OPEN_SESSIONS = 10_000;

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

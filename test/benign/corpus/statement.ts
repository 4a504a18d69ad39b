/** What one client says in one session, in order. */
export interface Script {
  /** The client and what it is about. */
  name: string;
  via: Sending;
  statements: (string | Sent)[];
}

/** How a client's driver sends a statement. */
export type Sending =
  /** Query: psql, psycopg2, ActiveRecord without binds, node-postgres without values. */
  | "simple"
  /** Parse, Bind, Describe of the portal, Execute, Sync: node-postgres with values, psycopg 3, JDBC. */
  | "unnamed"
  /** A named statement that is described and then executed twice over: ActiveRecord's `a1`. */
  | "named"
  /** The same once, with binary results: tokio-postgres under Prisma, asyncpg. */
  | "binary";

export interface Sent {
  sql: string;
  /** As text, in the order of the parameters. */
  values?: (string | null)[];
  /** What follows a COPY … FROM STDIN. */
  copy?: string;
  /** The server's own answer is an error with this SQLSTATE. */
  fails?: string;
  /** Why two servers cannot answer alike: only the columns and that it succeeds are compared. */
  volatile?: string;
}

export function sent(sql: string, ...values: (string | null)[]): Sent {
  return { sql, values };
}

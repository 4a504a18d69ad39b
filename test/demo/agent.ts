import { once } from "node:events";
import pg from "pg";

/** Called before each statement, with what the gate tells meanwhile, and with the error of one that fails. */
export interface Say {
  sends(sql: string): void;
  /** Rows of a result, where they are worth showing. */
  gets(rows: unknown[][]): void;
  told(notice: {
    message?: string | undefined;
    detail?: string | undefined;
    hint?: string | undefined;
  }): void;
  fails(error: pg.DatabaseError): void;
}

const REVENUE = `SELECT c.name, c.country, count(*) AS orders, sum(o.total) AS revenue
  FROM orders o JOIN customers c ON c.id = o.customer GROUP BY c.id ORDER BY revenue DESC`;
const CUSTOMERS = "SELECT id, name, email FROM customers ORDER BY id LIMIT 2";
const PROBE = "SELECT name FROM customers WHERE email LIKE 'chidi%'";
const LEAK = "SELECT query_to_xml('SELECT email FROM customers', true, false, '')";
const LOOKUP = "SELECT name, email FROM customers WHERE email = $1";
const STALE = "SELECT id, placed, total FROM orders WHERE state = $1 AND placed < $2 ORDER BY placed LIMIT 3";
const CLOSE = "UPDATE orders SET state = 'closed' WHERE state = $1 AND placed < $2";
const DELETE = "DELETE FROM orders";

/**
 * The scripted agent: an ordinary client that knows nothing of Sallyport. `held` is called when it is told that a
 * statement waits for a person; `midway` inside its transaction, and what it does there must not be noticed.
 */
export async function runAgent(
  host: string,
  port: number,
  say: Say,
  held: () => Promise<void>,
  midway: () => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ host, port, user: "agent", application_name: "demo-agent" });
  const query = (sql: string, values?: unknown[]) => {
    say.sends(sql);
    return client.query(sql, values);
  };
  const fails = (error: unknown) => {
    if (!(error instanceof pg.DatabaseError)) throw error;
    say.fails(error);
    return null;
  };
  client.on("notice", (notice) => say.told(notice));
  await client.connect();
  try {
    await query(REVENUE);
    const shown = async (sql: string, values?: unknown[]) => {
      const { rows } = await query(sql, values);
      say.gets(rows.length === 0 ? [["no rows"]] : rows.map((row) => Object.values(row)));
    };
    await shown(CUSTOMERS);
    await shown(PROBE);
    await query(LEAK).catch(fails);
    await shown(LOOKUP, ["chidi@okoye.example"]);
    await query(STALE, ["open", "2026-01-20"]);
    await query(DELETE).catch(fails);
    await query("BEGIN");
    const notice = once(client, "notice");
    const closing = query(CLOSE, ["open", "2026-01-20"]).catch(fails);
    await notice;
    await held();
    if ((await closing) === null) {
      await query("ROLLBACK");
      await query("BEGIN");
    }
    await midway();
    await query("COMMIT");
    await query("SELECT state, count(*) FROM orders GROUP BY state ORDER BY state");
  } finally {
    await client.end();
  }
}

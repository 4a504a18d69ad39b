import pg from "pg";
import type { Place } from "./places.ts";

/** What the scenario needs of node-postgres, and of drivers with its interface. */
export interface NodePostgres {
  Client: new (config: pg.ClientConfig) => pg.Client;
  Pool: new (config: pg.PoolConfig) => pg.Pool;
}

/** Statements through `driver`; what came of them, as plain values to compare. */
export async function nodePostgresScenario(
  driver: NodePostgres,
  place: Place,
): Promise<Record<string, unknown>> {
  const { host, port, user, password, database } = place;
  const config = { host, port, user, password, database };
  const seen: Record<string, unknown> = {};
  const client = new driver.Client(config);
  const heard: unknown[] = [];
  const notified = new Promise((resolve) => {
    client.on("notification", ({ channel, payload }) => resolve({ channel, payload }));
  });
  client.on("notice", ({ severity, code, message, detail, hint, where, file, line, routine }) => {
    heard.push({ severity, code, message, detail, hint, where, file, line, routine });
  });
  await client.connect();
  try {
    seen.simple = plain(await client.query("SELECT * FROM item ORDER BY id"));
    seen.several = [await client.query("SELECT 1 AS one; SELECT 2 AS two")].flat().map(plain);
    seen.types = plain(await client.query(TYPES));
    seen.parameters = plain(
      await client.query(
        "SELECT $1::int, $2::text, $3::jsonb, $4::bytea, $5::timestamptz, $6::text[], $7::bool",
        [7, "ü", { a: [1] }, Buffer.from([0, 255]), new Date(0), ["x", null, 'q"'], null],
      ),
    );
    seen.prepared = [];
    for (const id of [1, 2, 3]) {
      const query = { name: "by_id", text: "SELECT name FROM item WHERE id = $1", values: [id] };
      (seen.prepared as unknown[]).push(plain(await client.query(query)));
    }
    seen.arrays = plain(await client.query({ text: "SELECT 1, 2 UNION ALL SELECT 3, 4", rowMode: "array" }));
    seen.limited = plain(
      await client.query({
        text: "SELECT n FROM generate_series(1, 25) n WHERE $1",
        values: [true],
        rows: 10,
      } as pg.QueryConfig),
    );
    seen.big = plain(await client.query("SELECT repeat($1, 700000) AS big", ["big"]));
    seen.notices = plain(await client.query("SELECT warn('driver')"));
    seen.errors = [];
    for (const text of [
      "SELECT 1/0",
      "INSERT INTO item VALUES (1, 'x', 1, 'ok')",
      "SELECT fail_deep(1)",
      "SELEC",
    ]) {
      (seen.errors as unknown[]).push(
        await failure(client.query(text)),
        await failure(client.query(text, [])),
      );
    }
    await client.query("BEGIN");
    await client.query("INSERT INTO landing VALUES ($1, $2)", [1, "uncommitted"]);
    seen.inside = plain(await client.query("SELECT * FROM landing"));
    seen.failed = await failure(client.query("SELECT $1::int", ["x"]));
    seen.aborted = await failure(client.query("SELECT 1"));
    await client.query("ROLLBACK");
    seen.after = plain(await client.query("SELECT count(*) FROM landing"));
    await client.query("LISTEN jobs");
    await client.query("SELECT pg_notify('jobs', $1)", ["from the driver"]);
    seen.notification = await notified;
  } finally {
    await client.end();
  }
  seen.heard = heard;

  const pool = new driver.Pool({ ...config, max: 3 });
  // The server ends idle connections when it is asked to, and a pool tells.
  pool.on("error", () => {});
  try {
    const queries = Array.from({ length: 20 }, (_, n) => pool.query("SELECT $1::int * 2 AS n", [n]));
    seen.pooled = (await Promise.all(queries)).map(plain);
    const one = await pool.connect();
    seen.checkedOut = plain(await one.query("SELECT 1 AS one"));
    one.release();
    seen.poolError = await failure(pool.query("SELECT nothing"));
    seen.poolAfter = plain(await pool.query("SELECT 'fine' AS it_is"));
  } finally {
    await pool.end();
  }
  return seen;
}

/** A statement timeout, which node-postgres sets at startup. */
export async function nodePostgresTimeout(place: Place): Promise<Record<string, unknown>> {
  const { host, port, user, password, database } = place;
  const config = { host, port, user, password, database };
  const hasty = new pg.Client({ ...config, statement_timeout: 40 });
  await hasty.connect();
  const timedOut = await failure(hasty.query("SELECT pg_sleep(60)"));
  const afterwards = plain(await hasty.query("SELECT 'usable'"));
  await hasty.end();
  return { timedOut, afterwards };
}

const TYPES = `SELECT true AS b, 1::int2 AS i2, 2::int8 AS i8, 1.5::float8 AS f8, 12.340::numeric AS n, 'x'::char(3) AS c,
  '\\x00ff'::bytea AS bytes, DATE '2026-01-31' AS d, TIMESTAMPTZ '2026-01-31 01:02:03.456Z' AS at, '{"a": 1}'::jsonb AS j,
  ARRAY[1, NULL] AS list, ARRAY['a', 'b c'] AS words, INTERVAL '1 day 2 hours' AS i, 'happy'::mood AS feeling,
  '00112233-4455-6677-8899-aabbccddeeff'::uuid AS id, point(1, 2) AS p, int4range(1, 5) AS r, NULL AS nothing`;

function plain({ command, rowCount, fields, rows }: pg.QueryResult): unknown {
  const plainFields = fields.map((field) => ({ ...field }));
  // As JSON: drivers have classes of their own for rows, intervals and bytes.
  return { command, rowCount, fields: plainFields, rows: JSON.parse(JSON.stringify(rows)) };
}

async function failure(query: Promise<unknown>): Promise<unknown> {
  const error: unknown = await query.then(
    () => new Error("it did not fail"),
    (reason) => reason,
  );
  const { message, ...fields } = error as Error;
  return { message, ...fields };
}

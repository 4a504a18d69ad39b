import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import type { Place } from "./places.ts";

/** Statements through postgres.js; what came of them, as plain values to compare. */
export async function postgresJsScenario(place: Place): Promise<Record<string, unknown>> {
  const { host, port, user, password, database } = place;
  const notices: unknown[] = [];
  const sql = postgres({
    host,
    port,
    user,
    password,
    database,
    max: 2,
    onnotice: (notice) => notices.push(notice),
    connection: { application_name: "postgres.js" },
  });
  const seen: Record<string, unknown> = {};
  try {
    seen.rows = plain(await sql`SELECT * FROM item ORDER BY id`);
    seen.types = plain(
      await sql`
      SELECT true AS b, 2::int8 AS i8, 1.5 AS n, ${"ü"}::text AS t, ${[1, 2]}::int[] AS list, ${sql.json({ a: [1] })}::jsonb AS j,
        ${new Date(0)}::timestamptz AS at, ${Buffer.from([0, 255])}::bytea AS bytes, ARRAY['x', NULL, 'q"'] AS words,
        'happy'::mood AS feeling, ARRAY['ok']::mood[] AS feelings`,
    );
    seen.inserted = plain(
      await sql`INSERT INTO landing ${sql([
        { id: 1, note: "a" },
        { id: 2, note: null },
      ])} RETURNING *`,
    );
    seen.deleted = plain(await sql`DELETE FROM landing WHERE id IN ${sql([1, 2])}`);
    seen.pipelined = (
      await Promise.all(Array.from({ length: 60 }, (_, n) => sql`SELECT ${n}::int AS n`))
    ).map(plain);
    seen.several = (
      (await sql.unsafe("SELECT 1 AS one; SELECT 2 AS two")) as unknown as postgres.RowList<postgres.Row[]>[]
    ).map(plain);
    const described = await sql`SELECT id, name FROM item WHERE id = ${1}`.describe();
    seen.described = {
      types: described.types,
      columns: described.columns.map(({ name, type, table }) => ({ name, type, table })),
    };
    seen.batches = [];
    for await (const rows of sql`SELECT n FROM generate_series(1, 25) n`.cursor(10)) {
      (seen.batches as unknown[]).push(rows.map(({ n }) => n));
    }
    await sql`SELECT n FROM generate_series(1, 5) n`.cursor(2, ([row]) =>
      row?.n === 3 ? sql.CLOSE : undefined,
    );
    seen.committed = plain(
      await sql.begin(async (inside) => {
        await inside`INSERT INTO landing VALUES (3, 'kept')`;
        const lost = await failure(
          inside.savepoint(async (deeper) => {
            await deeper`INSERT INTO landing VALUES (4, 'lost')`;
            await deeper`SELECT 1/0`;
          }),
        );
        seen.savepoint = lost;
        return inside`SELECT * FROM landing`;
      }),
    );
    seen.rolledBack = await failure(
      sql.begin((inside) => [inside`TRUNCATE landing`, inside`SELECT nothing`]),
    );
    seen.kept = plain(await sql`SELECT * FROM landing`);
    const source = Readable.from(
      Array.from({ length: 2_000 }, (_, n) => `${n}\tcopied ${"ö".repeat(n % 300)}\n`),
    );
    await pipeline(source, await sql`COPY landing FROM STDIN`.writable());
    seen.copied = plain(await sql`SELECT count(*), sum(length(note)) FROM landing`);
    let copiedOut = 0;
    for await (const chunk of await sql`COPY landing TO STDOUT`.readable()) copiedOut += chunk.length;
    seen.copiedOut = copiedOut;
    await sql`TRUNCATE landing`;
    seen.errors = [
      await failure(sql`SELECT 1/0`),
      await failure(sql`INSERT INTO item VALUES (1, 'x', 1, 'ok')`),
    ];
    await sql`SELECT warn('postgres.js')`;
    seen.notices = notices;
    seen.notification = await notification(sql);
    seen.cancelled = await cancelled(sql);
    seen.unprepared = plain(await sql.unsafe("SELECT $1::int AS n", [5], { prepare: false }));
  } finally {
    await sql.end({ timeout: 5 });
  }
  return seen;
}

async function notification(sql: postgres.Sql): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { unlisten } = await sql.listen("jobs", resolve);
  await sql.notify("jobs", "from the driver");
  const payload = await promise;
  await unlisten();
  return payload;
}

/** Its own CancelRequest, once the server is asleep. */
async function cancelled(sql: postgres.Sql): Promise<unknown> {
  const query = sql`SELECT pg_sleep(60)`;
  const failed = failure(query);
  for (;;) {
    const [row] =
      await sql`SELECT count(*)::int AS asleep FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    if (row?.asleep === 1) break;
  }
  query.cancel();
  return failed;
}

function plain(result: postgres.RowList<postgres.Row[]> | postgres.Row[]): unknown {
  const { command, count, columns } = result as postgres.RowList<postgres.Row[]>;
  return {
    command,
    count,
    columns: columns?.map(({ name, type, table }) => ({ name, type, table })),
    rows: result.map((row) => ({ ...row })),
  };
}

async function failure(query: PromiseLike<unknown>): Promise<unknown> {
  const error: unknown = await Promise.resolve(query).then(
    () => new Error("it did not fail"),
    (reason) => reason,
  );
  const { message, ...fields } = error as Error;
  return { message, ...fields };
}

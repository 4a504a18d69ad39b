import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import postgres from "postgres";
import type { Place } from "../compatibility/places.ts";
import { testPythonDrivers } from "../compatibility/python-drivers.ts";
import { ensurePackages } from "../system-packages.ts";
import { LABELLED, startTwins, type Twins } from "./rig.ts";

/** Real drivers in a session with masks: rows come masked, as values of the columns' types. */

describe("drivers in a session with masks", { timeout: 340_000 }, () => {
  let twins: Twins;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    twins = await startTwins();
  });

  after(() => twins.stop());

  /** What a scenario sees is what it sees in the copy that holds the masks, and holds nothing labelled. */
  async function same(scenario: (place: Place) => Promise<unknown>): Promise<void> {
    const direct = await scenario({ ...twins.direct, database: LABELLED });
    const through = await scenario({ ...twins.through, database: LABELLED });
    assert.deepEqual(through, direct);
    const told = JSON.stringify(through);
    assert.match(told, /hidden/);
    assert.doesNotMatch(told, /@example|Secret Name/);
  }

  test("node-postgres", () => same(nodePostgres));

  test("postgres.js", () => same(postgresJs));

  testPythonDrivers(import.meta.dirname, same);
});

async function nodePostgres(place: Place): Promise<unknown> {
  const { host, port, user, password, database } = place;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    const seen: unknown[] = [];
    const ask = async (text: string, values?: unknown[], name?: string) => {
      const { command, rowCount, rows, fields } = await client.query({
        text,
        ...(values && { values }),
        ...(name !== undefined && { name }),
      });
      const columns = fields.map(({ name, dataTypeID, dataTypeModifier }) => [
        name,
        dataTypeID,
        dataTypeModifier,
      ]);
      seen.push({ command, rowCount, rows, columns });
    };
    await ask("SELECT * FROM customers ORDER BY id LIMIT 3");
    await ask("SELECT id, email, phone, salary FROM customers WHERE id = $1", [2]);
    for (const id of [3, 4]) await ask("SELECT name, phone, ssn FROM customers WHERE id = $1", [id], "by-id");
    await ask("SELECT body FROM documents WHERE id = $1", [2]);
    await ask("SELECT id, total, status FROM orders WHERE customer_id = $1 ORDER BY id", [5]);
    await ask("BEGIN");
    await ask("INSERT INTO customers (name, email, phone) VALUES ($1, $2, $3) RETURNING name, phone, email", [
      "from node",
      "node@elsewhere.test",
      "5",
    ]);
    await ask("UPDATE customers SET tier = $1 WHERE id = $2 RETURNING id, tier, phone", [7, 6]);
    await ask("ROLLBACK");
    return seen;
  } finally {
    await client.end();
  }
}

async function postgresJs(place: Place): Promise<unknown> {
  const { host, port, user, password, database } = place;
  const sql = postgres({ host, port, user, password, database, max: 2, ssl: false });
  try {
    const seen: unknown[] = [];
    const told = (result: postgres.RowList<postgres.Row[]>) => ({
      command: result.command,
      rows: result.map((row) => ({ ...row })),
      columns: result.columns?.map(({ name, type }) => [name, type]),
    });
    seen.push(told(await sql`SELECT * FROM customers ORDER BY id LIMIT 3`));
    const ids = Array.from({ length: 20 }, (_, index) => index + 1);
    const pipelined = await Promise.all(
      ids.map((id) => sql`SELECT name, phone, email FROM customers WHERE id = ${id}`),
    );
    seen.push(...pipelined.map(told));
    for await (const rows of sql`SELECT id, phone, total FROM customers JOIN orders USING (id) ORDER BY id LIMIT 20`.cursor(
      7,
    )) {
      seen.push(rows.map((row) => ({ ...row })));
    }
    seen.push(
      (await sql`SELECT id, email, tags FROM customers WHERE id = ${1}`.describe()).columns.map(
        ({ name, type }) => [name, type],
      ),
    );
    let copied = "";
    for await (const chunk of await sql`COPY (SELECT id, phone, email FROM customers ORDER BY id) TO STDOUT`.readable()) {
      copied += String(chunk);
    }
    seen.push(copied);
    return seen;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

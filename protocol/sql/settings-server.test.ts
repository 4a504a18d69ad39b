import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { type PostgresServer, startPostgres } from "../../test/postgres-server.ts";
import { loadParser, parseSql } from "./parser.ts";
import { checkStartupOptions, PINNED, pinViolations } from "./settings.ts";
import { Draft } from "./statements/draft.ts";

let server: PostgresServer;

before(async () => {
  await loadParser();
  server = await startPostgres();
  await session({}, async (client) => {
    await client.query("ALTER ROLE admin SET standard_conforming_strings = off");
    await client.query("ALTER DATABASE postgres SET client_encoding = 'LATIN1'");
  });
});

after(() => server.stop());

async function session<T>(
  parameters: { options?: string; client_encoding?: string },
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: "postgres",
    ...parameters,
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function setting(client: pg.Client, name: string): Promise<string | undefined> {
  const { rows } = await client.query<{ value: string }>("SELECT current_setting($1) AS value", [name]);
  return rows[0]?.value;
}

const pinnedOptions = `-c standard_conforming_strings=${PINNED.standard_conforming_strings}`;

test("the startup message outranks what role and database are set to, and RESET goes back to it", async () => {
  await session({ options: pinnedOptions, client_encoding: PINNED.client_encoding! }, async (client) => {
    for (const back of [
      "SELECT 1",
      "RESET standard_conforming_strings; RESET client_encoding",
      "SET standard_conforming_strings TO DEFAULT; SET NAMES DEFAULT",
      "RESET ALL",
      "DISCARD ALL",
      "SELECT set_config('client_encoding', NULL, false), set_config('standard_conforming_strings', NULL, false)",
    ]) {
      await client.query(back);
      assert.equal(await setting(client, "standard_conforming_strings"), "on", back);
      assert.equal(await setting(client, "client_encoding"), "UTF8", back);
    }
  });
});

test("no statement without a violation changes a pinned setting", async () => {
  const changes = async (sql: string) =>
    session({ options: pinnedOptions, client_encoding: PINNED.client_encoding! }, async (client) => {
      await client.query(sql).catch(() => undefined);
      const { rows } = await client.query<{ changed: boolean }>(
        "SELECT current_setting('standard_conforming_strings') <> 'on' OR current_setting('client_encoding') <> 'UTF8' AS changed",
      );
      return rows[0]?.changed === true;
    });
  for (const sql of [
    "SET standard_conforming_strings = off",
    "SET standard_conforming_strings = fal",
    "SET STANDARD_conforming_strings = n",
    "SET standard_conforming_strings = 0",
    "SET standard_conforming_strings = tr",
    "SET standard_conforming_strings = ye",
    "SET standard_conforming_strings = 'ON'",
    "SET standard_conforming_strings = 1",
    "SET NAMES 'LATIN1'",
    "SET client_encoding = 'utf-8'",
    "SET client_encoding = 'U T F 8'",
    "SET client_encoding = unicode",
    "SET client_encoding = 'iso-8859-1'",
    'SET "CLIENT_ENCODING" = latin1',
    "SELECT set_config(E'client\\x5fencoding', 'SJIS', false)",
    "SELECT set_config(new_value => 'SJIS', setting_name => 'client_encoding', is_local => false)",
    "SELECT 1 ORDER BY set_config('client_encoding', 'BIG5', false)",
    "SELECT (SELECT count(*) FILTER (WHERE set_config('standard_conforming_strings', 'off', false) = '') FROM pg_class)",
    "SELECT set_config('client_encoding', NULL, false)",
    "SELECT set_config('search_path', 'client_encoding', false)",
  ]) {
    const violated = parseSql(sql).some(
      ({ tree }) => pinViolations(new Draft(tree, 150_000).pinned).length > 0,
    );
    assert.ok(violated || !(await changes(sql)), sql);
  }
});

test("options are read as the server reads them", async () => {
  for (const options of [
    "-c work_mem=1MB",
    "-cwork_mem=2MB",
    "--work-mem=3MB",
    "--work_mem=4MB  -c\twork_mem=5MB",
    "-c work-mem=6MB",
    "-c WORK_mem=7MB",
    "-c application_name=a\\ b\\\\c",
    "--application-name=\\-c\\ x",
    "-c application_name=a=b",
    "-c application_name=",
  ]) {
    const read = checkStartupOptions({ options });
    const last = read.at(-1);
    assert.ok(last !== undefined, options);
    const actual = await session({ options }, (client) => setting(client, last.name));
    assert.equal(actual, last.value, options);
  }
});

test("a backslash before a quote ends no literal while the pins hold, and does when they don't", async () => {
  // What the parser reads as one literal and a comment is two statements where the pin is off.
  const sql = "SELECT '\\' AS a, 'OR 1=1 --'";
  assert.equal(parseSql(sql).length, 1);
  const columns = async (options: string) =>
    session({ options, client_encoding: "UTF8" }, async (client) => {
      try {
        return (await client.query(sql)).fields.length;
      } catch {
        return null;
      }
    });
  assert.equal(await columns(pinnedOptions), 2);
  assert.notEqual(await columns("-c standard_conforming_strings=off"), 2);
});

test("what x.f calls is what the classifier says it calls", async () => {
  await session({}, async (client) => {
    for (const sql of [
      "SELECT ('PG_VERSION'::text).pg_read_file",
      "SELECT a.pg_read_file FROM unnest(ARRAY['PG_VERSION']) a",
      "SELECT (ARRAY['PG_VERSION'])[1].pg_read_file",
    ]) {
      const { rows } = await client.query<{ pg_read_file: string }>(sql);
      assert.match(rows[0]?.pg_read_file ?? "", /^15/, sql);
      const [statement] = parseSql(sql);
      assert.ok(new Draft(statement!.tree, 150_000).effects.has("read-file"), sql);
    }
  });
});

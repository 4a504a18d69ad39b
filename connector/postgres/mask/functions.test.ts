import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import { leakingFunction, passingReason, refusedFunction } from "./functions.ts";
import { REFUSED_COLUMNS, REFUSED_RELATIONS, SYSTEM_LABELS } from "./system-labels.ts";

let server: PostgresServer;
let client: pg.Client;

before(async () => {
  server = await startPostgres();
  const { host, port, superuser: user, password } = server;
  client = new pg.Client({ host, port, user, password, database: "postgres" });
  await client.connect();
});

after(async () => {
  await client.end();
  await server.stop();
});

test("each function of a real server that is not immutable is known to show nothing, or refused", async () => {
  const { rows } = await client.query<{ name: string; immutable: boolean }>(
    `SELECT proname AS name, bool_and(provolatile = 'i') AS immutable FROM pg_proc
      WHERE oid < 16384 GROUP BY proname`,
  );
  const names = rows.filter(({ immutable }) => !immutable).map(({ name }) => name);
  assert.ok(names.length > 700);
  assert.deepEqual(
    names.filter((name) => leakingFunction(name) === null && passingReason(name) === null),
    [],
    "decide for each: REFUSED or PASSING",
  );
  // Of the immutable ones none may take SQL text or read anything but its arguments.
  assert.deepEqual(
    rows.filter(({ name, immutable }) => immutable && leakingFunction(name) !== null).map(({ name }) => name),
    [],
  );
});

test("no function that reads a table by a name or text, a file, or a statement's text passes", async () => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc WHERE oid < 16384 AND (
      proname ~ '_to_xml|^pg_read|^pg_ls_|^dblink|^ts_stat$|^ts_rewrite$|_activity$|^current_query$|^lo_(get|export|import)$'
      OR pg_get_function_result(oid) ~ '\\m(query|statement|ident) text')`,
  );
  assert.ok(rows.length > 30);
  for (const { name } of rows) assert.notEqual(leakingFunction(name), null, name);
});

/** Views of PostgreSQL's own that name a function that is refused, or a column that is labelled: why they may be read. */
const DECIDED: Readonly<Record<string, string>> = {
  _pg_user_mappings: "umoptions are labelled",
  pg_backend_memory_contexts: "ident is labelled",
  pg_cursors: "statement is labelled",
  pg_file_settings: "settings, which superusers see anyway",
  pg_hba_file_rules: "options are labelled",
  pg_ident_file_mappings: "no secrets",
  pg_prepared_statements: "statement is labelled",
  pg_roles: "stars in place of the password",
  pg_shadow: "passwd is labelled",
  pg_stat_activity: "query is labelled",
  pg_stat_gssapi: "shows nothing of the statement",
  pg_stat_replication: "shows nothing of the statement",
  pg_stat_ssl: "shows nothing of the statement",
  pg_stats: "samples are refused columns",
  pg_stats_ext: "samples are labelled",
  pg_stats_ext_exprs: "samples are refused columns",
  pg_user: "stars in place of the password",
  pg_user_mappings: "umoptions are labelled",
  user_mapping_options: "option_value is labelled",
};

test("each view of a real server over what is refused or labelled has been decided on", async () => {
  const { rows } = await client.query<{ name: string; text: string }>(
    `SELECT relname AS name, pg_get_viewdef(oid) AS text FROM pg_class WHERE relkind = 'v' AND oid < 16384`,
  );
  const refused = [...REFUSED_RELATIONS].map((name) => name.split(".")[1]!);
  const found = rows.filter(({ text }) => {
    const words = new Set(text.match(/[a-z_0-9]+/g));
    if (SYSTEM_LABELS.rules.some(({ relation, column }) => words.has(relation) && words.has(column)))
      return true;
    return [...words].some((word) => leakingFunction(word) !== null || refused.includes(word));
  });
  assert.deepEqual(found.map(({ name }) => name).sort(), Object.keys(DECIDED));
});

test("each labelled or refused column of PostgreSQL's own is there, and NULL can be of its type", async () => {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT concat_ws('.', relnamespace::regnamespace, relname, attname) AS name, format_type(atttypid, -1) AS type
      FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE c.oid < 16384 AND attnum > 0 AND relkind IN ('r', 'v')`,
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  for (const { schema, relation, column } of SYSTEM_LABELS.rules) {
    if (schema === "*") continue;
    const type = types.get(`${schema}.${relation}.${column}`);
    assert.ok(type !== undefined, column);
    await client.query(`SELECT NULL::${type}`);
  }
  const samples = rows.filter(
    ({ name, type }) => type === "anyarray" && !/pg_attribute|pg_statistic\./.test(name),
  );
  assert.deepEqual(samples.map(({ name }) => name).sort(), [...REFUSED_COLUMNS].sort());
});

test("users' functions pass here, but not those of extensions that are known to leak", () => {
  const users = { kind: "function", builtin: false, volatility: "volatile", securityDefiner: false } as const;
  assert.equal(refusedFunction({ ...users, schema: "public", name: "trusted", language: "plpgsql" }), null);
  assert.notEqual(refusedFunction({ ...users, schema: "public", name: "dblink", language: "c" }), null);
  assert.notEqual(refusedFunction({ ...users, schema: "public", name: "get_raw_page", language: "c" }), null);
});

test("a name that only looks like a known one is not known", () => {
  for (const name of ["lo_get2", "pg_stat_gets_activity", "constructor", "has_privilege", "pg_is_visible"]) {
    assert.equal(leakingFunction(name), null, name);
    assert.equal(passingReason(name), null, name);
  }
});

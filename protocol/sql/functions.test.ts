import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { startPostgres } from "../../test/postgres-server.ts";
import { functionRow, HARMLESS_VOLATILE, isHarmlessVolatile, readsSystem } from "./functions.ts";

test("every volatile function of a real server is known, by what it does or why it is harmless", async () => {
  const server = await startPostgres();
  try {
    const client = new pg.Client({
      host: server.host,
      port: server.port,
      user: server.superuser,
      password: server.password,
      database: "postgres",
    });
    await client.connect();
    const { rows } = await client.query<{ name: string; volatility: string }>(
      `SELECT DISTINCT proname AS name, provolatile AS volatility FROM pg_proc
        WHERE oid < 16384 AND pronamespace = 'pg_catalog'::regnamespace`,
    );
    await client.end();
    const volatile = rows.filter((row) => row.volatility === "v").map((row) => row.name);
    assert.ok(volatile.length > 200);
    assert.deepEqual(
      volatile.filter((name) => functionRow(name) === null && !isHarmlessVolatile(name)),
      [],
      "decide for each: FAMILIES or HARMLESS_VOLATILE",
    );
    assert.deepEqual(
      volatile.filter((name) => functionRow(name) !== null && HARMLESS_VOLATILE.has(name)),
      [],
      "none is in both",
    );
    // What reads tables by name, files or other sessions is known though it is not volatile.
    for (const { name } of rows) {
      if (
        !/_to_xml(?:_and_xmlschema|schema)?$|^pg_(?:read|ls)_|^pg_stat_get_backend_activity$|^dblink/.test(
          name,
        )
      )
        continue;
      assert.notEqual(functionRow(name), null, name);
    }
  } finally {
    await server.stop();
  }
});

test("functions are known by what they do", () => {
  for (const [name, effect] of [
    ["pg_read_file", "read-file"],
    ["pg_ls_waldir", "read-file"],
    ["pg_file_write", "write-file"],
    ["lo_export", "write-file"],
    ["lo_import", "read-file"],
    ["loread", "large-object"],
    ["pg_sleep_for", "sleep"],
    ["pg_terminate_backend", "signal-backend"],
    ["dblink_connect_u", "connect-out"],
    ["http_post", "connect-out"],
    ["set_config", "change-setting"],
    ["pg_try_advisory_xact_lock_shared", "lock"],
    ["nextval", "sequence"],
    ["pg_notify", "notify"],
    ["database_to_xml_and_xmlschema", "dynamic-sql"],
    ["ts_stat", "dynamic-sql"],
    ["pg_stat_get_activity", "read-system"],
    ["pg_promote", "control-server"],
    ["binary_upgrade_set_next_pg_type_oid", "control-server"],
  ] as const) {
    assert.ok(functionRow(name)?.effects.includes(effect), name);
  }
});

test("a harmless function, or one that only looks alike, is not in the table", () => {
  for (const name of [
    "lower",
    "count",
    "now",
    "pg_typeof",
    "pg_get_viewdef",
    "current_setting",
    "toString",
    "constructor",
    "loread2",
    "to_char",
  ]) {
    assert.equal(functionRow(name), null, name);
  }
});

test("a function that runs SQL from a string or shows any table's rows hides what is read", () => {
  for (const name of [
    "query_to_xml",
    "table_to_xml",
    "cursor_to_xml",
    "ts_stat",
    "dblink",
    "pg_logical_slot_peek_changes",
    "get_raw_page",
  ]) {
    assert.notEqual(functionRow(name)?.opaque, null, name);
  }
});

test("secrets, samples and other sessions are told apart from the rest of the catalog", () => {
  for (const [reads, columns, complete, expected] of [
    [["pg_catalog.pg_authid"], ["pg_catalog.pg_authid.rolname"], true, false],
    [["pg_catalog.pg_authid"], ["pg_catalog.pg_authid.rolpassword"], true, true],
    [["pg_catalog.pg_authid"], [], false, true],
    [["pg_catalog.pg_stats"], [], true, true],
    [["pg_catalog.pg_class"], ["pg_catalog.pg_class.relname"], true, false],
    [["public.pg_stats"], [], true, false],
    [["monitoring.pg_stat_statements"], [], true, true],
    [["pg_catalog.toString"], [], true, false],
  ] as const) {
    assert.equal(readsSystem(reads, columns, complete), expected, String(reads));
  }
});

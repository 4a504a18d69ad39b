import { PROTOCOL_3_2 } from "../../../protocol/postgres/frontend.ts";
import * as wire from "../../../protocol/postgres/messages.ts";
import { type Case, simple, until } from "./case.ts";

/** Startup, and the simple query protocol. */
export const SIMPLE: Case[] = [
  { name: "startup alone", steps: [] },
  {
    name: "startup with settings, options and an encoding",
    startup: {
      application_name: "corpus",
      client_encoding: "UTF8",
      DateStyle: "German",
      options: "-c search_path=pg_catalog -c extra_float_digits=0",
    },
    steps: simple("SHOW search_path", "SHOW DateStyle", "SELECT 'é', 1.0::float8 / 3, DATE '2026-01-31'"),
  },
  { name: "startup in protocol 3.2", version: PROTOCOL_3_2, steps: simple("SELECT 1") },
  {
    name: "startup with an unknown protocol option",
    startup: { "_pq_.wish": "1" },
    steps: simple("SELECT 1"),
  },
  { name: "startup with an unknown setting", startup: { no_such_setting: "1" }, steps: [] },
  { name: "one row", steps: simple("SELECT 1 AS one, 'two' AS two, NULL AS three") },
  { name: "rows of a table", steps: simple("SELECT * FROM item ORDER BY id", "SELECT * FROM cheap") },
  { name: "no rows", steps: simple("SELECT * FROM item WHERE false", "SELECT FROM item LIMIT 2") },
  { name: "empty query", steps: simple("", " \n -- a comment\n", ";", ";;") },
  {
    name: "several statements in one string",
    steps: simple(
      "SELECT 1; SELECT 2 WHERE false; ; SET search_path = public; SELECT 'x' AS y",
      "SELECT 1; SELECT 1/0; SELECT 3",
      "BEGIN; SELECT 1; COMMIT; SELECT 2",
    ),
  },
  {
    name: "an error ends the string's implicit transaction",
    steps: simple(
      "INSERT INTO landing VALUES (1, 'gone'); SELECT 1/0",
      "SELECT count(*) FROM landing",
      "BEGIN; INSERT INTO landing VALUES (2, 'open'); SELECT * FROM landing",
      "ROLLBACK",
    ),
  },
  {
    name: "tags of all kinds of statements",
    steps: simple(
      "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
      "CREATE TABLE made (a int PRIMARY KEY, b text)",
      "INSERT INTO made SELECT n, 'row ' || n FROM generate_series(1, 20) n",
      "UPDATE made SET b = upper(b) WHERE a > 5",
      "DELETE FROM made WHERE a > 10 RETURNING a, b",
      "MERGE INTO made USING (VALUES (1), (100)) v(x) ON a = x WHEN MATCHED THEN UPDATE SET b = 'm' WHEN NOT MATCHED THEN INSERT VALUES (x, 'n')",
      "INSERT INTO made VALUES (1, 'again') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING *",
      "CREATE INDEX made_b ON made (b)",
      "ALTER TABLE made ADD COLUMN c int DEFAULT 7",
      "COMMENT ON TABLE made IS 'made here'",
      "GRANT SELECT ON made TO PUBLIC",
      "CREATE VIEW seen AS SELECT * FROM made",
      "SELECT a, b, c INTO other FROM made",
      "CREATE TABLE third AS SELECT * FROM made",
      "TRUNCATE other",
      "LOCK TABLE made IN SHARE MODE",
      "VALUES (1, 'a'), (2, 'b')",
      "TABLE made",
      "EXPLAIN (COSTS off) SELECT * FROM made WHERE a = 1",
      "EXPLAIN (COSTS off, FORMAT json) SELECT 1",
      "DROP TABLE made CASCADE",
      "ROLLBACK",
      "SHOW server_version_num",
      "ANALYZE landing",
      "VACUUM landing",
      "DISCARD ALL",
    ),
  },
  {
    name: "prepared statements of SQL",
    steps: simple(
      "PREPARE two (int, text) AS SELECT $1 + 1 AS n, $2 || '!' AS t",
      "EXECUTE two (41, 'so')",
      "EXECUTE two ('x', 'so')",
      "DEALLOCATE two",
      "EXECUTE two (1, 'a')",
    ),
  },
  {
    name: "errors with all their fields",
    steps: simple(
      "SELEC 1",
      "SELECT nothing FROM item",
      "SELECT * FROM nowhere",
      "SELECT 1/0",
      "INSERT INTO item VALUES (1, 'copy', 1, 'ok')",
      "INSERT INTO item VALUES (9, 'anvil', 1, 'ok')",
      "INSERT INTO item VALUES (9, 'nine', -1, 'ok')",
      "INSERT INTO item (id) VALUES (9)",
      "INSERT INTO part VALUES (77, 'none')",
      "SELECT 'angry'::mood",
      "SELECT (-1)::positive",
      "SELECT '{\"a\": }'::json",
      "SELECT 'é ☃ 𝄞' || nothing",
      "SELECT fail_deep(3)",
      "SELECT '2026-02-30'::date",
      "SELECT lo_get(1)",
      "SELECT repeat('x', 2000000000) || repeat('y', 2000000000)",
      "SELECT '\\xff'::bytea::text, convert_from('\\xff', 'UTF8')",
      "DROP TABLE item",
      "CREATE TABLE item ()",
      "SET TIME ZONE 'Nowhere/Land'",
    ),
  },
  {
    name: "notices and warnings",
    steps: simple(
      "SELECT warn('one'), warn('zwei ☃')",
      "DROP TABLE IF EXISTS nowhere",
      "COMMIT",
      "SET LOCAL work_mem = '4MB'",
      "DO $$ BEGIN FOR i IN 1..50 LOOP RAISE NOTICE 'line % %', i, repeat('z', i * 20); END LOOP; END $$",
      "SET client_min_messages = error; SELECT warn('unseen'); RESET client_min_messages",
      "CREATE TEMP TABLE a_name_that_is_longer_than_sixty_three_bytes_and_so_is_cut_by_the_server (a int)",
    ),
  },
  {
    name: "parameter status changes",
    steps: simple(
      "SET client_encoding = 'UTF8'",
      "SET DateStyle = 'SQL, DMY'",
      "SET TIME ZONE 'Asia/Kathmandu'",
      "SET standard_conforming_strings = on",
      "SET IntervalStyle = 'iso_8601'",
      "SET application_name = 'renamed'",
      "BEGIN; SET LOCAL TIME ZONE 'UTC'; SELECT TIMESTAMPTZ '2026-01-01 00:00Z'",
      "ROLLBACK",
      "SELECT set_config('TimeZone', 'Europe/Vienna', false)",
      "SET default_transaction_read_only = on",
      "CREATE TABLE refused (a int)",
      "SET ROLE pg_read_all_data; SELECT current_user, session_user",
      "RESET ALL",
      "SET SESSION AUTHORIZATION DEFAULT",
    ),
  },
  {
    name: "timeouts of the server's own",
    steps: simple(
      "SET statement_timeout = '300ms'",
      "SELECT pg_sleep(10)",
      "SET statement_timeout = 0",
      "SELECT 'on we go'",
    ),
  },
  {
    name: "function call messages",
    steps: [
      { send: [call(177, [int4(40), int4(2)], 1, 1)], until: until("ReadyForQuery") },
      { send: [call(177, [Buffer.from("40"), Buffer.from("2")], 0, 0)], until: until("ReadyForQuery") },
      { send: [call(177, [null, int4(2)], 1, 1)], until: until("ReadyForQuery") },
      { send: [call(999_999, [], 1, 1)], until: until("ReadyForQuery") },
      ...simple("BEGIN"),
      { send: [call(177, [int4(2 ** 31 - 1), int4(1)], 1, 1)], until: until("ReadyForQuery") },
      ...simple("ROLLBACK"),
    ],
  },
];

function int4(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

function call(id: number, args: (Uint8Array | null)[], argumentFormat: number, resultFormat: number) {
  return wire.functionCall({
    function: id,
    argumentFormats: [argumentFormat],
    arguments: args,
    resultFormat,
  });
}

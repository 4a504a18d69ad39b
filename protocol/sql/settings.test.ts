import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { loadParser, parseSql } from "./parser.ts";
import { checkStartupOptions, PINNED, pinViolations } from "./settings.ts";
import { Draft } from "./statements/draft.ts";
import "../seeded.ts";

before(() => loadParser());

function violations(sql: string): string[] {
  return parseSql(sql).flatMap((statement) => pinViolations(new Draft(statement.tree, 150_000).pinned));
}

function settings(sql: string): string[] {
  return parseSql(sql).flatMap((statement) => [...new Draft(statement.tree, 150_000).settings]);
}

test("a pinned setting may be set to its own value, however that is written", () => {
  for (const sql of [
    "SET standard_conforming_strings = on",
    "SET standard_conforming_strings TO 'ON'",
    "SET LOCAL standard_conforming_strings = true",
    "SET standard_conforming_strings = 1",
    "SET client_encoding = 'utf-8'",
    "SET CLIENT_ENCODING TO unicode",
    "SET NAMES 'UTF8'",
    "SELECT set_config('client_encoding', 'UTF8', false)",
    "SELECT pg_catalog.set_config('standard_conforming_strings'::text, 'yes', true)",
  ]) {
    assert.deepEqual(violations(sql), [], sql);
  }
});

test("every way to give a pinned setting another value is refused", () => {
  for (const sql of [
    "SET standard_conforming_strings = off",
    "SET Standard_Conforming_Strings TO 'no'",
    'SET "STANDARD_CONFORMING_STRINGS" = 0',
    "SET LOCAL standard_conforming_strings = false",
    "SET SESSION client_encoding = 'SJIS'",
    "SET NAMES 'GBK'",
    "SET client_encoding TO UTF8, GBK",
    "SET U&\"client\\005fencoding\" = 'BIG5'",
    "SELECT set_config('standard_conforming_strings', 'off', false)",
    "SELECT 1 ORDER BY set_config('client_encoding', 'SJIS', false)",
    "SELECT CASE WHEN true THEN set_config(U&'client\\005fencoding', 'SJIS', false) END",
    "SELECT count(*) FILTER (WHERE set_config(E'client\\x5fencoding', 'SJIS', false) = '') FROM t",
    "SELECT pg_catalog.set_config('Client_Encoding', upper('sjis'), false)",
    "SELECT set_config(name, 'off', false) FROM pg_settings",
    "SELECT set_config('client_' || 'encoding', 'SJIS', false)",
    "SELECT set_config('search_path'::varchar(3), 'x', false)",
    "SELECT * FROM set_config('client_encoding', 'SJIS', false)",
    "SELECT * FROM t, LATERAL set_config(t.a, t.b, false)",
    "INSERT INTO t VALUES (set_config('client_encoding', 'SJIS', false))",
    "UPDATE t SET a = set_config($1, $2, false)",
    "WITH x AS (DELETE FROM t RETURNING set_config('client_encoding', 'SJIS', true)) SELECT 1",
    "PREPARE p AS SELECT set_config('client_encoding', 'SJIS', false)",
    "EXECUTE p (set_config('client_encoding', 'SJIS', false))",
    "DECLARE c CURSOR FOR SELECT set_config('client_encoding', 'SJIS', false)",
    "EXPLAIN ANALYZE SELECT set_config('client_encoding', 'SJIS', false)",
    "COPY (SELECT set_config('client_encoding', 'SJIS', false)) TO STDOUT",
    "CREATE TABLE x (a text DEFAULT set_config('client_encoding', 'SJIS', false))",
    "CREATE VIEW v AS SELECT set_config('client_encoding', 'SJIS', false)",
    "CALL set_config('client_encoding', 'SJIS', false)",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET standard_conforming_strings = off AS 'SELECT 1'",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql SET client_encoding TO 'SJIS' AS $$ begin end $$",
    "ALTER FUNCTION f() SET standard_conforming_strings = off",
    "ALTER PROCEDURE f() SET client_encoding = 'SJIS'",
    "ALTER ROLE app SET standard_conforming_strings = off",
    "ALTER ROLE ALL IN DATABASE shop SET client_encoding = 'SJIS'",
    "ALTER DATABASE shop SET standard_conforming_strings = off",
    "ALTER SYSTEM SET standard_conforming_strings = off",
  ]) {
    assert.equal(violations(sql).length, 1, sql);
  }
});

test("going back to what the session started with is no violation, since that is pinned in the startup message", () => {
  for (const sql of [
    "RESET standard_conforming_strings",
    "SET client_encoding TO DEFAULT",
    "SET NAMES DEFAULT",
    "RESET ALL",
    "DISCARD ALL",
    "SELECT set_config('client_encoding', NULL, false)",
    "ALTER FUNCTION f() SET client_encoding FROM CURRENT",
    "ALTER ROLE app RESET standard_conforming_strings",
  ]) {
    assert.deepEqual(violations(sql), [], sql);
  }
});

test("what looks like a violation in a literal, a comment or a name is none", () => {
  for (const sql of [
    "SELECT 'SET standard_conforming_strings = off'",
    "SELECT 1 /* set_config('client_encoding', 'SJIS', false) */",
    'SELECT "set_config" FROM t',
    "SELECT $$ SET client_encoding = 'SJIS' $$",
    "SHOW client_encoding",
    "SELECT current_setting('standard_conforming_strings')",
    "SET search_path = 'standard_conforming_strings'",
  ]) {
    assert.deepEqual(violations(sql), [], sql);
  }
});

test("changed settings are named as the server names them", () => {
  for (const [sql, names] of [
    ["SET TIME ZONE 'UTC'", ["timezone"]],
    ["SET LOCAL Search_Path = a, b", ["search_path"]],
    ["SET SCHEMA 'x'", ["search_path"]],
    ["SET ROLE admin", ["role"]],
    ["RESET ROLE", ["role"]],
    ["SET SESSION AUTHORIZATION DEFAULT", ["session_authorization"]],
    ["SET NAMES 'UTF8'", ["client_encoding"]],
    ["SET XML OPTION DOCUMENT", ["xmloption"]],
    ["RESET ALL", ["*"]],
    ["DISCARD ALL", ["*"]],
    ["DISCARD PLANS", []],
    [
      "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE",
      ["transaction_isolation", "transaction_read_only"],
    ],
    ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", ["default_transaction_read_only"]],
    ["BEGIN READ WRITE", ["transaction_read_only"]],
    ["SELECT set_config('Work_Mem', '1GB', false)", ["work_mem"]],
    ["SELECT set_config($1, 'x', false)", ["*"]],
    ["ALTER ROLE x SET work_mem = '1GB'", []],
  ] as const) {
    assert.deepEqual(settings(sql).sort(), [...names], sql);
  }
});

test("startup parameters and options are read as the server reads them", () => {
  assert.deepEqual(
    checkStartupOptions({
      user: "agent",
      database: "shop",
      client_encoding: "utf-8",
      application_name: "psql",
      "_pq_.x": "y",
      options: "-c work_mem=1MB  -cgeqo=off --search-path=a\\ b\\\\c -c standard_conforming_strings=on",
    }),
    [
      ["client_encoding", "utf-8"],
      ["application_name", "psql"],
      ["work_mem", "1MB"],
      ["geqo", "off"],
      ["search_path", "a b\\c"],
      ["standard_conforming_strings", "on"],
    ].map(([name, value]) => ({ name, kind: "value", value })),
  );
});

test("no startup message gets past the pins, nor takes a role or loads code unjudged", () => {
  for (const parameters of [
    { standard_conforming_strings: "off" },
    { Standard_Conforming_Strings: "off" },
    { client_encoding: "SQL_ASCII" },
    { options: "-c standard_conforming_strings=off" },
    { options: "-cstandard_conforming_strings=off" },
    { options: "--standard-conforming-strings=off" },
    { options: "--Standard-conforming_strings=off" },
    { options: "-c st\\andard_conforming_strings=off" },
    { options: "\t-c\nclient-encoding=SJIS" },
    { options: "-c work_mem=1MB -c role=admin" },
    { options: "--session-authorization=admin" },
    { options: "-c local_preload_libraries=evil" },
    { role: "admin" },
  ]) {
    assert.throws(
      () => checkStartupOptions(parameters),
      (error) => error instanceof SallyportError && error.code === "forbidden",
      JSON.stringify(parameters),
    );
  }
});

test("switches that are not understood are refused, not passed on", () => {
  for (const options of [
    "-e",
    "-ec standard_conforming_strings=off",
    "-c",
    "-c a",
    "--",
    "--x",
    "-S 1000",
    "x",
    "-c =1",
    "\\",
  ]) {
    assert.throws(
      () => checkStartupOptions({ options }),
      (error) => error instanceof SallyportError && error.code === "invalid_request",
      options,
    );
  }
});

test("whatever options say, what is let through leaves the pinned settings alone", () => {
  const piece = fc.constantFrom(
    "-c",
    "--",
    " ",
    "\\",
    "=",
    "off",
    "on",
    ..."standard_conforming_strings client-encoding SJIS a \t".split(" "),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let changes: ReturnType<typeof checkStartupOptions>;
      try {
        changes = checkStartupOptions({ options: pieces.join("") });
      } catch (error) {
        assert.ok(error instanceof SallyportError);
        return;
      }
      assert.deepEqual(pinViolations(changes), []);
    }),
    { numRuns: 2_000 },
  );
});

test("what the connector sends at startup satisfies its own check", () => {
  assert.equal(checkStartupOptions(PINNED).length, Object.keys(PINNED).length);
});

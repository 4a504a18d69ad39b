import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import type { Catalog, NameContext, Routine } from "./catalog.ts";
import { type Classification, classify, MAX_MISSING_NAMES } from "./classify.ts";
import { CORPUS_CATALOG, CORPUS_NAMES } from "./corpus/catalog.ts";
import { CORPUS } from "./corpus/corpus.ts";
import type { SessionEffect } from "./facts.ts";
import { loadParser, parseSql } from "./parser.ts";
import "../seeded.ts";

before(() => loadParser());

function run(
  sql: string,
  catalog: Catalog = CORPUS_CATALOG,
  names: NameContext = CORPUS_NAMES,
): Classification {
  return classify(parseSql(sql), names, catalog);
}

function one(sql: string, catalog?: Catalog, names?: NameContext) {
  const { statements } = run(sql, catalog, names);
  assert.equal(statements.length, 1, sql);
  return statements[0]!;
}

const NOTHING_LOADED: Catalog = {
  serverVersion: 150_000,
  relation: () => undefined,
  functions: () => undefined,
  userOperator: () => undefined,
  userType: () => undefined,
};

function withRoutine(routine: Partial<Routine>): Catalog {
  const full: Routine = {
    schema: "pg_catalog",
    name: "f",
    kind: "function",
    builtin: true,
    volatility: "volatile",
    securityDefiner: false,
    language: "internal",
    ...routine,
  };
  return {
    ...CORPUS_CATALOG,
    functions: (schema, name) => (schema === full.schema && name === full.name ? [full] : []),
  };
}

test("what the catalog doesn't know yet is asked for, each name once", () => {
  const { statements, missing } = run(
    "SELECT lower(name) FROM customers; SELECT upper(name) FROM customers",
    NOTHING_LOADED,
  );
  assert.equal(statements.length, 2);
  const keys = missing.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`);
  assert.equal(new Set(keys).size, keys.length);
  for (const key of ["relation public.customers", "functions pg_catalog.lower", "functions public.upper"]) {
    assert.ok(keys.includes(key), key);
  }
  for (const { facts } of statements) assert.notEqual(facts.opaque.length, 0);
});

test("a string that needs more names than the bound is opaque, and the catalog is not asked for more", () => {
  const sql = `SELECT * FROM ${Array.from({ length: 1_500 }, (_, index) => `t${index}`).join(", ")}`;
  const { statements, missing } = run(`${sql}; ${sql.replaceAll(" t", " u")}`, NOTHING_LOADED);
  assert.equal(missing.length, MAX_MISSING_NAMES);
  assert.ok(statements[1]?.facts.opaque.some((reason) => reason.includes("names")));
});

test("a hostile statement can't fill a recording with reasons", () => {
  const { facts } = one(`SELECT ${Array.from({ length: 5_000 }, (_, index) => `f${index}(1)`).join(", ")}`);
  assert.equal(facts.opaque.length, 50);
  assert.match(facts.opaque.at(-1) ?? "", /^and 49\d\d more$/);
});

test("statements after one that may change what names mean are opaque as soon as they name anything", () => {
  for (const first of [
    "SET search_path = evil",
    "SET ROLE admin",
    "RESET ALL",
    "DISCARD ALL",
    "SELECT set_config('search_path', 'evil', false)",
    "CREATE TABLE evil (a int)",
    "CREATE TEMP TABLE customers (a int)",
    "ALTER TABLE app.secrets RENAME TO customers",
    "DROP TABLE customers",
    "DO 'begin end'",
    "CALL archive()",
    "SELECT refresh_totals()",
    "EXECUTE p",
    "FETCH ALL FROM c",
    "ROLLBACK",
    "COMMIT",
    "ROLLBACK TO s",
    "SELECT * INTO t FROM orders",
  ]) {
    for (const second of [
      "SELECT * FROM customers",
      "SELECT lower('A')",
      "DELETE FROM orders WHERE id = 1",
    ]) {
      const facts = run(`${first}; ${second}`).statements[1]?.facts;
      assert.ok(
        facts?.opaque.some((reason) => reason.includes("earlier statement")),
        `${first}; ${second}`,
      );
    }
    // What names nothing stays known.
    const last = run(`${first}; SELECT 1; COMMIT`).statements.at(-1)?.facts;
    assert.deepEqual(last?.opaque, [], first);
  }
});

test("statements after others are judged by their own", () => {
  const sql =
    "BEGIN; SET LOCAL statement_timeout = 0; UPDATE orders SET amount = 1 WHERE id = 1; SAVEPOINT a; SHOW work_mem; SELECT * FROM customers";
  for (const { facts } of run(sql).statements) assert.deepEqual(facts.opaque, [], facts.tag);
});

test("functions that aren't PostgreSQL's own are opaque, with name and reason, unless they are trusted", () => {
  const found = one("SELECT public.refresh_totals()");
  assert.deepEqual(found.facts.opaque, [
    "the function public.refresh_totals is not PostgreSQL's own (volatile, plpgsql, security definer)",
  ]);
  const trusted = { ...CORPUS_NAMES, trustedFunctions: new Set(["public.refresh_totals"]) };
  assert.deepEqual(one("SELECT refresh_totals()", CORPUS_CATALOG, trusted).facts.opaque, []);
});

test("a user's function that another call might mean makes that call opaque", () => {
  const catalog: Catalog = {
    ...CORPUS_CATALOG,
    functions: (schema, name) => [
      ...(CORPUS_CATALOG.functions(schema, name) ?? []),
      ...(schema === "public" && name === "lower"
        ? [{ ...CORPUS_CATALOG.functions("public", "total")![0]!, name }]
        : []),
    ],
  };
  assert.notEqual(one("SELECT lower(name) FROM customers", catalog).facts.opaque.length, 0);
  assert.equal(one("SELECT pg_catalog.lower(name) FROM customers", catalog).facts.opaque.length, 0);
});

test("a volatile function of PostgreSQL's own that nobody has looked at is opaque", () => {
  const fresh = withRoutine({ name: "pg_brand_new" });
  assert.match(
    one("SELECT pg_brand_new()", fresh).facts.opaque[0] ?? "",
    /pg_catalog\.pg_brand_new is volatile/,
  );
  const stable = withRoutine({ name: "pg_brand_new", volatility: "stable" });
  assert.deepEqual(one("SELECT pg_brand_new()", stable).facts.opaque, []);
});

test("an extension's function keeps its known effects though the configuration trusts it", () => {
  const names = { ...CORPUS_NAMES, trustedFunctions: new Set(["public.dblink"]) };
  const { facts } = one("SELECT dblink('dbname=x', 'SELECT 1')", CORPUS_CATALOG, names);
  assert.ok(facts.effects.includes("connect-out"));
});

test("servers older than the grammar's reach are opaque throughout", () => {
  const old: Catalog = { ...CORPUS_CATALOG, serverVersion: 130_010 };
  assert.notEqual(one("SELECT 1", old).facts.opaque.length, 0);
});

test("the session's own state is followed", () => {
  const both: SessionEffect[] = [{ kind: "settings" }, { kind: "catalog" }];
  for (const [sql, effects] of [
    ["SELECT * FROM customers", []],
    ["INSERT INTO orders (id) VALUES (1)", []],
    ["SET work_mem = '1MB'", [{ kind: "settings" }]],
    ["SELECT set_config('search_path', 'x', false)", [{ kind: "settings" }]],
    ["CREATE TEMP TABLE x (a int)", both],
    ["DROP TABLE customers", both],
    ["GRANT USAGE ON SCHEMA app TO agent", both],
    ["COMMIT PREPARED 'x'", both],
    ["SELECT refresh_totals()", both],
    ["EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1", both],
    ["EXPLAIN CREATE TABLE x AS SELECT 1", []],
    ["PREPARE p AS SELECT 1", [{ kind: "prepare", name: "p", query: "SELECT 1" }]],
    ["COPY customers TO STDOUT", [{ kind: "copy-out" }]],
    ["BEGIN", [{ kind: "begin" }]],
  ] as [string, SessionEffect[]][]) {
    assert.deepEqual(one(sql).effects, effects, sql);
  }
});

test("a violation of a pin is told where it stands in a function's body, too", () => {
  for (const sql of [
    "SET standard_conforming_strings = off",
    "SELECT * FROM settings_view",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT set_config('client_encoding', 'SJIS', false) $$",
    "CREATE FUNCTION f() RETURNS text RETURN set_config('client_encoding', 'SJIS', false)",
  ]) {
    assert.notEqual(one(sql).pinViolations.length, 0, sql);
  }
  assert.deepEqual(one("SELECT set_config('search_path', '', false)").pinViolations, []);
});

test("what is explainable is what PostgreSQL's grammar lets EXPLAIN have", () => {
  for (const [sql, expected] of [
    ["SELECT 1", true],
    ["INSERT INTO orders (id) VALUES (1)", true],
    ["UPDATE orders SET amount = 1", true],
    ["DELETE FROM orders", true],
    ["MERGE INTO products p USING orders o ON p.id = o.id WHEN MATCHED THEN DELETE", true],
    ["EXECUTE p", true],
    ["DECLARE c CURSOR FOR SELECT 1", true],
    ["CREATE TABLE x AS SELECT 1", true],
    ["COPY orders TO STDOUT", false],
    ["TRUNCATE orders", false],
    ["PREPARE p AS SELECT 1", false],
    ["EXPLAIN SELECT 1", false],
    ["VACUUM customers", false],
    ["FETCH c", false],
  ] as const) {
    const found = one(sql);
    assert.equal(found.explainable, expected, sql);
    let parses = true;
    try {
      parseSql(`EXPLAIN ${found.text}`);
    } catch {
      parses = false;
    }
    assert.equal(parses, expected, `EXPLAIN ${sql}`);
  }
});

test("facts of strings put together are those of their statements, or more opaque", () => {
  const statements = Object.values(CORPUS).flat();
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...statements), { minLength: 1, maxLength: 5 }), (cases) => {
      const together = run(cases.map(({ sql }) => sql).join("\n;")).statements;
      assert.equal(together.length, cases.length);
      for (const [index, { sql }] of cases.entries()) {
        const { opaque, ...alone } = one(sql).facts;
        const { opaque: more, ...facts } = together[index]!.facts;
        assert.deepEqual(facts, alone, sql);
        for (const reason of opaque) assert.ok(more.includes(reason), sql);
      }
    }),
    { numRuns: 150 },
  );
});

test("deep, wide and many statements are classified in bounded time without an error", () => {
  for (const sql of [
    `SELECT 1${"+1".repeat(900)}`,
    `SELECT ${"lower(".repeat(300)}'A'${")".repeat(300)}`,
    `SELECT * FROM customers WHERE id IN (${"1,".repeat(50_000)}1)`,
    "DELETE FROM orders WHERE id = 1;".repeat(1_000),
    `${"SELECT * FROM (".repeat(60)}SELECT * FROM customers${") x".repeat(60)}`,
    `WITH ${Array.from({ length: 300 }, (_, index) => `c${index} AS (SELECT * FROM ${index === 0 ? "customers" : `c${index - 1}`})`).join(",")} SELECT * FROM c299`,
  ]) {
    const start = performance.now();
    assert.ok(run(sql).statements.length > 0);
    assert.ok(performance.now() - start < 20_000, sql.slice(0, 40));
  }
});

test("VALUES with more columns than are followed is opaque, as what its names mean is not known", () => {
  const row = (columns: number) => Array.from({ length: columns }, (_, index) => index).join();
  assert.deepEqual(one(`SELECT v.column2000 FROM (VALUES (${row(2_000)})) v`).facts.opaque, []);
  assert.match(
    one(`SELECT v.column1 FROM (VALUES (${row(2_001)})) v`).facts.opaque.join(),
    /more than 2000 columns/,
  );
});

test("a tautology is one however many casts stand around it", () => {
  for (const casts of [1, 99, 100, 101, 400]) {
    const { facts } = one(`DELETE FROM customers WHERE id${"::int".repeat(casts)} = id`);
    assert.equal(facts.where, "constant", `${casts}`);
  }
});

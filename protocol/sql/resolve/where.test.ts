import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import type { Where } from "../facts.ts";
import { loadParser } from "../parser.ts";
import { memoryCatalog, relation, resolveSql, routine } from "./testing.ts";
import "../../seeded.ts";

before(() => loadParser());

const catalog = memoryCatalog({
  relations: [
    relation("public.t", "id a b flag name", { keys: [["id"], ["a", "b"]] }),
    relation("public.u", "id tid x", { keys: [["id"]] }),
    relation("public.parent", "id", { keys: [["id"]], children: ["public.child"] }),
    relation("public.parts", "id", { keys: [["id"]], kind: "partitioned", children: ["public.part"] }),
    relation("public.v", "id", { kind: "view", view: "SELECT t.id FROM public.t" }),
  ],
  routines: ["random", "lower", "now", "length", "count", "max"].map((name) => routine(`pg_catalog.${name}`)),
});

function strengthOf(where: string): Where {
  const { where: strength, opaque } = resolveSql(`DELETE FROM t WHERE ${where}`, catalog);
  assert.deepEqual(opaque, [], where);
  return strength;
}

const CONSTANT = [
  "true",
  "1 = 1",
  "'a' = 'a'",
  "NOT false",
  "NOT NOT true",
  "false",
  "1 = 2",
  "NULL",
  "'t'::bool",
  "$1",
  "$1 = $2",
  "now() IS NOT NULL",
  "random() < 2",
  "id = id",
  "t.id = id",
  "public.t.id = t.id",
  "id >= id",
  "id <= id::bigint",
  "id <> id",
  "NOT (id <> id)",
  "(id = id) IS TRUE",
  "(id <> id) IS NOT TRUE",
  "(id = id) = true",
  "true = (id = id)",
  "id IS NOT DISTINCT FROM id",
  "name LIKE name",
  "name LIKE '%'",
  "name ILIKE '%%'",
  "name ~ '.*'",
  "name ~ ''",
  "id = id + 0",
  "0 + id = id",
  "id = id * 1",
  "id = +id",
  "name = name || ''",
  "id = (SELECT id)",
  "id = coalesce(id, 0)",
  "id::text = id::varchar",
  'name = name COLLATE "C"',
  "id IN (id)",
  "id IN (1, id, 2)",
  "id NOT IN (1, id)",
  "id = ANY (ARRAY[id])",
  "id BETWEEN id AND id",
  "id BETWEEN SYMMETRIC id AND id",
  "coalesce(true)",
  "coalesce(true, id = 5)",
  "coalesce(id = id, false)",
  "1 IN (1)",
  "1 = ANY (ARRAY[1])",
  "EXISTS (SELECT 1)",
  "EXISTS (SELECT)",
  "EXISTS (SELECT id)",
  "EXISTS (SELECT 1 WHERE id = id)",
  "NOT EXISTS (SELECT 1 WHERE false)",
  "(SELECT true)",
  "(SELECT id = id)",
  "(SELECT 1) = 1",
  "EXISTS (SELECT 1 FROM u)",
  "1 IN (SELECT x FROM u)",
  "(SELECT count(*) FROM u) > 5",
  "EXISTS (SELECT 1 FROM u AS t WHERE t.id = 1)",
  "id = 5 OR true",
  "id = 5 OR 1 = 1",
  "id = 5 OR $1",
  "id = 5 OR $1 IS NULL",
  "$1::int IS NULL OR id = $1",
  "id = 5 OR random() < 0.5",
  "id = 5 OR EXISTS (SELECT 1 FROM u)",
  "id = 5 OR coalesce(null, true)",
  "id IS NULL OR id IS NOT NULL",
  "a IS NULL OR a IS NOT NULL",
  "a = 1 OR a <> 1",
  "a = 1 OR 1 <> a",
  "a = 1 OR NOT (a = 1)",
  "a > 1 OR a <= 1",
  "a > 1 OR 1 >= t.a",
  "name LIKE 'a%' OR name NOT LIKE 'a%'",
  "a IN (1, 2) OR a NOT IN (1, 2)",
  "a BETWEEN 1 AND 2 OR a NOT BETWEEN 1 AND 2",
  "flag OR NOT flag",
  "flag IS TRUE OR flag IS NOT TRUE",
  "(a = 1 AND b = 2) OR NOT (a = 1 AND b = 2)",
  "a < 10 OR a > 5",
  "a <= 5 OR a > 5",
  "a >= 0 OR a < 0",
  "a <> 1 OR a <> 2",
  "a <> 1 OR a < 5",
  "id IS NOT NULL",
  "NOT id IS NULL",
  "true AND 1 = 1 AND id = id",
  "CASE WHEN id = 5 THEN true ELSE true END",
  "CASE WHEN true THEN true END IS NOT NULL",
];

const CONDITION = [
  "name = 'x'",
  "flag",
  "NOT flag",
  "flag IS TRUE",
  "flag = true",
  "a = b",
  "id = a",
  "id > 5",
  "id <> 5",
  "id = 5 OR id = 6",
  "id = 5 OR name = 'x'",
  "NOT (id = 5)",
  "a = 1",
  "a < 5 OR a > 5",
  "a < 5 OR a > 10",
  "id IN (SELECT id FROM t)",
  "id IN (SELECT tid FROM u)",
  "id = (SELECT max(tid) FROM u)",
  "EXISTS (SELECT 1 FROM u WHERE u.tid = t.id)",
  "name <> lower(name)",
  "length(name) > 3",
  "name IS NULL",
  "name IS NOT NULL",
  "id = ANY ($1)",
  "id = ANY ((SELECT x FROM u)::int[])",
  `id IN (${Array.from({ length: 101 }, (_, index) => index).join(", ")})`,
  "id IN (1, 2, a)",
  "id::text = '5'",
  "id + 1 = 5",
  "lower(name) = 'x'",
  "id = random()",
  "id = 5::float8",
  "id = NULL",
  "id = 'x' COLLATE \"und\"",
  "a = 1 AND b > 2",
  "(a, b) < (1, 2)",
  `a IN (${Array.from({ length: 11 }, (_, index) => index).join(", ")}) AND b IN (${Array.from({ length: 11 }, (_, index) => index).join(", ")})`,
  "id IS NOT DISTINCT FROM 5",
  "CASE WHEN flag THEN true ELSE false END",
  "id NOT IN (1, 2)",
  "id <> ALL (ARRAY[1, 2])",
];

const KEY = [
  "id = 5",
  "5 = id",
  "t.id = 5",
  "id = $1",
  "id = $1::int",
  "id = '5'::bigint",
  "id = -5",
  "id = CAST('5' AS numeric)",
  "id = 5 AND flag",
  "flag AND (name = 'x' AND id = 5)",
  "id = 5 AND $1",
  "id IN (1, 2, $3)",
  "id = ANY (ARRAY[1, 2])",
  "id = ANY ('{1,2,3}')",
  "id = ANY ('{1,2,3}'::int[])",
  "a = 1 AND b = 2",
  "(a, b) = (1, 2)",
  "ROW(a, b) = ROW($1, $2)",
  "(a, b) IN ((1, 2), (3, 4))",
  "a IN (1, 2) AND b IN (3, 4)",
  "id OPERATOR(pg_catalog.=) 5",
  "id = 5 AND id IN (SELECT tid FROM u)",
  `id IN (${Array.from({ length: 100 }, (_, index) => index).join(", ")})`,
];

test("conditions that no row decides are constant", () => {
  for (const where of CONSTANT) assert.equal(strengthOf(where), "constant", where);
});

test("conditions that rows decide without fixing a key are no more than that", () => {
  for (const where of CONDITION) assert.equal(strengthOf(where), "condition", where);
});

test("equality of all columns of a key with constants or parameters is a key", () => {
  for (const where of KEY) assert.equal(strengthOf(where), "key", where);
});

test("other shapes of statement", () => {
  const expected: [string, Where][] = [
    ["DELETE FROM t", "missing"],
    ["UPDATE t SET a = 1", "missing"],
    ["UPDATE t SET a = 1 WHERE id = 1", "key"],
    ["UPDATE t AS x SET a = 1 WHERE x.id = 1", "key"],
    ["DELETE FROM t WHERE CURRENT OF c", "key"],
    ["DELETE FROM t USING u", "missing"],
    ["DELETE FROM t USING u WHERE u.x = 1", "constant"],
    ["DELETE FROM t USING u WHERE u.id = u.id", "constant"],
    ["DELETE FROM t USING u WHERE t.id = u.tid", "condition"],
    ["DELETE FROM t USING u WHERE t.id = 5", "condition"],
    ["DELETE FROM t USING u WHERE u.id = 5", "constant"],
    ["UPDATE t SET a = u.x FROM u WHERE true", "constant"],
    ["DELETE FROM t USING t AS other WHERE other.id = 5", "constant"],
    ["WITH d AS (DELETE FROM t) SELECT 1", "missing"],
    ["WITH d AS (DELETE FROM t WHERE id = 1) DELETE FROM u WHERE x = 1", "condition"],
    ["WITH d AS (DELETE FROM t WHERE 1 = 1) DELETE FROM u WHERE id = 1", "constant"],
    ["INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1", "none"],
    ["SELECT 1", "none"],
    ["TRUNCATE t", "none"],
    ["MERGE INTO t USING u ON t.id = u.tid WHEN MATCHED THEN DELETE", "condition"],
    ["MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", "constant"],
    ["MERGE INTO t USING u ON u.id = 1 WHEN MATCHED THEN UPDATE SET a = 1", "constant"],
    ["MERGE INTO t USING u ON t.id = 5 WHEN MATCHED THEN DELETE", "condition"],
    ["MERGE INTO t USING u ON t.id = u.tid WHEN NOT MATCHED THEN INSERT VALUES (1)", "none"],
    ["MERGE INTO t USING u ON false WHEN NOT MATCHED BY SOURCE THEN DELETE", "constant"],
    ["EXPLAIN DELETE FROM t", "none"],
    ["EXPLAIN ANALYZE DELETE FROM t", "missing"],
    ["EXPLAIN (ANALYZE false, ANALYZE) DELETE FROM t", "missing"],
    ["PREPARE p AS DELETE FROM t", "missing"],
    // A parent's key doesn't hold across its children, a partitioned table's does.
    ["DELETE FROM parent WHERE id = 1", "condition"],
    ["DELETE FROM ONLY parent WHERE id = 1", "key"],
    ["DELETE FROM parts WHERE id = 1", "key"],
    ["DELETE FROM v WHERE id = 1", "condition"],
    ["DELETE FROM v WHERE id = id", "constant"],
  ];
  for (const [sql, where] of expected) assert.equal(resolveSql(sql, catalog).where, where, sql);
});

test("an equality that a user's operator may answer is no key", () => {
  const shadowed = {
    ...catalog,
    userOperator: (schema: string, name: string) => schema === "public" && name === "=",
  };
  const resolution = resolveSql("DELETE FROM t WHERE id = 5", shadowed);
  assert.equal(resolution.where, "condition");
  assert.deepEqual(resolution.opaque, ["the operator public.= may run a user's function"]);
  assert.equal(resolveSql("DELETE FROM t WHERE id OPERATOR(public.=) 5", shadowed).where, "condition");
  assert.equal(resolveSql("DELETE FROM t WHERE id OPERATOR(pg_catalog.=) 5", shadowed).where, "key");
});

const weak = fc.constantFrom(...CONSTANT, ...CONDITION);
const any = fc.constantFrom(...CONSTANT, ...CONDITION, ...KEY);
const ORDER: Where[] = ["missing", "constant", "condition", "key"];

test("AND with a key is a key, whatever the other condition, unless it is never true", () => {
  fc.assert(
    fc.property(any, fc.constantFrom(...KEY), (other, key) => {
      assert.notEqual(strengthOf(`(${other}) AND ${key}`), "condition");
    }),
  );
});

test("conditions that are no key don't become one by AND, OR or NOT, and OR never strengthens", () => {
  fc.assert(
    fc.property(weak, any, (one, other) => {
      const rank = (where: string) => ORDER.indexOf(strengthOf(where));
      assert.ok(rank(`(${one}) OR (${other})`) <= Math.min(2, Math.max(rank(one), rank(other))));
      assert.ok(rank(`NOT (${one})`) <= 2);
      // Both halves of a two-column key may come together.
      if (!/\ba\b/.test(one)) assert.ok(rank(`(${one}) AND (${one})`) <= 2);
      assert.ok(rank(`(SELECT ${one})`) <= 2);
    }),
  );
});

test("(p) OR NOT (p) is constant for every condition that rows decide", () => {
  for (const where of [...CONDITION, ...KEY]) {
    assert.equal(strengthOf(`(${where}) OR NOT (${where})`), "constant", where);
  }
});

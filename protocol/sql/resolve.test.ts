import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import type { CatalogName, NameContext, Relation } from "./catalog.ts";
import { loadParser } from "./parser.ts";
import { memoryCatalog, NAMES, relation, resolveSql, routine } from "./resolve/testing.ts";
import { nameParts, qualifiedName, type Resolution, resolveStatement } from "./resolve.ts";
import "../seeded.ts";

before(() => loadParser());

const relations = [
  relation("public.t", "id a b", { keys: [["id"]] }),
  relation("public.u", "id tid x"),
  relation("other.t", "id hidden"),
  relation("public.shadow", "id secret"),
  relation("pg_temp_3.shadow", "id", { temporary: true }),
  relation("pg_temp_3.base", "id", { temporary: true, children: ["pg_temp_3.heir"] }),
  relation("pg_catalog.pg_authid", "rolname rolpassword"),
  relation("pg_temp_3.pg_authid", "rolname", { temporary: true }),
  relation("public.roles", "rolname", { kind: "view", view: "SELECT pg_authid.rolname FROM pg_authid" }),
  relation("public.v", "id a", { kind: "view", view: "SELECT t.id, t.a FROM public.t WHERE t.b > 1" }),
  relation("public.vv", "id", { kind: "view", view: "SELECT v.id FROM public.v" }),
  relation("public.renamed", "key", { kind: "view", view: "SELECT t.id AS key FROM public.t" }),
  relation("public.broken", "id", { kind: "view", view: "SELECT (" }),
  relation("public.two", "id", { kind: "view", view: "SELECT 1; SELECT 2" }),
  relation("public.textless", "id", { kind: "view" }),
  relation("public.joined", "id", {
    kind: "view",
    view: "SELECT t.id FROM public.t JOIN public.u ON u.tid = t.id",
  }),
  relation("public.loop", "id", { kind: "view", view: "SELECT loop.id FROM public.loop" }),
  relation("public.mat", "id", { kind: "materialized-view", view: "SELECT t.id FROM public.t" }),
  relation("public.parent", "id", { children: ["public.child", 'other."odd.name"'] }),
  relation("public.child", "id more", { parents: ["public.parent"] }),
  relation("public.far", "id", { kind: "foreign" }),
  relation("pg_toast.pg_toast_1", "chunk_id chunk_data", { kind: "toast" }),
  relation("public.guarded", "id", {
    writeSideEffects: ["the trigger notify of public.guarded runs"],
    readSideEffects: ["a policy of public.guarded calls public.f"],
  }),
  relation("public.owner", "id name", {
    keys: [["id"]],
    cascades: {
      onDelete: ["public.owned"],
      onUpdate: ["public.kept"],
      sideEffects: ["a trigger of public.owned runs"],
    },
  }),
];
const routines = [
  ...["count", "lower", "now", "sum", "name", "jsonb_each", "generate_series", "max"].map((name) =>
    routine(`pg_catalog.${name}`),
  ),
  routine("public.lower", { volatility: "volatile" }),
  routine("public.leak"),
  routine("other.helper"),
  routine("pg_temp_3.evil"),
];
const catalog = memoryCatalog({
  relations,
  routines,
  operators: ["public.+", "other.%%"],
  types: ["public.bad"],
});
const resolve = (sql: string, names?: NameContext) => resolveSql(sql, catalog, names);

type Expected = Partial<Omit<Resolution, "routines">>;
function check(table: [sql: string, expected: Expected][]): void {
  for (const [sql, expected] of table) {
    const actual = resolve(sql);
    for (const key of Object.keys(expected) as (keyof Expected)[]) {
      assert.deepEqual(actual[key], expected[key], `${sql}: ${key}`);
    }
    if (expected.opaque === undefined) assert.deepEqual(actual.opaque, [], sql);
  }
}

test("a name is the first relation of the search path, the session's temporary ones being told apart", () => {
  check([
    ["SELECT id FROM t", { reads: ["public.t"], readColumns: ["public.t.id"] }],
    ["SELECT id FROM other.t", { reads: ["other.t"] }],
    ["SELECT id FROM shadow", { reads: ["pg_temp.shadow"], readColumns: ["pg_temp.shadow.id"] }],
    ["SELECT id FROM pg_temp.shadow", { reads: ["pg_temp.shadow"] }],
    ["SELECT id FROM pg_temp_3.shadow", { reads: ["pg_temp.shadow"] }],
    ["SELECT secret FROM public.shadow", { reads: ["public.shadow"] }],
    ["SELECT pg_temp.shadow.id FROM shadow", { readColumns: ["pg_temp.shadow.id"] }],
    ["SELECT id FROM base", { reads: ["pg_temp.base", "pg_temp.heir"] }],
    ["SELECT id FROM mydb.public.t", { reads: ["public.t"] }],
    ['SELECT id FROM "T"', { reads: [], opaque: ["the relation T does not exist"] }],
    ["SELECT id FROM pg_temp.t", { reads: [], opaque: ["the relation pg_temp.t does not exist"] }],
    ["DROP TABLE IF EXISTS nowhere", { writes: ["public.nowhere"] }],
    ["CREATE TABLE fresh (id int)", { writes: ["public.fresh"] }],
    ["CREATE TEMPORARY TABLE fresh (id int)", { writes: ["pg_temp.fresh"] }],
    ["CREATE TABLE pg_temp.fresh AS SELECT id FROM u", { writes: ["pg_temp.fresh"], reads: ["public.u"] }],
  ]);
  const reversed = { ...NAMES, searchPath: ["other", "public", "pg_catalog"], temporarySchema: null };
  assert.deepEqual(resolve("SELECT id FROM t", reversed).reads, ["other.t"]);
  assert.deepEqual(resolve("SELECT secret FROM shadow", reversed).reads, ["public.shadow"]);
});

test("a WITH query hides relations where its name is in scope, and nowhere else", () => {
  check([
    ["WITH t AS (SELECT 1 AS id) SELECT id FROM t", { reads: [] }],
    ["WITH t AS (SELECT 1 AS id) SELECT id FROM public.t", { reads: ["public.t"] }],
    ["WITH t AS (SELECT * FROM t) SELECT id FROM t", { reads: ["public.t"] }],
    ["WITH x AS (SELECT * FROM t), t AS (SELECT 1 AS id) SELECT x.id FROM x", { reads: ["public.t"] }],
    ["SELECT (WITH t AS (SELECT 1 AS id) SELECT id FROM t), x FROM u", { reads: ["public.u"] }],
    ["SELECT 1 FROM (WITH t AS (SELECT 1) SELECT * FROM t) s, t", { reads: ["public.t"] }],
    ["WITH t AS (SELECT 1 AS id) DELETE FROM t WHERE id = 1", { writes: ["public.t"] }],
    ["WITH t AS (SELECT 1 AS id) DELETE FROM u USING t WHERE u.id = t.id", { reads: ["public.u"] }],
    ["(WITH t AS (SELECT 1 AS id) SELECT id FROM t) UNION SELECT id FROM t", { reads: ["public.t"] }],
    ["WITH t AS (SELECT 1 AS id) SELECT id FROM t UNION SELECT id FROM t", { reads: [] }],
  ]);
});

test("columns are found in the innermost scope that has them", () => {
  check([
    ["SELECT (SELECT a FROM u) FROM t", { readColumns: ["public.t.a"] }],
    ["SELECT (SELECT x FROM u LIMIT 1) FROM t", { readColumns: ["public.u.x"] }],
    ["SELECT (SELECT id FROM u) FROM t", { readColumns: ["public.u.id"] }],
    ["SELECT s.q FROM (SELECT a AS q FROM t) s", { readColumns: ["public.t.a"] }],
    ["SELECT q.z FROM t AS q(x, y, z)", { readColumns: ["public.t.b"] }],
    ["SELECT 1 FROM t JOIN u USING (id)", { readColumns: ["public.t.id", "public.u.id"] }],
    ["SELECT 1 FROM t NATURAL JOIN u", { readColumns: ["public.t.id", "public.u.id"] }],
    ["SELECT t FROM t", { readColumns: ["public.t.a", "public.t.b", "public.t.id"] }],
    ["SELECT count(t.*) FROM t", { readColumns: ["public.t.a", "public.t.b", "public.t.id"] }],
    ["SELECT ctid FROM t", { readColumns: ["public.t.ctid"] }],
    ["SELECT x FROM t, LATERAL (SELECT t.a AS x) s", { readColumns: ["public.t.a"] }],
    // A subquery that isn't LATERAL doesn't see its siblings.
    ["SELECT 1 FROM t, (SELECT t.a) s", { opaque: ["the column t.a is not known here"] }],
    ["SELECT 1 FROM t x WHERE t.a = 1", { opaque: ["the column t.a is not known here"] }],
    ["SELECT 1 FROM (t JOIN u ON true) AS j WHERE t.a = 1", { opaque: ["the column t.a is not known here"] }],
    // ON sees the two sides of its join, not what stands before them in FROM.
    ["SELECT (SELECT 1 FROM u AS q, mat JOIN child ON q.b = 1) FROM t AS q", { readColumns: ["public.t.b"] }],
    ["SELECT nothing FROM t", { opaque: ["the column nothing is not known here"] }],
    ["UPDATE t SET nothing = 1", { opaque: ["the column nothing to be written is not known"] }],
    ["INSERT INTO t (a) SELECT x FROM u RETURNING b", { readColumns: ["public.t.b", "public.u.x"] }],
    ["INSERT INTO t VALUES (1)", { reads: [], writeColumns: ["public.t.a", "public.t.b", "public.t.id"] }],
    [
      "INSERT INTO t (id, a) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET a = excluded.a",
      { readColumns: ["public.t.id"], writeColumns: ["public.t.a", "public.t.id"] },
    ],
    ["UPDATE t SET a = 1", { reads: [], writes: ["public.t"], writeColumns: ["public.t.a"] }],
    ["DELETE FROM t", { reads: [], writes: ["public.t"], writeColumns: [] }],
    ["COPY t (a) FROM STDIN WHERE a > 1", { reads: [], writes: ["public.t"], writeColumns: ["public.t.a"] }],
    // What a function gives isn't known: a name may be its column or one further out.
    ["SELECT (SELECT b FROM jsonb_each('{}')) FROM t", { readColumns: ["public.t.b"] }],
    ["SELECT e.key FROM jsonb_each('{}') e", { readColumns: [] }],
  ]);
});

test("attribute notation is a call where no column is: t.f is f(t), f(t) is t.f", () => {
  check([
    [
      "SELECT t.leak FROM t",
      { functions: ["public.leak"], readColumns: ["public.t.a", "public.t.b", "public.t.id"] },
    ],
    ["SELECT (t).leak FROM t", { functions: ["public.leak"] }],
    ["SELECT (t.a).leak FROM t", { functions: ["public.leak"], readColumns: ["public.t.a"] }],
    ["SELECT a(t) FROM t", { functions: [], readColumns: ["public.t.a", "public.t.b", "public.t.id"] }],
    ["SELECT t.nothing FROM t", { opaque: ["t.nothing is neither a column nor known as a function"] }],
    ["SELECT e.leak FROM jsonb_each('{}') e", { functions: ["pg_catalog.jsonb_each", "public.leak"] }],
  ]);
});

test("every function of a name in the path may be the one that is called", () => {
  check([
    ["SELECT lower('x')", { functions: ["pg_catalog.lower", "public.lower"] }],
    ["SELECT pg_catalog.lower('x')", { functions: ["pg_catalog.lower"] }],
    ["SELECT other.helper(1)", { functions: ["other.helper"] }],
    ["SELECT helper(1, 2)", { opaque: ["the function helper does not exist"] }],
    // Functions of the temporary schema are found by its name only.
    ["SELECT evil(1, 2)", { opaque: ["the function evil does not exist"] }],
    ["SELECT pg_temp.evil(1, 2)", { functions: ["pg_temp.evil"] }],
    ["CALL leak()", { functions: ["public.leak"] }],
    ["SELECT 1 FROM t ORDER BY leak(a)", { functions: ["public.leak"] }],
    ["SELECT sum(a) OVER (ORDER BY leak(b)) FROM t", { functions: ["pg_catalog.sum", "public.leak"] }],
    ["INSERT INTO t VALUES (leak(1)) ON CONFLICT (leak(id)) DO NOTHING", { functions: ["public.leak"] }],
    ["SELECT 1 LIMIT leak(1)", { functions: ["public.leak"] }],
    ["CREATE INDEX ON t (leak(a))", { functions: ["public.leak"], readColumns: ["public.t.a"] }],
    ["ALTER TABLE t ADD COLUMN c int DEFAULT leak(1)", { functions: ["public.leak"] }],
    ["EXECUTE p (leak(1))", { functions: ["public.leak"] }],
  ]);
  const { routines: found } = resolve("SELECT lower('x')");
  assert.deepEqual(
    found.map(({ schema, volatility }) => [schema, volatility]),
    [
      ["pg_catalog", "immutable"],
      ["public", "volatile"],
    ],
  );
});

test("users' operators and types are never taken for PostgreSQL's own", () => {
  const plus = ["the operator public.+ may run a user's function"];
  const type = ["values of the type public.bad run a user's function"];
  check([
    ["SELECT 1 + 2", { opaque: plus }],
    ["SELECT 1 OPERATOR(pg_catalog.+) 2", {}],
    ["SELECT 1 OPERATOR(public.+) 2", { opaque: plus }],
    ["SELECT 1 %% 2", {}],
    ["SELECT 1 OPERATOR(other.%%) 2", { opaque: ["the operator other.%% may run a user's function"] }],
    ["SELECT id FROM t ORDER BY id USING OPERATOR(public.+)", { opaque: plus }],
    ["SELECT 1 = ANY (SELECT id FROM t WHERE +id = 1)", { opaque: plus }],
    ["SELECT 'x'::bad", { opaque: type }],
    ["SELECT CAST(ARRAY['x'] AS bad[])", { opaque: type }],
    ["SELECT '{x}'::_bad", { opaque: type }],
    ["SELECT bad 'x'", { opaque: type }],
    ["SELECT bad('x')", { opaque: type }],
    ["SELECT 'x'::other.bad", {}],
    ["SELECT x FROM jsonb_each('[]') AS r(x bad)", { opaque: type }],
    ["SELECT 'x'::text, 1::pg_catalog.int4", {}],
  ]);
  const equal = memoryCatalog({ relations, operators: ["public.=", "public.~~", "public.>="] });
  for (const sql of [
    "SELECT 1 FROM t JOIN u USING (id)",
    "SELECT CASE 1 WHEN 2 THEN 3 END",
    "SELECT nullif(1, 2)",
    "SELECT 1 IN (2)",
    "SELECT 1 IN (SELECT 2)",
    "SELECT 1 IS DISTINCT FROM 2",
    "SELECT 1 LIKE 'x'",
    "SELECT 1 BETWEEN 2 AND 3",
    "SELECT (1, 2) = (3, 4)",
  ]) {
    assert.equal(resolveSql(sql, equal).opaque.length, 1, sql);
  }
});

test("views are read with all that is behind them, whatever the agent's session calls so", () => {
  check([
    [
      "SELECT id FROM v",
      {
        reads: ["public.t", "public.v"],
        readColumns: ["public.t.a", "public.t.b", "public.t.id", "public.v.id"],
      },
    ],
    ["SELECT id FROM vv", { reads: ["public.t", "public.v", "public.vv"] }],
    // A temporary table of the same name is not what the view means.
    ["SELECT * FROM roles", { reads: ["pg_catalog.pg_authid", "public.roles"] }],
    ["SELECT id FROM loop", { reads: ["public.loop"] }],
    ["SELECT id FROM mat", { reads: ["public.mat"] }],
    ["REFRESH MATERIALIZED VIEW mat", { reads: ["public.t"], writes: ["public.mat"] }],
    ["SELECT id FROM broken", { opaque: ["what the view public.broken reads is not known"] }],
    ["SELECT id FROM two", { opaque: ["what the view public.two reads is not known"] }],
    ["SELECT id FROM textless", { opaque: ["what the view public.textless reads is not known"] }],
  ]);
});

test("a write to a view is a write to the relation under it", () => {
  check([
    ["UPDATE v SET a = 1", { writes: ["public.t", "public.v"], writeColumns: ["public.t.a", "public.v.a"] }],
    ["UPDATE renamed SET key = 1", { writeColumns: ["public.renamed.key", "public.t.id"] }],
    ["DELETE FROM vv", { writes: ["public.t", "public.v", "public.vv"] }],
    ["INSERT INTO v (id) VALUES (1)", { writes: ["public.t", "public.v"] }],
    ["DELETE FROM joined", { opaque: ["what a write to the view public.joined does is not known"] }],
    ["DELETE FROM textless", { opaque: ["what a write to the view public.textless does is not known"] }],
  ]);
  assert.notDeepEqual(resolve("DELETE FROM loop").opaque, []);
});

test("descendants are read and written with their parent, parents with a child", () => {
  const family = ['other."odd.name"', "public.child", "public.parent"];
  check([
    ["SELECT id FROM parent", { reads: family, readColumns: family.map((name) => `${name}.id`) }],
    ["SELECT id FROM ONLY parent", { reads: ["public.parent"] }],
    [
      "SELECT more FROM child",
      { reads: ["public.child", "public.parent"], readColumns: ["public.child.more"] },
    ],
    ["UPDATE parent SET id = 1", { writes: family, writeColumns: family.map((name) => `${name}.id`) }],
    ["DELETE FROM child", { writes: ["public.child", "public.parent"] }],
    ["TRUNCATE parent", { writes: family }],
    ["TRUNCATE ONLY parent", { writes: ["public.parent"] }],
  ]);
});

test("what runs beside a statement makes it opaque", () => {
  const trigger = ["the trigger notify of public.guarded runs"];
  const policy = ["a policy of public.guarded calls public.f"];
  const cascade = ["a trigger of public.owned runs"];
  check([
    ["SELECT id FROM guarded", { opaque: policy }],
    ["INSERT INTO guarded VALUES (1)", { opaque: trigger }],
    ["DELETE FROM guarded WHERE id = 1", { opaque: [...policy, ...trigger] }],
    ["TRUNCATE guarded", { opaque: trigger }],
    ["DELETE FROM owner", { writes: ["public.owned", "public.owner"], opaque: cascade }],
    ["UPDATE owner SET id = 2", { writes: ["public.kept", "public.owner"], opaque: cascade }],
    ["UPDATE owner SET name = 'x'", { writes: ["public.owner"] }],
    ["INSERT INTO owner VALUES (1)", { writes: ["public.owner"] }],
    ["SELECT id FROM far", { reads: ["public.far"], foreign: ["public.far"] }],
    [
      "SELECT chunk_data FROM pg_toast.pg_toast_1",
      { opaque: ["pg_toast.pg_toast_1 holds values of another relation"] },
    ],
  ]);
});

test("EXPLAIN without ANALYZE writes nothing but tells of what it names", () => {
  check([
    ["EXPLAIN DELETE FROM t", { reads: ["public.t"], writes: [], where: "none" }],
    ["EXPLAIN (ANALYZE off) DELETE FROM t", { writes: [] }],
    ["EXPLAIN (ANALYZE 0) DELETE FROM t", { writes: [] }],
    ["EXPLAIN (ANALYZE) DELETE FROM t", { writes: ["public.t"], where: "missing" }],
    ["EXPLAIN (ANALYZE 1) DELETE FROM t", { writes: ["public.t"] }],
    ["EXPLAIN (ANALYZE 'on') DELETE FROM t", { writes: ["public.t"] }],
    ["EXPLAIN (ANALYZE off, ANALYZE on) DELETE FROM t", { writes: ["public.t"] }],
    ["EXPLAIN ANALYZE SELECT leak(1)", { functions: ["public.leak"] }],
  ]);
});

test("missing names are asked for once, and the statement is opaque until they are known", () => {
  const blank = {
    ...catalog,
    relation: () => undefined,
    functions: () => undefined,
    userOperator: () => undefined,
    userType: () => undefined,
  };
  const missing: CatalogName[] = [];
  const { opaque } = resolveSql(
    "SELECT f(a + 1, 2), f(a + 2, 3) FROM t WHERE b = 'x'::other.kind",
    blank,
    NAMES,
    missing,
  );
  assert.notDeepEqual(opaque, []);
  const asked = missing.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`);
  assert.equal(new Set(asked).size, asked.length);
  assert.deepEqual(asked.sort(), [
    "functions pg_catalog.f",
    "functions public.f",
    "operator pg_catalog.+",
    "operator pg_catalog.=",
    "operator public.+",
    "operator public.=",
    "relation pg_catalog.t",
    "relation pg_temp_3.t",
    "relation public.t",
    "type other.kind",
  ]);
});

test("a relation that is known doesn't count while an earlier schema of the path isn't", () => {
  const missing: CatalogName[] = [];
  const partly = {
    ...catalog,
    relation: (schema: string, name: string): Relation | null | undefined =>
      schema === "pg_temp_3" ? undefined : catalog.relation(schema, name),
  };
  assert.deepEqual(resolveSql("SELECT secret FROM shadow", partly, NAMES, missing).reads, []);
  assert.deepEqual(missing, [{ kind: "relation", schema: "pg_temp_3", name: "shadow" }]);
});

test("names are asked for up to a bound", () => {
  const blank = { ...catalog, relation: () => undefined };
  const missing: CatalogName[] = [];
  const from = Array.from({ length: 3_000 }, (_, index) => `r${index}`).join(", ");
  assert.notDeepEqual(resolveSql(`SELECT 1 FROM ${from}`, blank, NAMES, missing).opaque, []);
  assert.equal(missing.length, 2_000);
});

test("hostile shapes end in a bound, not in a long wait", () => {
  const wide = relation("public.w", Array.from({ length: 1_000 }, (_, index) => `c${index}`).join(" "));
  const large = memoryCatalog({ relations: [...relations, wide], routines });
  const repeated = (text: string, times: number) => Array<string>(times).fill(text).join("");
  const doubling = `SELECT * FROM ${repeated("(SELECT *, * FROM ", 40)} t ${repeated(") x", 40)}`;
  const joins = `SELECT * FROM w ${repeated("CROSS JOIN w ", 300)}`;
  const chain = Array.from({ length: 2_000 }, (_, index) => `c${index} AS (SELECT * FROM c${index + 1})`);
  for (const sql of [
    doubling,
    joins,
    `WITH RECURSIVE ${chain.join(", ")}, c2000 AS (SELECT 1) SELECT * FROM c0`,
  ]) {
    const { opaque } = resolveSql(sql, large);
    assert.match(opaque.join(), /more than|nests deeper/, sql.slice(0, 40));
  }
  const deep = `SELECT ${repeated("lower(", 390)} a ${repeated(")", 390)} FROM t`;
  assert.deepEqual(resolveSql(deep, large).readColumns, ["public.t.a"]);
});

test("a statement about relations that it doesn't name is opaque", () => {
  for (const sql of [
    "VACUUM",
    "ANALYZE",
    "CLUSTER",
    "REINDEX SCHEMA public",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO somebody",
    "ALTER SCHEMA public RENAME TO private",
    "DROP SCHEMA public CASCADE",
    "DROP EXTENSION hstore",
    "ALTER EXTENSION hstore SET SCHEMA other",
    "DROP OWNED BY somebody",
    "REASSIGN OWNED BY somebody TO somebody_else",
    "ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b",
    "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "CREATE PUBLICATION p FOR TABLES IN SCHEMA public",
    "TRUNCATE t CASCADE",
    "DROP TABLE t CASCADE",
    "DO 'begin end'",
  ]) {
    assert.notDeepEqual(resolve(sql).opaque, [], sql);
  }
});

test("what is not known is opaque: expressions, statements, items of FROM", () => {
  const tree = { SelectStmt: { op: "SETOP_NONE", targetList: [{ ResTarget: { val: { FutureExpr: {} } } }] } };
  const run = (node: object) => resolveStatement(node as never, NAMES, catalog, []).opaque;
  assert.match(run(tree).join(), /FutureExpr/);
  assert.match(run({ FutureStmt: {} }).join(), /FutureStmt/);
  assert.match(run({ SelectStmt: { fromClause: [{ FutureItem: {} }] } }).join(), /FutureItem/);
  assert.notDeepEqual(run({}), []);
});

test("names with dots and quotes are told apart", () => {
  assert.equal(qualifiedName("a", "b.c"), 'a."b.c"');
  assert.notEqual(qualifiedName("a.b", "c"), qualifiedName("a", "b.c"));
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (parts) => {
      assert.deepEqual(nameParts(qualifiedName(...parts)), parts);
    }),
  );
});

const QUERIES = [
  "SELECT id, a FROM t",
  "SELECT t.b, u.x FROM t JOIN u ON u.tid = t.id",
  "SELECT x FROM u WHERE EXISTS (SELECT FROM t WHERE t.id = u.tid AND t.a > 1)",
  "SELECT max(b) AS m FROM t GROUP BY a",
  "SELECT id FROM v",
  "SELECT id FROM parent",
  "SELECT t FROM t",
  "SELECT id FROM other.t UNION SELECT id FROM u",
  "WITH w AS (SELECT hidden FROM other.t) SELECT hidden FROM w",
];
const WRAPPINGS: ((sql: string) => string)[] = [
  (sql) => `SELECT * FROM (${sql}) s`,
  (sql) => `SELECT 1 FROM (${sql}) s`,
  (sql) => `WITH s AS (${sql}) SELECT * FROM s`,
  (sql) => `WITH RECURSIVE s AS (${sql}) SELECT count(*) FROM s`,
  (sql) => `SELECT 1 WHERE EXISTS (${sql})`,
  (sql) => `SELECT ARRAY(SELECT 1 FROM (${sql}) s)`,
  (sql) => `SELECT l.* FROM u o, LATERAL (${sql}) l`,
  (sql) => `(${sql}) UNION ALL (SELECT x FROM u)`,
  (sql) => `SELECT * FROM (${sql}) s ORDER BY 1 LIMIT 1`,
  (sql) => `SELECT CASE WHEN 1 IN (SELECT 1 FROM (${sql}) s) THEN 2 END`,
  (sql) => `EXPLAIN ${sql}`,
];
/** Statements that hold a query; they can't be wrapped again. */
const HOLDERS: ((sql: string) => string)[] = [
  (sql) => `CREATE TABLE made AS ${sql}`,
  (sql) => `CREATE VIEW made AS ${sql}`,
  (sql) => `COPY (${sql}) TO STDOUT`,
  (sql) => `DECLARE c CURSOR FOR ${sql}`,
  (sql) => `PREPARE p AS ${sql}`,
  (sql) => `INSERT INTO owner (id) SELECT 1 FROM (${sql}) s`,
  (sql) => `DELETE FROM owner USING (${sql}) s`,
  (sql) => `UPDATE u SET x = 1 FROM (${sql}) s`,
  (sql) => `MERGE INTO owner USING (${sql}) s ON true WHEN MATCHED THEN DO NOTHING`,
];

test("a query in whatever wrapping is read as it is alone", () => {
  const explain = WRAPPINGS.length - 1;
  const wrapping = fc.array(fc.nat(explain - 1), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.constantFrom(...QUERIES),
      wrapping,
      fc.option(fc.constantFrom(...HOLDERS, WRAPPINGS[explain]!)),
      (query, layers, holder) => {
        let sql = query;
        for (const layer of layers) sql = WRAPPINGS[layer]!(sql);
        if (holder !== null) sql = holder(sql);
        const alone = resolve(query);
        const wrapped = resolve(sql);
        for (const key of ["reads", "readColumns", "functions"] as const) {
          for (const name of alone[key]) assert.ok(wrapped[key].includes(name), `${sql} loses ${name}`);
        }
      },
    ),
  );
});

test("a view of a query reads what the query reads", () => {
  for (const query of QUERIES) {
    const alone = resolve(query);
    const text = query
      .replace(/\b(t|u|v|parent)\b(?= JOIN| WHERE| ON|$)/g, "$1")
      .replace(/(FROM|JOIN) (t|u|v|parent)\b/g, "$1 public.$2");
    const view = relation("public.of_it", "one", { kind: "view", view: text });
    const viewed = resolveSql(
      "SELECT 1 FROM of_it",
      memoryCatalog({ relations: [...relations, view], routines }),
    );
    for (const name of alone.reads) assert.ok(viewed.reads.includes(name), `${text} loses ${name}`);
    for (const name of alone.readColumns)
      assert.ok(viewed.readColumns.includes(name), `${text} loses ${name}`);
  }
});

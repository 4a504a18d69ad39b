import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import type { Node } from "@pgsql/types";
import { EFFECTS, STATEMENT_ACTIONS } from "./facts.ts";
import { loadParser, parseSql } from "./parser.ts";
import { Draft } from "./statements/draft.ts";
import { preparedText } from "./statements/prepared-text.ts";
import { STATEMENTS } from "./statements.ts";

before(() => loadParser());

function draft(sql: string, serverVersion = 180_000): Draft {
  const [statement, more] = parseSql(sql);
  assert.ok(statement !== undefined && more === undefined, sql);
  return new Draft(statement.tree, serverVersion);
}

test("every statement of the grammar has its row", () => {
  const types = createRequire(import.meta.url)
    .resolve("@pgsql/types")
    .replace(/index\.js$/, "types.d.ts");
  const names = [...readFileSync(types, "utf8").matchAll(/^export interface (\w+Stmt) \{/gm)].map(
    (match) => match[1]!,
  );
  assert.ok(names.length > 100, String(names.length));
  assert.deepEqual(Object.keys(STATEMENTS).sort(), names.sort());
});

test("a statement that nobody knows is opaque and an act of administration", () => {
  for (const tree of [{ BrandNewStmt: {} }, { A_Const: {} }] as unknown as Node[]) {
    const found = new Draft(tree, 180_000);
    assert.deepEqual([...found.actions], ["postgres:administer"]);
    assert.notEqual(found.opaque.size, 0);
  }
});

test("no statement is without an action, and all actions and effects are on the closed lists", () => {
  for (const sql of [
    "PREPARE p AS SELECT 1",
    "PREPARE p AS INSERT INTO t VALUES (1)",
    "EXPLAIN SELECT 1",
    "CLOSE ALL",
  ]) {
    const found = draft(sql);
    assert.notEqual(found.actions.size, 0, sql);
    for (const action of found.actions) assert.ok(STATEMENT_ACTIONS.includes(action));
    for (const effect of found.effects) assert.ok(EFFECTS.includes(effect));
  }
});

test("EXPLAIN runs its statement with ANALYZE only, however the option is written", () => {
  for (const [options, runs] of [
    ["", false],
    ["VERBOSE", false],
    ["ANALYZE", true],
    ["ANALYZE VERBOSE", true],
    ["(ANALYZE)", true],
    ["(ANALYZE true)", true],
    ["(COSTS off, ANALYZE ON)", true],
    ["(ANALYZE 1)", true],
    ["(ANALYZE 'true')", true],
    ['("analyze" true)', true],
    ["(ANALYSE)", true],
    ["(ANALYZE false)", false],
    ["(ANALYZE off)", false],
    ["(ANALYZE 0)", false],
    ["(ANALYZE off, ANALYZE on)", true],
    ["(FORMAT json, BUFFERS)", false],
  ] as const) {
    const found = draft(`EXPLAIN ${options} DELETE FROM t`);
    assert.equal(found.tag, "EXPLAIN");
    assert.equal(found.actions.has("postgres:delete"), runs, options);
    assert.ok(found.actions.has("postgres:explain"));
  }
});

test("SELECT INTO is found wherever it stands", () => {
  for (const sql of [
    "SELECT * INTO evil FROM t",
    "SELECT * INTO evil FROM t UNION SELECT * FROM u",
    "SELECT * INTO evil FROM t EXCEPT SELECT 1 UNION ALL SELECT 2",
    "EXPLAIN ANALYZE SELECT * INTO evil FROM t",
  ]) {
    assert.ok(draft(sql).actions.has("postgres:create"), sql);
  }
});

test("PREPARE hands over the statement after its AS", () => {
  for (const [sql, name, query] of [
    ["PREPARE p AS SELECT 1", "p", "SELECT 1"],
    ["prepare p(int, text) as\n select $1 as a", "p", "select $1 as a"],
    ['PREPARE "as" (int) AS DELETE FROM t', "as", "DELETE FROM t"],
    ["PREPARE /* as é */ p -- as\n AS SELECT 'é'", "p", "SELECT 'é'"],
    ['PREPARE "日" AS WITH a AS (SELECT 1) SELECT * FROM a', "日", "WITH a AS (SELECT 1) SELECT * FROM a"],
  ] as const) {
    assert.deepEqual(preparedText(parseSql(sql)[0]!), { name, query }, sql);
  }
});

test("what the statement means to the session is told", () => {
  for (const [sql, session] of [
    ["EXECUTE p", [{ kind: "execute", name: "p" }]],
    ["EXPLAIN ANALYZE EXECUTE p (1)", [{ kind: "execute", name: "p" }]],
    ["EXPLAIN EXECUTE p", [{ kind: "execute", name: "p" }]],
    ["CREATE TABLE x AS EXECUTE p", [{ kind: "execute", name: "p" }]],
    ["DEALLOCATE p", [{ kind: "deallocate", name: "p" }]],
    ["DEALLOCATE ALL", [{ kind: "deallocate", name: null }]],
    ["DISCARD ALL", [{ kind: "settings" }, { kind: "catalog" }, { kind: "deallocate", name: null }]],
    ["BEGIN", [{ kind: "begin" }]],
    ["START TRANSACTION READ ONLY", [{ kind: "begin" }]],
    ["END", [{ kind: "commit" }]],
    ["COMMIT AND CHAIN", [{ kind: "commit" }, { kind: "begin" }]],
    ["ABORT", [{ kind: "rollback" }]],
    ["ROLLBACK TO a", [{ kind: "rollback-to" }]],
    ["PREPARE TRANSACTION 'x'", [{ kind: "commit" }]],
    ["SAVEPOINT a", []],
    ["COPY t FROM STDIN", [{ kind: "copy-in" }]],
    ["COPY t TO STDOUT", [{ kind: "copy-out" }]],
    ["COPY t TO '/tmp/x'", []],
    ["FETCH ALL FROM c", [{ kind: "settings" }]],
  ] as const) {
    assert.deepEqual(draft(sql).session, [...session], sql);
  }
});

test("grammar that an older server reads otherwise is opaque there, and only there", () => {
  for (const [sql, since] of [
    ["SELECT JSON_ARRAY(1, 2)", 160_000],
    ["SELECT JSON_OBJECT('a': 1)", 160_000],
    ["SELECT JSON_OBJECTAGG('a': 1), JSON_ARRAYAGG(a) FROM t", 160_000],
    ["SELECT a IS JSON FROM t", 160_000],
    ["SELECT JSON_VALUE(a, '$.b') FROM t", 170_000],
    ["SELECT JSON_SCALAR(a) FROM t", 170_000],
    ["SELECT JSON_SERIALIZE(a) FROM t", 170_000],
    ["SELECT JSON(a) FROM t", 170_000],
    ["SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (a int)) AS j", 170_000],
    ["MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING t.*", 170_000],
    ["MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING merge_action()", 170_000],
    ["DELETE FROM t RETURNING WITH (OLD AS o) o.a", 180_000],
  ] as const) {
    assert.notEqual(draft(sql, since - 1).opaque.size, 0, sql);
    assert.equal(draft(sql, since).opaque.size, 0, sql);
  }
});

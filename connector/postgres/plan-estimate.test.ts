import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import pg from "pg";
import { SallyportError } from "../../protocol/errors.ts";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser, type ParsedStatement, parseSql } from "../../protocol/sql/parser.ts";
import { type PostgresServer, startPostgres } from "../../test/postgres-server.ts";
import { estimateOf, explainText } from "./plan-estimate.ts";

console.log(`plan estimate fuzz: SEED=${SEED}`);

let server: PostgresServer;
let admin: pg.Client;

before(async () => {
  await loadParser();
  server = await startPostgres();
  const { host, port, superuser: user, password } = server;
  admin = new pg.Client({ host, port, user, password, database: "postgres" });
  await admin.connect();
  await admin.query(`
    CREATE TABLE orders (id int PRIMARY KEY, state text);
    INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 5000) n;
    CREATE TABLE parted (id int, day int) PARTITION BY LIST (day);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
    INSERT INTO parted SELECT n, n % 2 + 1 FROM generate_series(1, 1000) n;
    CREATE TABLE ruled (id int);
    CREATE RULE twice AS ON INSERT TO ruled DO ALSO DELETE FROM orders;
    CREATE RULE told AS ON DELETE TO ruled DO ALSO NOTIFY gone;
    ANALYZE`);
});

after(async () => {
  await admin?.end();
  await server?.stop();
});

async function estimate(statement: string) {
  const { rows } = await admin.query({ text: explainText(statement), rowMode: "array" });
  return estimateOf(JSON.stringify(rows[0]?.[0]));
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    return error.code;
  }
  assert.fail("it was accepted");
}

describe("the planner's estimate", () => {
  const ROWS: [claim: string, statement: string, rows: number][] = [
    ["of a scan is what comes out of it", "SELECT * FROM orders", 5000],
    ["of a scan with LIMIT is the limit", "SELECT * FROM orders LIMIT 7", 7],
    ["of a key is one row", "SELECT * FROM orders WHERE id = 3", 1],
    ["of an UPDATE without RETURNING is what it writes", "UPDATE orders SET state = 'old'", 5000],
    ["of a DELETE with RETURNING is what it writes", "DELETE FROM orders RETURNING id", 5000],
    ["of an INSERT … SELECT is what it writes", "INSERT INTO orders SELECT id + 9000, 'x' FROM orders", 5000],
    ["of a partitioned UPDATE is that of all partitions", "UPDATE parted SET id = 0", 1000],
    [
      "of a write inside a CTE counts, however little the rest reads",
      "WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone",
      5000,
    ],
    ["of a rule's further plans is added", "INSERT INTO ruled VALUES (1)", 5001],
    ["of a cursor is its query's", "DECLARE c CURSOR FOR SELECT * FROM orders", 5000],
    ["of CREATE TABLE AS is its query's", "CREATE TABLE copy AS SELECT * FROM orders", 5000],
  ];
  for (const [claim, statement, rows] of ROWS) {
    test(claim, async () => assert.equal((await estimate(statement)).rows, rows));
  }

  test("survives a rule that has no plan", async () => {
    assert.ok((await estimate("DELETE FROM ruled")).rows > 0);
  });

  test("has the cost in whole units, rounded up", async () => {
    assert.deepEqual(estimateOf('[{"Plan": {"Node Type": "Result", "Plan Rows": 1, "Total Cost": 0.01}}]'), {
      rows: 1,
      cost: 1,
    });
    assert.ok((await estimate("SELECT * FROM orders")).cost >= 70);
  });

  test("is bounded where the planner's isn't", () => {
    const huge = '[{"Plan": {"Node Type": "Result", "Plan Rows": 1e999, "Total Cost": 1e300}}]';
    assert.deepEqual(estimateOf(huge), { rows: Number.MAX_SAFE_INTEGER, cost: Number.MAX_SAFE_INTEGER });
  });
});

describe("the text that asks for it", () => {
  const FRAMES: [claim: string, statement: string][] = [
    ["a comment before", "/* a; b */ -- c\nSELECT * FROM orders"],
    ["a line comment at the end", "SELECT * FROM orders -- all of them"],
    ["a semicolon at the end", "SELECT * FROM orders;"],
    ["a semicolon and a comment", "SELECT * FROM orders; -- done"],
    ["parentheses", "(SELECT * FROM orders)"],
    ["a WITH", "WITH o AS (SELECT * FROM orders) SELECT * FROM o"],
  ];
  for (const [claim, statement] of FRAMES) {
    test(`holds for a statement with ${claim}`, async () => {
      assert.equal((await estimate(statement)).rows, 5000);
    });
  }

  const REFUSED: [claim: string, statement: string][] = [
    ["a second statement, which would run", "SELECT 1; DROP TABLE orders"],
    ["a second statement behind a comment", "SELECT 1 /* ; */; DELETE FROM orders --"],
    ["a statement that can't be explained", "DROP TABLE orders"],
    ["an EXPLAIN in itself", "EXPLAIN ANALYZE DELETE FROM orders"],
    ["options of its own, such as ANALYZE", "(ANALYZE) DELETE FROM orders"],
    ["ANALYZE as a word", "ANALYZE DELETE FROM orders"],
    ["nothing", " "],
    ["a comment that does not end", "SELECT 1 /*"],
  ];
  for (const [claim, statement] of REFUSED) {
    test(`is refused for ${claim}`, () => {
      assert.equal(
        codeOf(() => explainText(statement)),
        "invalid_request",
      );
      let statements: ParsedStatement[];
      try {
        statements = parseSql(statement);
      } catch {
        return;
      }
      assert.equal(
        codeOf(() => explainText(statements)),
        "invalid_request",
      );
    });
  }

  test("is one EXPLAIN of exactly the statement that was parsed, however it ends and whatever stands around it", () => {
    const blank = fc.constantFrom(
      " ",
      "\n",
      " /* é; -- */ ",
      "-- ; (ANALYZE)\n",
      "\t\f",
      "/* /* ; */ EXPLAIN */",
    );
    const statement = fc.constantFrom(
      "SELECT 1",
      "(SELECT 'é;' AS \"日;本\")",
      "((VALUES (1)))",
      "WITH a AS (SELECT $$;--$$) TABLE a",
      "UPDATE t SET a = E'\\';' WHERE b = 'x'\n'y'",
      "DELETE FROM t WHERE a = U&'\\00e9' RETURNING *",
      "INSERT INTO t VALUES ('💥') ON CONFLICT DO NOTHING",
      "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
      "DECLARE c CURSOR WITH HOLD FOR SELECT 1 -- x",
      "CREATE TABLE x AS EXECUTE p ('a') WITH NO DATA",
      "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA",
      "EXECUTE p (1, 'é')",
      "SELECT analyze FROM t WHERE NOT a ORDER BY a NULLS FIRST",
      "SELECT 1 INTO x",
    );
    const end = fc.constantFrom("", ";", ";;", " ; -- é", "--", "\n/* ; */;", "\u00a0");
    fc.assert(
      fc.property(
        fc.array(blank, { maxLength: 3 }),
        statement,
        end,
        fc.constantFrom("", ";", "; ;"),
        (before, sql, after, semicolons) => {
          let statements: ParsedStatement[];
          try {
            statements = parseSql(`${semicolons}${before.join("")}${sql}${after}`);
          } catch {
            return; // A no-break space is a name to the lexer, which may not stand here.
          }
          const [explain, more] = parseSql(explainText(statements));
          assert.equal(more, undefined);
          assert.ok(explain !== undefined && "ExplainStmt" in explain.tree);
          const { query, options, ...rest } = explain.tree.ExplainStmt;
          assert.deepEqual(rest, {});
          assert.equal(options?.length, 1);
          assert.equal(withoutPlaces(query), withoutPlaces(statements[0]?.tree));
        },
      ),
      { numRuns: 500, seed: SEED },
    );
  });

  test("runs nothing", async () => {
    await estimate("DELETE FROM orders");
    const { rows } = await admin.query("SELECT count(*)::int AS n FROM orders");
    assert.equal(rows[0].n, 5000);
  });
});

describe("an answer that is no plan", () => {
  const FAULTS: [text: string, code: string][] = [
    ["", "protocol_violation"],
    ["{}", "protocol_violation"],
    ["[]", "protocol_violation"],
    ["[1]", "protocol_violation"],
    ['[{"Plan": null}]', "protocol_violation"],
    ['[{"Plan": {"Plan Rows": -1, "Total Cost": 1}}]', "protocol_violation"],
    ['[{"Plan": {"Plan Rows": "1", "Total Cost": 1}}]', "protocol_violation"],
    ['[{"Plan": {"Plan Rows": 1}}]', "protocol_violation"],
    ['[{"Plan": {"Plan Rows": 1, "Total Cost": 1, "Plans": {}}}]', "protocol_violation"],
    ["[".repeat(1_000_000), "protocol_violation"],
    [" ".repeat(17 * 1024 * 1024), "limit_exceeded"],
  ];
  for (const [text, code] of FAULTS) {
    test(`is a typed error: ${text.slice(0, 60)}`, () =>
      assert.equal(
        codeOf(() => estimateOf(text)),
        code,
      ));
  }

  test("is one where nodes stand too deep in each other, or are too many", () => {
    const node = '{"Plan Rows": 1, "Total Cost": 1, "Plans": [';
    const deep = `[{"Plan": ${node.repeat(5_000)}${"]}".repeat(5_000)}}]`;
    assert.equal(
      codeOf(() => estimateOf(deep)),
      "limit_exceeded",
    );
    const wide = `[{"Plan": ${node}${Array(100_001).fill("{}").join(",")}]}}]`;
    assert.equal(
      codeOf(() => estimateOf(wide)),
      "limit_exceeded",
    );
  });

  test("is never anything else than a typed error", () => {
    const value = fc.letrec((tie) => ({
      node: fc.dictionary(
        fc.constantFrom("Plan", "Plans", "Plan Rows", "Total Cost", "Node Type", "Parent Relationship", "x"),
        fc.oneof(
          { maxDepth: 4 },
          fc.double(),
          fc.string(),
          fc.constant("ModifyTable"),
          tie("node"),
          fc.array(tie("node"), { maxLength: 3 }),
        ),
      ),
    })).node;
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), (plans) => {
        try {
          const { rows, cost } = estimateOf(JSON.stringify(plans));
          assert.ok(Number.isSafeInteger(rows) && Number.isSafeInteger(cost) && rows >= 0 && cost >= 0);
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

function withoutPlaces(tree: unknown): string {
  return JSON.stringify(tree, (key, value) =>
    typeof value === "number" && /location$|_start$|_end$/.test(key) ? undefined : value,
  );
}

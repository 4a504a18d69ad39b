import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Node } from "@pgsql/types";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { FINGERPRINT } from "./facts.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { loadParser, parseSql } from "./parser.ts";
import "../seeded.ts";

before(() => loadParser());

function of(sql: string): string {
  const statements = parseSql(sql);
  assert.equal(statements.length, 1, sql);
  return statements[0]!.fingerprint;
}

function assertEqual(...texts: string[]): void {
  for (const text of texts) assert.equal(of(text), of(texts[0]!), `${text}\n${texts[0]}`);
}

/** Each differs from each other. */
function assertDiffer(...texts: string[]): void {
  const seen = new Map<string, string>();
  for (const text of texts) {
    const fingerprint = of(text);
    assert.equal(seen.get(fingerprint), undefined, `${text}\n${seen.get(fingerprint)}`);
    seen.set(fingerprint, text);
  }
}

describe("equal are", () => {
  test("statements that differ in blanks, comments, the case of keywords and names, and redundant brackets", () => {
    assert.match(of("SELECT a FROM t WHERE id = 1"), FINGERPRINT);
    assertEqual(
      "SELECT a FROM t WHERE id = 1",
      "select A from T where (ID) = 1;",
      "/* x */ SELECT a -- y\nFROM t\n\tWHERE id=1 ;",
      'SELECT "a" FROM "t" WHERE id = 1',
    );
  });

  test("statements that compare a column with other constants, each with its like, or other parameters", () => {
    assertEqual("SELECT * FROM t WHERE id = 1", "SELECT * FROM t WHERE id = -20000000000.5");
    assertEqual("SELECT * FROM t WHERE a = 'x'", "SELECT * FROM t WHERE a = $q$it's$q$");
    assertEqual("SELECT * FROM t WHERE a = $1 AND b < $2", "SELECT * FROM t WHERE a = $2 AND b < $7");
    assertEqual("SELECT * FROM t WHERE lower(a) LIKE '%x'", "SELECT * FROM t WHERE lower(a) LIKE 'y%'");
    assertEqual("SELECT * FROM t WHERE a BETWEEN 1 AND 2", "SELECT * FROM t WHERE a BETWEEN 3 AND 40");
    assertEqual("SELECT * FROM t WHERE 5 < a", "SELECT * FROM t WHERE 6 < a");
    assertEqual("SELECT * FROM t WHERE a IS DISTINCT FROM 1", "SELECT * FROM t WHERE a IS DISTINCT FROM 2");
    assertEqual("DELETE FROM t WHERE a = B'01'", "DELETE FROM t WHERE a = B'111'");
  });

  test("lists of constants of one kind, however long", () => {
    assertEqual("SELECT * FROM t WHERE a IN (1)", "SELECT * FROM t WHERE a IN (2, 3, 40)");
    assertEqual("SELECT * FROM t WHERE a NOT IN ('x')", "SELECT * FROM t WHERE a NOT IN ('y', 'z')");
    assertEqual("SELECT * FROM t WHERE a = ANY (ARRAY[1])", "SELECT * FROM t WHERE a = ANY (ARRAY[2, 3])");
    assertEqual("INSERT INTO t VALUES (1, 'x')", "INSERT INTO t VALUES (2, 'y'), (3, 'z')");
  });

  test("writes of other values into the same columns", () => {
    assertEqual("UPDATE t SET a = 1, b = 'x' WHERE id = 5", "UPDATE t SET a = 2, b = 'y' WHERE id = 6");
    assertEqual(
      "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1 WHERE t.b < 5",
      "INSERT INTO t (a) VALUES (2) ON CONFLICT (a) DO UPDATE SET b = 2 WHERE t.b < 6",
    );
    assertEqual(
      "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)",
      "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET a = 2 WHEN NOT MATCHED THEN INSERT VALUES (7)",
    );
  });

  test("other bounds and constant columns of the result", () => {
    assertEqual("SELECT 1, a FROM t LIMIT 5 OFFSET 2", "SELECT 7, a FROM t LIMIT 1000 OFFSET 9");
  });
});

describe("different are", () => {
  test("other names, aliases, casts, operators, orders and clauses", () => {
    assertDiffer(
      "SELECT a FROM t WHERE id = 1",
      "SELECT b FROM t WHERE id = 1",
      "SELECT a AS x FROM t WHERE id = 1",
      "SELECT a FROM u WHERE id = 1",
      "SELECT a FROM s.t WHERE id = 1",
      'SELECT a FROM "s.t" WHERE id = 1',
      "SELECT a FROM t x WHERE id = 1",
      "SELECT a FROM t WHERE id <> 1",
      "SELECT a FROM t WHERE id > 1",
      "SELECT a FROM t WHERE id = '1'",
      "SELECT a FROM t WHERE id = $1",
      "SELECT a FROM t WHERE id = 1::int",
      "SELECT a::text FROM t WHERE id = 1",
      "SELECT a FROM t WHERE id = 1 LIMIT 1",
      "SELECT a FROM t WHERE id = 1 OFFSET 1",
      "SELECT a FROM t WHERE id = 1 ORDER BY a",
      "SELECT a FROM t WHERE id = 1 ORDER BY a DESC",
      "SELECT a FROM t WHERE id = 1 FOR UPDATE",
      "SELECT a FROM t WHERE id = 1 FOR UPDATE NOWAIT",
      "SELECT a FROM ONLY t WHERE id = 1",
      "SELECT DISTINCT a FROM t WHERE id = 1",
      "SELECT a FROM t WHERE id IN (1)",
      "SELECT a FROM t WHERE id NOT IN (1)",
      "SELECT a FROM t WHERE id = ANY (ARRAY[1])",
      "SELECT a FROM t WHERE id = ALL (ARRAY[1])",
      "SELECT a FROM t WHERE id LIKE '1'",
      "SELECT a FROM t WHERE id ILIKE '1'",
      "SELECT a FROM t WHERE id BETWEEN 1 AND 1",
      "SELECT a FROM t WHERE id NOT BETWEEN 1 AND 1",
      "SELECT a FROM t",
      "DELETE FROM t WHERE id = 1",
    );
    assertDiffer("SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2");
    assertDiffer("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1, 2)", "INSERT INTO t VALUES (1, 'x')");
    assertDiffer("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (DEFAULT)", "INSERT INTO t VALUES (NULL)");
  });

  test("names that would run together if they were written one after the other", () => {
    assertDiffer(
      `SELECT a FROM "t" "u"`,
      `SELECT a FROM "t""u"`,
      `SELECT a FROM "t"."u"`,
      `SELECT a FROM "t=""1:u"`,
      `SELECT a, b FROM t`,
      `SELECT "a, b" FROM t`,
      `SELECT "a""1:b" FROM t`,
      `SELECT "a}{b" FROM t`,
    );
  });

  test("NULL, true and false, from values and from each other", () => {
    for (const rest of ["FROM t WHERE", "FROM t WHERE id = 1 OR"]) {
      assertDiffer(...["true", "false", "NULL", "'t'", "'f'"].map((one) => `DELETE ${rest} ${one}`));
    }
    assertDiffer("DELETE FROM t WHERE a = NULL", "DELETE FROM t WHERE a = 1", "DELETE FROM t WHERE a = true");
    // NOT IN with a NULL is never true.
    assertDiffer("DELETE FROM t WHERE a NOT IN (1, 2)", "DELETE FROM t WHERE a NOT IN (1, NULL)");
    assertDiffer("UPDATE t SET a = NULL", "UPDATE t SET a = 1", "UPDATE t SET a = false");
  });

  test("constants that decide without any row", () => {
    assertDiffer("DELETE FROM t WHERE 1 = 2", "DELETE FROM t WHERE 1 = 1");
    assertDiffer("DELETE FROM t WHERE 'a' IN ('b')", "DELETE FROM t WHERE 'a' IN ('a')");
    assertDiffer("DELETE FROM t WHERE 1 BETWEEN 2 AND 3", "DELETE FROM t WHERE 1 BETWEEN 1 AND 3");
    assertDiffer(
      "DELETE FROM t WHERE CASE 1 WHEN 2 THEN true END",
      "DELETE FROM t WHERE CASE 1 WHEN 1 THEN true END",
    );
    assertDiffer(
      "DELETE FROM t WHERE EXISTS (SELECT 1 LIMIT 0)",
      "DELETE FROM t WHERE EXISTS (SELECT 1 LIMIT 1)",
    );
    assertDiffer("DELETE FROM t WHERE (SELECT 'f'::bool)", "DELETE FROM t WHERE (SELECT 't'::bool)");
    assertDiffer("DELETE FROM t WHERE coalesce(id = 1, 'f')", "DELETE FROM t WHERE coalesce(id = 1, 't')");
  });
});

describe("a constant counts", () => {
  test("as an argument of a function", () => {
    for (const [harmless, harmful] of [
      ["SELECT set_config('work_mem', '1MB', false)", "SELECT set_config('role', 'postgres', false)"],
      [
        "SELECT query_to_xml('SELECT 1', true, true, '')",
        "SELECT query_to_xml('SELECT pw FROM u', true, true, '')",
      ],
      [
        "SELECT * FROM dblink('a', 'SELECT 1') AS (x int)",
        "SELECT * FROM dblink('a', 'DROP TABLE t') AS (x int)",
      ],
      ["SELECT nextval('a')", "SELECT nextval('b')"],
      ["SELECT pg_terminate_backend(1)", "SELECT pg_terminate_backend(2)"],
      ["SELECT my_own(1)", "SELECT my_own(2)"],
      ["SELECT upper('a')", "SELECT upper('b')"],
      ["SELECT ('a'::text).pg_read_file", "SELECT ('b'::text).pg_read_file"],
    ] as const) {
      assertDiffer(harmless, harmful);
    }
  });

  test("as a name or a value of a type that stands for something", () => {
    assertDiffer("SELECT 'a'::regclass", "SELECT 'b'::regclass");
    assertDiffer("SELECT regclass 'a'", "SELECT regclass 'b'");
    assertDiffer(
      "SELECT a FROM t WHERE tableoid = 'a'::regclass",
      "SELECT a FROM t WHERE tableoid = 'b'::regclass",
    );
    assertDiffer("SELECT CAST('a' AS my_type)", "SELECT CAST('b' AS my_type)");
    assertDiffer("SELECT a -> 'x' FROM t", "SELECT a -> 'y' FROM t");
    assertDiffer("SELECT a[1] FROM t", "SELECT a[2] FROM t");
  });

  test("wherever it stands, if it can reach what has a power of its own by another way", () => {
    for (const text of [
      "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = $X$",
      "SELECT query_to_xml(c, true, true, '') FROM jobs WHERE id = $X$",
      "WITH q AS (SELECT $X$ AS c) SELECT query_to_xml(c, true, true, '') FROM q",
      "SELECT dblink(c) FROM (VALUES ($X$)) AS v (c)",
      "WITH x AS (INSERT INTO t VALUES ($X$) RETURNING c) SELECT dblink(c) FROM x",
      "INSERT INTO t (c) VALUES ($X$) RETURNING dblink(c)",
      "UPDATE t SET c = $X$ RETURNING dblink(c)",
      "INSERT INTO t (c) VALUES ($X$) ON CONFLICT (c) DO UPDATE SET d = my_own(t.c)",
      "SELECT other.lower(a) FROM t WHERE a = $X$",
      "SELECT t.pg_read_file FROM t WHERE a = $X$",
      "SELECT (t.a).pg_read_file FROM t WHERE a = $X$",
      "SELECT a OPERATOR(mine.=) b FROM t WHERE a = $X$",
      "SELECT a <=> b FROM t WHERE a = $X$",
      "SELECT a::regclass FROM t WHERE a = $X$",
      "SELECT a::my_type FROM t WHERE a = $X$",
      "SELECT a FROM t ORDER BY a USING OPERATOR(mine.<) LIMIT $X$",
      "SELECT a FROM t TABLESAMPLE my_method (1) WHERE a = $X$",
      "UPDATE pg_settings SET setting = $X$ WHERE name = 'role'",
      "UPDATE pg_catalog.pg_proc SET prosrc = $X$ WHERE proname = 'f'",
      "INSERT INTO pg_catalog.x VALUES ($X$)",
      "UPDATE cron.job SET command = $X$",
      "SELECT $X$ AS a INTO t",
    ]) {
      const limit = text.includes("LIMIT");
      assertDiffer(text.replace("$X$", limit ? "1" : "'a'"), text.replace("$X$", limit ? "2" : "'b'"));
    }
  });

  test("in every statement that isn't of rows", () => {
    for (const text of [
      "DO $X$",
      "SET search_path = $X$",
      "SET LOCAL work_mem TO $X$",
      "COPY t FROM STDIN (FORMAT csv, NULL $X$)",
      "COPY t TO $X$",
      "COPY t TO PROGRAM $X$",
      "COPY (SELECT * FROM t WHERE a = $X$) TO STDOUT",
      "PREPARE p AS SELECT * FROM t WHERE a = $X$",
      "EXECUTE p ($X$)",
      "DECLARE c CURSOR FOR SELECT * FROM t WHERE a = $X$",
      "CREATE TABLE x AS SELECT * FROM t WHERE a = $X$",
      "CREATE VIEW v AS SELECT * FROM t WHERE a = $X$",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $X$",
      "CREATE POLICY p ON t USING (a = $X$)",
      "CREATE RULE r AS ON INSERT TO t DO INSTEAD DELETE FROM u WHERE a = $X$",
      "ALTER TABLE t ALTER a SET DEFAULT $X$",
      "ALTER TABLE t ADD CHECK (a = $X$)",
      "COMMENT ON TABLE t IS $X$",
      "CREATE ROLE r PASSWORD $X$",
      "CREATE TABLESPACE s LOCATION $X$",
      "ALTER SYSTEM SET archive_command = $X$",
      "NOTIFY c, $X$",
      "LOAD $X$",
      "PREPARE TRANSACTION $X$",
      "SECURITY LABEL ON TABLE t IS $X$",
      "CREATE SUBSCRIPTION s CONNECTION $X$ PUBLICATION p",
      "EXPLAIN SELECT * FROM t WHERE a = $X$",
      "CALL p($X$)",
    ]) {
      assertDiffer(text.replace("$X$", "'a'"), text.replace("$X$", "'b'"));
    }
    assertDiffer("FETCH 1 FROM c", "FETCH 2 FROM c");
    assertDiffer("ALTER SEQUENCE s RESTART 1", "ALTER SEQUENCE s RESTART 2");
  });
});

/** Statements with a mark where a constant may change. */
const TEMPLATES = [
  "SELECT a, b FROM t WHERE a = § AND b <> ¶",
  "SELECT count(*) FROM t JOIN u ON t.id = u.id WHERE t.a IN (§) OR u.c LIKE ¶ LIMIT §",
  "WITH r AS (SELECT * FROM t WHERE a > §) SELECT sum(CASE WHEN r.b = ¶ THEN r.a ELSE 0 END) FROM r GROUP BY r.c",
  "INSERT INTO t (a, b) VALUES (§, ¶)",
  "UPDATE t SET a = §, b = ¶ WHERE id = § RETURNING *",
  "DELETE FROM t WHERE a BETWEEN § AND § AND NOT EXISTS (SELECT FROM u WHERE u.c = ¶)",
];
const UTILITIES = [
  "CREATE TABLE t (a int PRIMARY KEY DEFAULT 5, b text CHECK (b <> 'x'))",
  "CREATE TABLESPACE s LOCATION '/data'",
  "GRANT SELECT (a) ON t TO r WITH GRANT OPTION",
  "ALTER TABLE t ADD COLUMN c numeric(10, 2), DROP COLUMN d CASCADE",
  "COPY t (a) FROM STDIN (FORMAT csv, HEADER)",
  "SET LOCAL search_path = a, b",
  "EXPLAIN (ANALYZE) SELECT set_config('a', 'b', true)",
];
const blank = fc.constantFrom(" ", "\n\t", " /* it's; § */ ", " -- x\n");
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one.toFixed(3)),
);
const string = fc
  .string()
  .filter((one) => !one.includes("\0"))
  .map((one) => `'${one.replaceAll("'", "''")}'`);

test("fingerprints don't depend on constants, blanks, comments or the case of keywords", (t) => {
  const written = (template: string) =>
    fc
      .tuple(fc.infiniteStream(number), fc.infiniteStream(string), fc.infiniteStream(blank), fc.boolean())
      .map(([numbers, strings, blanks, upper]) =>
        template
          .split(" ")
          .map((word) => (upper ? word.toUpperCase() : word.toLowerCase()))
          .join(" ")
          .replace(/[§¶ ]/g, (mark) =>
            String((mark === " " ? blanks : mark === "§" ? numbers : strings).next().value),
          ),
      );
  fc.assert(
    fc.property(
      fc.constantFrom(...TEMPLATES).chain((template) => fc.tuple(written(template), written(template))),
      ([one, other]) => assertEqual(one, other),
    ),
    { numRuns: 300, reporter: seedTold(t) },
  );
});

const PLACES = new Set([
  "location",
  "name_location",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

/** Calls `changed` with each tree that differs in one place; `inConstant` tells that it is in a constant's value. */
function eachChange(tree: Node, changed: (tree: Node, path: string, inConstant: boolean) => void): void {
  const visit = (parent: Record<string, unknown>, path: string, inConstant: boolean) => {
    for (const [key, value] of Object.entries(parent)) {
      const at = `${path}.${key}`;
      const isPlace = typeof value === "number" && PLACES.has(key);
      const tell = (other: unknown) => {
        parent[key] = other;
        if (!isPlace) changed(tree, at, inConstant);
        parent[key] = value;
      };
      if (typeof value === "string") tell(`${value}x`);
      else if (typeof value === "number") tell(value + 1);
      else if (typeof value === "boolean") tell(!value);
      else if (Array.isArray(value)) {
        tell([...value, { String: { sval: "more" } }]);
        tell([...value].reverse().concat({ String: {} }));
      }
      if (typeof value === "object" && value !== null) {
        const constant = inConstant || (/^[ifs]val$/.test(key) && path.endsWith(".A_Const"));
        visit(value as Record<string, unknown>, at, constant);
      }
      if (!Array.isArray(parent)) {
        delete parent[key];
        if (!isPlace) changed(tree, at, inConstant);
        parent[key] = value;
      }
    }
  };
  visit(tree as unknown as Record<string, unknown>, "", false);
}

test("any change of a tree outside its constants and places changes the fingerprint", () => {
  let changes = 0;
  const texts = [...TEMPLATES.map((one) => one.replaceAll("§", "1").replaceAll("¶", "'x'")), ...UTILITIES];
  for (const text of texts) {
    const [statement] = parseSql(text);
    const exact = UTILITIES.includes(text);
    eachChange(statement!.tree, (tree, path, inConstant) => {
      // A body without a name is no tree.
      if (Object.keys(tree).length === 0) return;
      if (inConstant && !exact) return;
      changes += 1;
      assert.notEqual(fingerprintOf(tree), statement!.fingerprint, `${text}: ${path}`);
    });
    assert.equal(fingerprintOf(statement!.tree), statement!.fingerprint);
  }
  assert.ok(changes > 500, `${changes} changes`);
});

test("a tree that is too deep ends in a typed error, however much of the stack is left", () => {
  const deep = (levels: number) => {
    let tree: unknown = { A_Const: { isnull: true } };
    for (let level = 0; level < levels; level++)
      tree = { A_Expr: { kind: "AEXPR_OP", name: [], rexpr: tree } };
    return { SelectStmt: { whereClause: tree } } as Node;
  };
  const refused = (error: unknown) => error instanceof SallyportError && error.code === "limit_exceeded";
  assert.throws(() => fingerprintOf(deep(5_000)), refused);
  assert.match(fingerprintOf(deep(900)), FINGERPRINT);
  let told = 0;
  const descend = (): void => {
    try {
      descend();
    } catch {}
    // Each return leaves a little more of the stack.
    if (told < 200) {
      told += 1;
      try {
        assert.match(fingerprintOf(deep(900)), FINGERPRINT);
      } catch (error) {
        if (!(error instanceof RangeError)) assert.ok(refused(error), String(error));
      }
    }
  };
  descend();
});

function seedTold(t: { diagnostic(message: string): void }) {
  return <T>(run: fc.RunDetails<T>) => {
    t.diagnostic(`seed ${run.seed}, ${run.numRuns} runs`);
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
  };
}

import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { MAX_TREE_DEPTH } from "./fingerprint.ts";
import { loadParser, MAX_SQL_BYTES, MAX_STATEMENTS, parseSql, SqlSyntaxError, scanTokens } from "./parser.ts";
import "../seeded.ts";

before(() => loadParser());

function texts(sql: string): string[] {
  return parseSql(sql).map((statement) => statement.text);
}

function refusal(sql: string): SallyportError | SqlSyntaxError {
  try {
    parseSql(sql);
  } catch (error) {
    assert.ok(error instanceof SallyportError || error instanceof SqlSyntaxError, String(error));
    return error;
  }
  assert.fail("it was parsed");
}

function assertWorks(): void {
  assert.equal(parseSql("SELECT 1, 'é'")[0]?.fingerprint.length, 32);
}

test("statements are cut out of a string with multibyte characters at the right places", () => {
  assert.deepEqual(texts("SELECT 'é'; SELECT '日本語', \"ключ\" ;;\n UPDATE t SET a = '💥' ; SELECT 1"), [
    "SELECT 'é'",
    "SELECT '日本語', \"ключ\"",
    "UPDATE t SET a = '💥'",
    "SELECT 1",
  ]);
});

test("what is no blank to PostgreSQL stays part of the statement's text", () => {
  assert.deepEqual(texts("SELECT 1 AS a\u00a0"), ["SELECT 1 AS a\u00a0"]);
});

test("blanks without end take no time to speak of", { timeout: 20_000 }, () => {
  const blanks = " \t\n\r\f\v".repeat(40_000);
  assert.deepEqual(texts(`${blanks}SELECT 1`), ["SELECT 1"]);
  assert.deepEqual(texts(`SELECT 1${blanks}`), ["SELECT 1"]);
  assert.deepEqual(texts(`SELECT${blanks}1`), [`SELECT${blanks}1`]);
});

test("empty strings and comments alone are no statement", () => {
  for (const sql of ["", " \n\t", ";", " ;; ; ", "-- DROP TABLE t", "/* DROP /* nested */ TABLE t; */"]) {
    assert.deepEqual(texts(sql), [], JSON.stringify(sql));
  }
});

test("each statement's text parses again to the statement alone, with the same fingerprint", () => {
  const parts = fc.constantFrom(
    "SELECT 1",
    "SELECT 'ü;x' AS \"日;本\"",
    "/* é; */ UPDATE t SET a = $$;$$ WHERE b = E'\\';'",
    "DELETE FROM t -- ; é\n",
    "VALUES (U&'\\00e9'), ('💥')",
    " ",
    "/* ; */",
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), (list) => {
      const statements = parseSql(list.join(";"));
      assert.equal(statements.length, list.filter((part) => part.trim() !== "" && part !== "/* ; */").length);
      for (const statement of statements) {
        const again = parseSql(statement.text);
        assert.equal(again.length, 1);
        assert.equal(again[0]?.fingerprint, statement.fingerprint);
        assert.deepEqual(Object.keys(again[0]?.tree ?? {}), Object.keys(statement.tree));
      }
    }),
  );
});

test("a syntax error has PostgreSQL's message and the position in characters, not bytes", () => {
  for (const [sql, message, position] of [
    ["SELEC 1", 'syntax error at or near "SELEC"', 1],
    ["SELECT '日本' x x", 'syntax error at or near "x"', 15],
    ["SELECT '💥' x x", 'syntax error at or near "x"', 14],
    ["SELECT 1 +", "syntax error at end of input", 11],
    ["SELECT 'abc", 'unterminated quoted string at or near "\'abc"', 8],
    ["SELECT $$é", 'unterminated dollar-quoted string at or near "$$é"', 8],
    ["SELECT U&'\\00zz'", "invalid Unicode escape", 11],
    ["START_REPLICATION SLOT x LOGICAL 0/0", 'syntax error at or near "START_REPLICATION"', 1],
    ["SELECT 1 /*", 'unterminated /* comment at or near "/*"', 10],
  ] as const) {
    const error = refusal(sql);
    assert.ok(error instanceof SqlSyntaxError, sql);
    assert.equal(error.message, message);
    assert.equal(error.position, position, sql);
  }
});

test("a backslash is no escape in a plain string: the text is read as under standard_conforming_strings = on", () => {
  assert.deepEqual(texts("SELECT '\\'; SELECT 2"), ["SELECT '\\'", "SELECT 2"]);
});

test("zero bytes and half surrogate pairs are refused", () => {
  for (const sql of ["SELECT 1\0; DROP TABLE t", "SELECT '\ud800'", "SELECT '\udc00x'"]) {
    const error = refusal(sql);
    assert.ok(error instanceof SallyportError);
    assert.equal(error.code, "invalid_request");
  }
});

test("text is taken up to 256 KiB of UTF-8 and no further", () => {
  const start = "SELECT '";
  const fits = `${start}${"é".repeat((MAX_SQL_BYTES - start.length) / 2 - 1)}x'`;
  assert.equal(Buffer.byteLength(fits), MAX_SQL_BYTES);
  assert.equal(parseSql(fits).length, 1);
  const error = refusal(`${fits} `);
  assert.ok(error instanceof SallyportError);
  assert.equal(error.code, "limit_exceeded");
  assert.match(error.message, /262145 bytes.*262144 \(256 KiB\)/);
});

test("1,000 statements are taken and 1,001 refused", () => {
  assert.equal(parseSql("SELECT 1;".repeat(MAX_STATEMENTS)).length, MAX_STATEMENTS);
  assert.match(refusal("SELECT 1;".repeat(MAX_STATEMENTS + 1)).message, /1001 statements/);
});

test("what nests too deep for the stack or the walkers is refused, and the parser works afterwards", async () => {
  const deep = [
    `SELECT 1${"+1".repeat(20_000)}`,
    `SELECT 1${"+1".repeat(3_000)}`,
    `SELECT a${"||a".repeat(50_000)}`,
    `SELECT ${"(SELECT ".repeat(2_000)}1${")".repeat(2_000)}`,
    `SELECT ${"f(".repeat(2_000)}1${")".repeat(2_000)}`,
    `SELECT ${"(".repeat(100_000)}1${")".repeat(100_000)}`,
    `SELECT ${"NOT ".repeat(4_000)}true`,
    `SELECT ${"- ".repeat(4_000)}a`,
    `SELECT 1${"::int".repeat(20_000)}`,
    `SELECT 1${" UNION SELECT 1".repeat(15_000)}`,
    `SELECT 1 FROM a${" JOIN b ON true".repeat(5_000)}`,
    `SELECT ARRAY${"[".repeat(3_000)}1${"]".repeat(3_000)}`,
    `SELECT CASE ${"WHEN true THEN CASE ".repeat(1_500)}WHEN true THEN 1 END${" END".repeat(1_500)}`,
  ];
  for (const sql of deep) {
    const error = refusal(sql);
    assert.ok(
      error instanceof SqlSyntaxError
        ? /memory exhausted/.test(error.message)
        : error.code === "limit_exceeded",
      `${sql.slice(0, 40)}: ${error.message}`,
    );
    await new Promise(setImmediate);
    assertWorks();
  }
});

test("overflowing the parser's stack again and again breaks nothing", async () => {
  const sql = `SELECT 1${"+1".repeat(20_000)}`;
  for (let round = 0; round < 60; round++) {
    refusal(sql);
    await new Promise(setImmediate);
    assertWorks();
  }
});

test("overflowing it twice in one turn refuses what follows in that turn, and only that", async () => {
  const sql = `SELECT 1${"+1".repeat(20_000)}`;
  refusal(sql);
  assertWorks();
  refusal(sql);
  assert.match(refusal("SELECT 1").message, /not ready/);
  await new Promise(setImmediate);
  assertWorks();
});

test("deep but sane statements and long flat lists are taken", () => {
  for (const sql of [
    `SELECT 1${"+1".repeat(900)}`,
    `SELECT ${"(".repeat(2_000)}1${")".repeat(2_000)}`,
    `SELECT true${" AND true".repeat(20_000)}`,
    `SELECT 1 WHERE a IN (${"1,".repeat(100_000)}1)`,
    `INSERT INTO t VALUES ${"(1,2),".repeat(30_000)}(1,2)`,
  ]) {
    assert.equal(parseSql(sql).length, 1, sql.slice(0, 40));
  }
});

test("the bound on depth is one of the tree's levels, not of characters in its strings", () => {
  const levels = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0;
  const depthOf = (terms: number) => levels(parseSql(`SELECT 1${"+1".repeat(terms)}`)[0]?.tree);
  let terms = 0;
  // The last that is taken, by halves.
  for (let step = 1_024; step >= 1; step /= 2) {
    try {
      depthOf(terms + step);
      terms += step;
    } catch {}
  }
  const step = depthOf(terms) - depthOf(terms - 1);
  assert.ok(depthOf(terms) <= MAX_TREE_DEPTH && depthOf(terms) + step > MAX_TREE_DEPTH);
  for (const quoted of ["{[", '"{[', "\\{[", '\\"[{', "}]"]) {
    const text = `SELECT '${quoted.repeat(3_000)}'`;
    assert.equal(parseSql(text).length, 1, quoted);
    // Nor do strings hide what is too deep.
    refusal(`${text}, 1${"+1".repeat(terms + 1)}, '${quoted.repeat(10)}'`);
  }
});

test("no string of bytes makes the parser throw anything but its typed errors", () => {
  const word = fc.constantFrom(
    ..."SELECT INSERT INTO UPDATE DELETE FROM WHERE ( ) [ ] , ; ' \" $$ $a$ -- /* */ E' U&' \\ :: . * + t a 1 0x1 NULL WITH AS CASE END é 日 \n $1".split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(word, { maxLength: 30 }).map((w) => w.join(" ")),
        fc.string({ unit: "binary" }),
      ),
      (sql) => {
        try {
          for (const statement of parseSql(sql)) statement.fingerprint;
        } catch (error) {
          assert.ok(error instanceof SqlSyntaxError || error instanceof SallyportError, String(error));
          if (error instanceof SallyportError) assert.notEqual(error.code, "internal");
        }
      },
    ),
    { numRuns: 500 },
  );
  assertWorks();
});

test("tokens tell names from keywords", () => {
  const tokens = scanTokens('PREPARE "as" AS SELECT 1');
  assert.deepEqual(
    tokens.map((token) => [token.text, token.keywordName === "NO_KEYWORD"]),
    [
      ["PREPARE", false],
      ['"as"', true],
      ["AS", false],
      ["SELECT", false],
      ["1", true],
    ],
  );
});

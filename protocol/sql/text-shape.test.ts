import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { runs } from "../seeded.ts";
import { classify } from "./classify.ts";
import { CORPUS_CATALOG, CORPUS_NAMES } from "./corpus/catalog.ts";
import { CORPUS } from "./corpus/corpus.ts";
import type { ClassifiedStatement } from "./facts.ts";
import { loadParser, parseSql } from "./parser.ts";
import { textShapeOf } from "./text-shape.ts";

before(() => loadParser());

describe("what a shape leaves out", () => {
  for (const [one, other] of [
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 999999999"],
    ["SELECT a FROM t WHERE b=0;", "SELECT a FROM t WHERE b=12;"],
    ["SELECT a FROM t WHERE b >= 3 AND c != 'x'", "SELECT a FROM t WHERE b >= 4 AND c != 'it''s'"],
    ['SELECT "a = 1" FROM t WHERE (b < 5)', 'SELECT "a = 1" FROM t WHERE (b < 6)'],
    ["SELECT a FROM t WHERE b = 'é'\n", "SELECT a FROM t WHERE b = '-- $$ /*'\n"],
  ]) {
    test(`${one} and ${JSON.stringify(other)} are alike`, () => {
      assert.ok(textShapeOf(one!) !== null);
      assert.equal(textShapeOf(one!)?.shape, textShapeOf(other!)?.shape);
    });
  }

  for (const [one, other] of [
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = '1'"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 1.0"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 1234567890"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = -1"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 01"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 1 ::text"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"],
    ["SELECT a FROM t WHERE 1 = 1", "SELECT a FROM t WHERE 2 = 1"],
    ["SELECT a FROM t WHERE b = 1 LIMIT 1", "SELECT a FROM t WHERE b = 1 LIMIT 2"],
    ["SELECT a, c FROM t WHERE b = 1 ORDER BY 1", "SELECT a, c FROM t WHERE b = 1 ORDER BY 2"],
    ["SELECT 'a = 1' FROM t WHERE b = 1", "SELECT 'a = 2' FROM t WHERE b = 1"],
    ["SELECT a FROM t WHERE b = 'pg_class' ::regclass", "SELECT a FROM t WHERE b = 'secret' ::regclass"],
    ["SELECT f(b := 1) FROM t WHERE b = 1", "SELECT f(b := 2) FROM t WHERE b = 1"],
    ["SELECT a FROM t WHERE b -> 1 = 1", "SELECT a FROM t WHERE b -> 2 = 1"],
  ]) {
    test(`${one} and ${other} are not alike`, () => {
      assert.notEqual(textShapeOf(one!)?.shape ?? one, textShapeOf(other!)?.shape ?? other);
    });
  }

  for (const text of [
    "SELECT a FROM t",
    "SELECT a FROM t WHERE b = 1 -- 2",
    "SELECT a FROM t WHERE b = 1 /* 2 */",
    "SELECT a FROM t WHERE b =--\n 1",
    "SELECT a FROM t WHERE b = 1 AND c = E'\\''",
    "SELECT a FROM t WHERE b = 1 AND c = E'\\' OR d = 5 OR e = '||'x'",
    "SELECT a FROM t WHERE b = 1 AND c = $$ = 2 $$",
    "SELECT a FROM t WHERE b = 1 AND c = $1",
    "SELECT a FROM t WHERE b = 1 AND c = 'not ended",
    "SELECT a FROM t WHERE é = 1",
    "SELECT a FROM t WHERE b = 'a'\n'b'",
    `SELECT a FROM t WHERE b = 1 AND c = '${"x".repeat(1_024)}'`,
  ]) {
    test(`${text.slice(0, 60)} has none`, () => assert.equal(textShapeOf(text), null));
  }

  test("a twin is alike, and has another constant in each place, whatever stood there", () => {
    for (const sql of [
      "SELECT a FROM t WHERE b = 1",
      "SELECT a FROM t WHERE b = 700000 AND c < 'x'",
      "SELECT a FROM t WHERE b = 'twin 700000' AND c < 700001",
    ]) {
      const { shape, twin } = textShapeOf(sql)!;
      assert.equal(textShapeOf(twin())?.shape, shape);
      assert.deepEqual(
        constantsOf(sql).filter((value) => constantsOf(twin()).includes(value)),
        [],
      );
    }
  });
});

/** A text, and another in which constants differ, wherever they stand. */
const CONSTANT = fc.oneof(
  fc.integer({ min: -3, max: 2_000_000_000 }).map(String),
  fc.constantFrom(
    "'x'",
    "'it''s'",
    "''",
    "'a = 1'",
    "'--'",
    "'\"'",
    "E'\\''",
    "U&'x'",
    "x'1f'",
    "1.5",
    "1e3",
    "$$'$$",
  ),
);

describe("texts of one shape", () => {
  test("are parsed as the same tree, but for their constants", () => {
    const PARTS =
      "SELECT a|b|t.c|FROM t|WHERE|AND|OR|=|= |<|<>|!=|<=|->|@>|:=|=>|(|)|,|;|'|\"|--|/*|*/|$$|$1|\n|E|U&|::int|[|].|:".split(
        "|",
      );
    const slot = fc.tuple(CONSTANT, CONSTANT);
    const part = fc.constantFrom(...PARTS).map((text) => [text, text]);
    let alike = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ arbitrary: part, weight: 3 }, slot), { maxLength: 12 }),
        fc.constantFrom(" ", ""),
        (parts, blank) => {
          const [one, other] = [0, 1].map(
            (side) => `SELECT a FROM t WHERE b = 1 AND ${parts.map((pair) => pair[side]).join(blank)}`,
          );
          const shape = textShapeOf(one!);
          if (shape === null || shape.shape !== textShapeOf(other!)?.shape) return;
          alike += 1;
          assert.deepEqual(treeOf(one!), treeOf(other!), `${one}\n${other}`);
        },
      ),
      { numRuns: runs(20_000, 1_000_000) },
    );
    assert.ok(alike > 50, `${alike} were alike`);
  });

  test("have the same facts where they only read, with any constants", () => {
    let alike = 0;
    const texts = Object.values(CORPUS).flatMap((cases) => cases.map(({ sql }) => sql));
    const within = texts.map(
      (sql) => `SELECT 1 FROM customers WHERE EXISTS (${sql}) AND id < 7 AND 'a' <> 'b'`,
    );
    for (const sql of [...texts, ...within]) {
      const shape = textShapeOf(sql);
      if (shape === null || treeOf(sql) === null) continue;
      const facts = factsOf(sql);
      if (
        facts.some(
          ({ facts: { tag, effects, opaque } }) => tag !== "SELECT" || effects.length + opaque.length > 0,
        )
      )
        continue;
      alike += 1;
      const twin = factsOf(shape.twin());
      if (JSON.stringify(facts) !== JSON.stringify(twin)) continue;
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 999_999_999 }), { minLength: 16, maxLength: 16 }),
          (numbers) => {
            let index = 0;
            const other = shape.shape.replace(/\0[ns]/g, (mark) => {
              const number = numbers[index++ % 16]! % (index === 1 ? 3 : 1_000_000_000);
              return mark === "\0n" ? String(number) : `'${number}'`;
            });
            assert.equal(textShapeOf(other)?.shape, shape.shape);
            assert.deepEqual(factsOf(other), facts, other);
          },
        ),
        { numRuns: runs(10, 1_000) },
      );
    }
    assert.ok(alike > 20, `${alike} texts have a shape`);
  });
});

function factsOf(sql: string): Omit<ClassifiedStatement, "text">[] {
  return classify(parseSql(sql), CORPUS_NAMES, CORPUS_CATALOG).statements.map(
    ({ text: _text, ...rest }) => rest,
  );
}

/** The tree without places and constants; null where the text is no SQL. */
function treeOf(sql: string): unknown {
  try {
    return parseSql(sql).map(({ tree }) => JSON.parse(JSON.stringify(tree, withoutConstants)));
  } catch {
    return null;
  }
}

function withoutConstants(name: string, value: unknown): unknown {
  if (/location$|_len$|_start$|_end$/.test(name)) return undefined;
  if (name !== "A_Const") return value;
  return Object.keys(value as object).filter((key) => key !== "location");
}

function constantsOf(sql: string): string[] {
  const found: string[] = [];
  JSON.stringify(
    parseSql(sql).map(({ tree }) => tree),
    (name, value) => {
      if (name === "ival" || name === "sval") found.push(JSON.stringify(value));
      return value;
    },
  );
  return found.filter((text) => /700|twin|^1$/.test(text));
}

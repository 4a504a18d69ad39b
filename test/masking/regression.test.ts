import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { isSameTree } from "../../connector/postgres/mask/intended-tree.ts";
import { Unmasked } from "../../connector/postgres/mask/unmasked.ts";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { AnyTable, type Rewriting } from "./any-table.ts";
import { rewritten } from "./mutations.ts";
import { Chooser } from "./random.ts";
import { bare, foreign } from "./undo.ts";

/** Statements of PostgreSQL's own regression tests, each of another shape; regression/COPYRIGHT is theirs. */
const STATEMENTS = readFileSync(new URL("regression/statements.sql", import.meta.url), "utf8")
  .trimEnd()
  .split("\n-- ;\n");

before(() => loadParser());

/** What was not masked, or the new text. */
function made(
  masker: AnyTable,
  sql: string,
): { refused: string } | { sql: string | null } | { thrown: string } {
  let result: Rewriting;
  try {
    result = masker.rewrite(sql);
  } catch (error) {
    return { thrown: String(error) };
  }
  if ("opaque" in result) return { refused: `opaque: ${result.opaque}` };
  const { outcome } = result;
  return outcome instanceof Unmasked ? { refused: outcome.message } : { sql: outcome.sql };
}

describe("PostgreSQL's own regression statements", () => {
  test("those that touch nothing labelled stay as they are, byte for byte", (t) => {
    const masker = new AnyTable("nothing");
    const refusals = new Map<string, string[]>();
    const failures: string[] = [];
    let unclear = 0;
    for (const sql of STATEMENTS) {
      const result = made(masker, sql);
      if ("thrown" in result) failures.push(`${result.thrown}: ${sql}`);
      else if ("sql" in result) assert.equal(result.sql, null, sql);
      else if (result.refused.startsWith("opaque: ")) unclear += 1;
      else refusals.set(result.refused, [...(refusals.get(result.refused) ?? []), sql]);
    }
    none(failures);
    t.diagnostic(`${STATEMENTS.length} statements, ${unclear} of them not clear`);
    for (const [reason, [sql, ...more]] of refusals)
      t.diagnostic(`${more.length + 1} × ${reason}: ${sql?.slice(0, 200)}`);
  });

  test("with a label on every column they are refused, or say the same of masked tables and nothing else", (t) => {
    const masker = new AnyTable("everything");
    const refusals = new Map<string, string[]>();
    const failures: string[] = [];
    const counts = { unchanged: 0, rewritten: 0, refused: 0, unclear: 0 };
    for (const sql of STATEMENTS) {
      const result = made(masker, sql);
      if ("thrown" in result) {
        failures.push(`${result.thrown}: ${sql}`);
        continue;
      }
      if ("refused" in result) {
        if (result.refused.startsWith("opaque: ")) counts.unclear += 1;
        else counts.refused += 1;
        refusals.set(result.refused, [...(refusals.get(result.refused) ?? []), sql]);
        continue;
      }
      counts[result.sql === null ? "unchanged" : "rewritten"] += 1;
      const [original, after] = [parseSql(sql), parseSql(result.sql ?? sql)];
      assert.equal(after.length, original.length, sql);
      for (const [n, { tree }] of original.entries()) {
        const found = foreign(tree, after[n]!.tree);
        const left = definesOnly(tree) ? [] : bare(after[n]!.tree, (name) => !name.startsWith("pg_"));
        if (left.length > 0) failures.push(`${left} is read as it is\n${sql}\n${result.sql}`);
        if (found !== null) failures.push(`${found}\n${sql}\n${result.sql}`);
      }
    }
    t.diagnostic(JSON.stringify(counts));
    for (const [reason, sqls] of [...refusals].sort(([, a], [, b]) => b.length - a.length).slice(0, 40)) {
      t.diagnostic(`${sqls.length} × ${reason}: ${shortest(sqls).slice(0, 200)}`);
    }
    none(failures);
  });

  test('otherwise written, with comments, capitals and U&"…", they are masked alike', (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const random = new Chooser(SEED);
    const masker = new AnyTable("everything");
    const failures: string[] = [];
    let compared = 0;
    // A part of them, another each time; PARTS=1 takes all.
    const parts = Number(process.env.PARTS ?? 4);
    const taken = STATEMENTS.filter(() => random.below(parts) === 0);
    for (const sql of taken) {
      const other = rewritten(sql, random);
      if (!sameStatement(sql, other)) continue;
      compared += 1;
      const [plain, written] = [made(masker, sql), made(masker, other)];
      const label = `SEED=${SEED}: ${sql}\n${other}`;
      if (!("sql" in plain) || !("sql" in written)) {
        if (Object.keys(written)[0] !== Object.keys(plain)[0] || "thrown" in plain) {
          failures.push(`${label}\n${JSON.stringify([plain, written])}`);
        }
        continue;
      }
      const [one, another] = [plain.sql ?? sql, written.sql ?? other].map((text) =>
        parseSql(text).map(({ tree }) => tree),
      );
      if ((written.sql === null) !== (plain.sql === null) || !isSameTree(one, another)) {
        failures.push(`${label}\n${plain.sql}\n${written.sql}`);
      }
    }
    none(failures);
    t.diagnostic(`${compared} of ${taken.length} compared`);
    assert.ok(
      compared > taken.length * 0.9,
      `${compared} of ${taken.length} say the same when otherwise written`,
    );
  });
});

function none(failures: string[]): void {
  assert.equal(
    failures.length,
    0,
    `${failures.length} failures\n${failures
      .sort((a, b) => a.length - b.length)
      .slice(0, 8)
      .join("\n\n")}`,
  );
}

/** They show no rows of the tables that they name. */
function definesOnly(tree: object): boolean {
  return ["TruncateStmt", "LockStmt", "RefreshMatViewStmt", "CreateFunctionStmt", "RuleStmt"].some(
    (type) => type in tree,
  );
}

function sameStatement(sql: string, other: string): boolean {
  try {
    const trees = [sql, other].map((text) => parseSql(text).map(({ tree }) => tree));
    return isSameTree(trees[0], trees[1]);
  } catch {
    return false;
  }
}

function shortest(texts: string[]): string {
  return texts.reduce((one, other) => (other.length < one.length ? other : one));
}

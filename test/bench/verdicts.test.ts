import assert from "node:assert/strict";
import { before, test } from "node:test";
import { classify } from "../../protocol/sql/classify.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { NAMES } from "../../protocol/sql/resolve/testing.ts";
import { CATALOG, Judge, longStatement, shortStatement } from "./verdicts.ts";

before(() => loadParser());

test("both statements are known completely and allowed: what is measured is a verdict on what they do", async () => {
  const judge = await Judge.start();
  for (const sql of [shortStatement(7), longStatement(7)]) {
    const [statement] = classify(parseSql(sql), NAMES, CATALOG).statements;
    assert.deepEqual(statement?.facts.opaque, []);
    assert.equal(judge.verdict(sql, 0), "allow");
  }
});

test("the long one has about 2 KB, touches four tables, and differs with each literal in its text only", () => {
  const [one] = parseSql(longStatement(100_001));
  const [other] = parseSql(longStatement(100_002));
  assert.ok(Math.abs(longStatement(100_001).length - 2_000) < 100);
  assert.equal(classify([one!], NAMES, CATALOG).statements[0]?.facts.reads.length, 4);
  assert.notEqual(one?.text, other?.text);
  assert.equal(one?.fingerprint, other?.fingerprint);
});

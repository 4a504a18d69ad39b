import assert from "node:assert/strict";
import { before, test } from "node:test";
import { SallyportError } from "../errors.ts";
import { loadParser, parseSql } from "./parser.ts";

before(() => loadParser());

function nested(depth: number, columns: number): string {
  if (depth === 0) return "SELECT 1";
  const list = Array.from({ length: columns }, (_, i) => `c${i}`).join(", ");
  return `WITH z AS (UPDATE t SET /* here */ (${list}) /* and */ = (${nested(depth - 1, columns)}) RETURNING 1) SELECT 1`;
}

test("row assignments inside each other, which the parser multiplies out, are refused before it does", () => {
  const limited = (error: unknown) => error instanceof SallyportError && error.code === "limit_exceeded";
  assert.throws(() => parseSql(nested(4, 10)), limited);
  assert.throws(() => parseSql(`SELECT 1; ${nested(30, 2)}`), limited);
});

test("row assignments beside each other, and a few inside each other, pass", () => {
  assert.equal(parseSql(nested(3, 3)).length, 1);
  const beside = "UPDATE t SET (a, b, c) = (SELECT 1, 2, 3), (d, e) = (SELECT 4, 5) WHERE (a, b) = (1, 2)";
  assert.equal(parseSql(Array(50).fill(beside).join(";")).length, 50);
});

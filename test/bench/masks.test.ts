import assert from "node:assert/strict";
import { before, test } from "node:test";
import { loadParser } from "../../protocol/sql/parser.ts";
import { classified, mask, maskedStatement } from "./masks.ts";
import { longStatement, shortStatement } from "./verdicts.ts";

before(() => loadParser());

test("what is measured is what it says: one text stays as it is, two are rewritten", () => {
  assert.equal(mask(classified(shortStatement(7))), null);
  for (const sql of [maskedStatement(7), longStatement(7)]) {
    assert.match(
      mask(classified(sql)) ?? "",
      /\(SELECT "id", "name", \(.*AS "email".*FROM "public"\."customers"\)/,
    );
  }
});

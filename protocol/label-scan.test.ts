import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isLabelScan, isScanLabelsRequest } from "./label-scan.ts";
import "./seeded.ts";

const proposal = {
  schema: "public",
  relation: "customers",
  column: "email",
  path: [],
  label: "pii.email",
  mask: { mask: "partial", as: "email" },
  confidence: "high",
  reasons: ["its name says so"],
};
const scan = {
  database: "shop",
  relations: 1,
  columns: 2,
  proposals: [proposal],
  labelled: [{ schema: "public", relation: "t", column: "c", path: ["a"], label: "none" }],
  notSampled: [{ schema: "public", relation: "t", why: "it took too long" }],
  leftOut: 0,
};
const withProposal = (part: object) => ({ ...scan, proposals: [{ ...proposal, ...part }] });

describe("a question for labels", () => {
  const request = { target: "orders", schemas: ["public"], rows: 1_000 };

  test("is taken as it is", () => {
    assert.ok(isScanLabelsRequest(request));
    assert.ok(isScanLabelsRequest({ ...request, database: "shop", schemas: [] }));
  });

  for (const part of [
    { rows: "1; DROP TABLE t" },
    { rows: 0 },
    { rows: 10_001 },
    { rows: 1.5 },
    { schemas: "public" },
    { schemas: ["a\0b"] },
    { schemas: [{}] },
    { schemas: Array(51).fill("a") },
    { database: 7 },
    { target: undefined },
  ]) {
    test(`is none with ${JSON.stringify(part).slice(0, 40)}`, () =>
      assert.equal(isScanLabelsRequest({ ...request, ...part }), false));
  }
});

describe("the answer to a scan for labels", () => {
  test("is taken as it is", () => {
    assert.ok(isLabelScan(scan));
    for (const mask of [null, { mask: "null" }, { mask: "range", step: 1000 }])
      assert.ok(isLabelScan(withProposal({ mask })), JSON.stringify(mask));
  });

  const bad: [string, unknown][] = [
    ["nothing", null],
    ["without a database", { ...scan, database: undefined }],
    ["with a count that is none", { ...scan, leftOut: 1.5 }],
    ["with more proposals than there is room for", { ...scan, proposals: Array(1_001).fill(proposal) }],
    ["with a column that is too long", withProposal({ column: "c".repeat(64) })],
    ["with a column without a name", withProposal({ column: "" })],
    ["with half a character", withProposal({ column: "\ud800" })],
    ["with a label that isn't one", withProposal({ label: "pii.email: none" })],
    ["with a mask of its own", withProposal({ mask: { mask: "eval" } })],
    ["with a mask that says more", withProposal({ mask: { mask: "null", value: "x" } })],
    ["with a mask that cuts to nothing", withProposal({ mask: { mask: "range", step: 0 } })],
    ["with another confidence", withProposal({ confidence: "certain" })],
    ["with a reason that is too long", withProposal({ reasons: ["x".repeat(301)] })],
    ["with too many reasons", withProposal({ reasons: Array(9).fill("x") })],
    ["with a path that is too deep", withProposal({ path: Array(17).fill("a") })],
  ];
  for (const [what, value] of bad) test(`is none ${what}`, () => assert.equal(isLabelScan(value), false));

  test("is told from any other value without an error", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(scan)), fc.jsonValue(), (member, value) => {
        isLabelScan({ ...scan, [member]: value });
        isLabelScan(withProposal({ [member]: value }));
      }),
    );
  });
});

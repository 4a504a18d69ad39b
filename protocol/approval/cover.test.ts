import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { agreed, isNotMuchMore } from "./cover.ts";

const GIVEN = {
  policies: ["mass-write", "night"],
  approvals: [
    { approvers: ["dba", "platform"], quorum: 1 },
    { approvers: ["security"], quorum: 2 },
  ],
};

describe("who agreed", () => {
  const enough: [what: string, change: Partial<typeof GIVEN>][] = [
    ["the same rules of the same policies", {}],
    ["fewer of them", { policies: ["night"], approvals: GIVEN.approvals.slice(1) }],
    [
      "groups in another order, or named twice",
      { approvals: [{ approvers: ["platform", "dba", "dba"], quorum: 1 }] },
    ],
  ];
  for (const [what, change] of enough) {
    test(`is enough for ${what}`, () => assert.ok(agreed(GIVEN, { ...GIVEN, ...change })));
  }

  const more: [what: string, change: Partial<typeof GIVEN>][] = [
    ["another policy", { policies: ["night", "drop"] }],
    ["another rule", { approvals: [...GIVEN.approvals, { approvers: ["legal"], quorum: 1 }] }],
    ["some of the groups", { approvals: [{ approvers: ["dba"], quorum: 1 }] }],
    ["a group whose name is two others'", { approvals: [{ approvers: ["dba,platform"], quorum: 1 }] }],
    ["a larger quorum", { approvals: [{ approvers: ["security"], quorum: 3 }] }],
    ["a smaller quorum, which is another rule", { approvals: [{ approvers: ["security"], quorum: 1 }] }],
    ["no rule at all", { approvals: [] }],
  ];
  for (const [what, change] of more) {
    test(`is not enough for ${what}`, () => assert.ok(!agreed(GIVEN, { ...GIVEN, ...change })));
  }
});

test("a plan is not much more with up to twice the rows that were shown, whatever it costs", () => {
  const plan = (rows: number, cost = 1) => ({ rows, cost });
  assert.ok(isNotMuchMore(plan(10), plan(20, 1e9)));
  assert.ok(!isNotMuchMore(plan(10), plan(21)));
  assert.ok(isNotMuchMore(plan(0), plan(0)));
  assert.ok(!isNotMuchMore(plan(0), plan(1)));
});

test("of a plan that is not known, only one that is not known is not much more", () => {
  assert.ok(isNotMuchMore(null, null));
  assert.ok(!isNotMuchMore(null, { rows: 0, cost: 0 }));
  assert.ok(!isNotMuchMore({ rows: 10, cost: 1 }, null));
});

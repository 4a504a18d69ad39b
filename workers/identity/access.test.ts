import assert from "node:assert/strict";
import { test } from "node:test";
import { mayAdminister, mayOpen } from "./access.ts";

const alice = { principal: "corp/alice", groups: ["engineers"] };
const agent = { principal: "corp/agent", groups: ["engineers"], onBehalfOf: "corp/alice" };

test("a target is open to whom it names: by name, by group, by wildcard", () => {
  assert.ok(mayOpen({ allow: ["corp/alice"] }, alice));
  assert.ok(mayOpen({ allow: ["x", "group:engineers"] }, alice));
  assert.ok(mayOpen({ allow: ["group:eng*"] }, alice));
  assert.ok(mayOpen({ allow: ["corp/*"] }, alice));
  assert.ok(!mayOpen({ allow: ["corp/alic", "corp/alice2", "group:engineer", "engineers"] }, alice));
  assert.ok(!mayOpen({ allow: [] }, alice));
});

test("an agent may open what it, or the user for whom it acts, may open", () => {
  for (const allow of ["corp/agent", "corp/alice", "group:engineers"])
    assert.ok(mayOpen({ allow: [allow] }, agent));
  assert.ok(!mayOpen({ allow: ["corp/bob"] }, agent));
});

test("a group pattern matches no principal, and a principal pattern no group", () => {
  assert.ok(!mayOpen({ allow: ["group:*"] }, { principal: "group:x", groups: [] }));
  assert.ok(!mayOpen({ allow: ["engineers*"] }, alice));
});

test("an agent does not inherit administration from its user", () => {
  assert.ok(mayAdminister(["group:engineers"], alice));
  assert.ok(mayAdminister(["corp/alice"], alice));
  assert.ok(!mayAdminister(["group:engineers", "corp/alice"], agent));
  assert.ok(mayAdminister(["corp/agent"], agent));
});

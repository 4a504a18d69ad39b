import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Target } from "../../protocol/directory.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL, STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { connectRefusal, decideConnect } from "./connect.ts";

const target: Target = {
  name: "orders",
  kind: "postgres",
  connector: "main",
  description: "",
  allow: ["corp/*"],
};
const alice = { principal: "corp/alice", groups: ["engineers"] };
const guest = { principal: "guest", groups: [] };

const refusal = (policies: string, subject = alice, mode: "framed" | "raw" = "framed") => {
  const set = PolicySet.load(nodeCedar(), policies);
  const error = connectRefusal(decideConnect(set, subject, target, mode), subject.principal, target.name);
  return error && { code: error.code, message: error.message, hint: error.hint };
};

describe("the connect decision", () => {
  test("of the starter set is the target's list", () => {
    assert.equal(refusal(STARTER_POLICIES), null);
    assert.equal(refusal(STARTER_POLICIES, guest)?.code, "unknown_target");
  });

  test("is the policies' alone: they may let in who is not listed", () => {
    assert.equal(refusal(ALLOW_ALL, guest), null);
  });

  test("tells a listed principal the reason and the policy", () => {
    const policies = `${ALLOW_ALL}
@id("closed") @reason("Orders is closed tonight.")
forbid (principal, action == Action::"connect", resource == Target::"orders");`;
    const told = refusal(policies);
    assert.equal(told?.code, "forbidden");
    assert.match(told.message, /corp\/alice may not open orders: Orders is closed tonight\./);
    assert.match(told.hint ?? "", /Policy closed/);
  });

  test("does not tell who is not listed that there is such a target", () => {
    const policies = `@id("closed") @reason("Orders is closed tonight.")
forbid (principal, action == Action::"connect", resource);`;
    assert.deepEqual(refusal(policies, guest), {
      code: "unknown_target",
      message: 'there is no target "orders" that guest may open',
      hint: "`sallyport targets` lists those that there are.",
    });
  });

  test("is a refusal that says so where an approval is needed", () => {
    const policies = `@id("by-day") @reason("Nobody is alone with orders.") @approvers("dba")
permit (principal, action == Action::"connect", resource) when { context.approved };`;
    const told = refusal(policies);
    assert.equal(told?.code, "approval_required");
    assert.match(told.message, /orders needs an approval: Nobody is alone with orders\./);
    assert.match(told.hint ?? "", /sallyport connect orders --reason/);
  });

  test("knows groups, the user of an agent, and the mode", () => {
    const policies = `permit (principal in Group::"engineers", action == Action::"connect", resource)
when { context.mode == "framed" && !(principal has onBehalfOf) };`;
    assert.equal(refusal(policies), null);
    assert.equal(refusal(policies, alice, "raw")?.code, "forbidden");
    assert.equal(refusal(policies, { ...alice, groups: [] })?.code, "forbidden");
    const agent = { ...alice, onBehalfOf: "corp/bob" };
    assert.equal(refusal(policies, agent)?.code, "forbidden");
  });

  test("without a policy about it is a refusal", () => {
    const told = refusal('permit (principal, action == Action::"postgres:select", resource);');
    assert.equal(told?.code, "forbidden");
    assert.match(told.hint ?? "", /No policy permits it/);
  });
});

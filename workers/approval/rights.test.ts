import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { type Held, isOwnQuestion, mayAnswerFor } from "./rights.ts";

const TARGET = { name: "orders", kind: "postgres", connector: "main" };
const HELD: Held = {
  principal: "corp/agent",
  onBehalfOf: "corp/alice",
  target: "orders",
  actions: ["postgres:delete"],
  approvals: [
    { approvers: ["dba"], quorum: 1 },
    { approvers: ["security"], quorum: 2 },
  ],
};
const set = (text: string) => PolicySet.load(nodeCedar(), text);
const who = (principal: string, ...groups: string[]) => ({ principal, groups });

describe("the right to answer", () => {
  test("is the policies', for each rule by itself", () => {
    const starter = set(STARTER_POLICIES);
    const rules = (...groups: string[]) => mayAnswerFor(starter, who("corp/bob", ...groups), TARGET, HELD);
    assert.deepEqual(rules("dba"), [0]);
    assert.deepEqual(rules("security"), [1]);
    assert.deepEqual(rules("security", "dba"), [0, 1]);
    assert.deepEqual(rules("engineers"), []);
    const agent = { ...who("corp/helper", "dba"), onBehalfOf: "corp/bob" };
    assert.deepEqual(mayAnswerFor(starter, agent, TARGET, HELD), [], "an agent is no person");
  });

  test("must be there for every action that is held", () => {
    const deletes = set(
      'permit (principal, action == Action::"approve", resource) when { context.action == "postgres:delete" };',
    );
    const rules = (...actions: string[]) =>
      mayAnswerFor(deletes, who("corp/bob"), TARGET, { ...HELD, actions });
    assert.deepEqual(rules("postgres:delete"), [0, 1]);
    assert.deepEqual(rules("postgres:delete", "postgres:drop"), []);
    assert.deepEqual(rules(), [], "nothing held is nothing permitted");
  });

  test("knows who asks and of which target", () => {
    const policies = set(`permit (principal, action == Action::"approve", resource == Target::"orders")
when { context.requester == "corp/agent" };`);
    const rules = (held: Partial<Held>, target = TARGET) =>
      mayAnswerFor(policies, who("corp/bob"), target, { ...HELD, ...held }).length;
    assert.deepEqual(
      [rules({}), rules({ principal: "corp/x" }), rules({}, { ...TARGET, name: "staff" })],
      [2, 0, 0],
    );
  });
});

describe("one's own question", () => {
  const cases: [string, Parameters<typeof isOwnQuestion>[0], boolean][] = [
    ["the asker", who("corp/agent"), true],
    ["the user for whom it asks", who("corp/alice"), true],
    ["another agent of that user", { ...who("corp/helper"), onBehalfOf: "corp/alice" }, true],
    ["the same agent for another user", { ...who("corp/agent"), onBehalfOf: "corp/bob" }, true],
    ["somebody for whom the asker is the user", { ...who("corp/x"), onBehalfOf: "corp/agent" }, true],
    ["another person", who("corp/bob"), false],
    ["another agent for another user", { ...who("corp/helper"), onBehalfOf: "corp/bob" }, false],
  ];
  for (const [name, subject, own] of cases) {
    test(`is ${own ? "" : "not "}that of ${name}`, () => assert.equal(isOwnQuestion(subject, HELD), own));
  }

  test("of who asks for itself is nobody's who acts for itself", () => {
    assert.equal(isOwnQuestion(who("corp/bob"), { ...HELD, onBehalfOf: null }), false);
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as plainCedar from "@cedar-policy/cedar-wasm/nodejs";
import type { STATEMENT_ACTIONS } from "../sql/facts.ts";
import { ACTIONS } from "./actions.ts";
import { SLOTS } from "./evaluator.ts";
import { judgeStatement, statementContext } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { POLICY_SCHEMA } from "./schema.ts";
import { ALLOW_ALL } from "./starter.ts";
import { cedarWith, factsOf, NOW, SUBJECT, TARGET, USAGE } from "./testing.ts";

const cedar = nodeCedar();
const load = (text: string) => PolicySet.load(cedar, text);
const decide = (text: string, context: Record<string, unknown> = {}, action = "postgres:select") =>
  load(text).decide(SUBJECT, action, TARGET, { ...statementContext(factsOf(), NOW), ...context });
const SELECT = `action == Action::"postgres:select", resource`;

test("the version is the SHA-256 of the text", () => {
  assert.equal(load(ALLOW_ALL).version, createHash("sha256").update(ALLOW_ALL).digest("hex"));
  assert.equal(load(ALLOW_ALL).text, ALLOW_ALL);
});

test("the table of actions and groups is the schema's", () => {
  const answer = plainCedar.schemaToJson(POLICY_SCHEMA);
  assert.equal(answer.type, "success");
  if (answer.type !== "success") return;
  const { actions } = answer.json[""]!;
  const ancestors = (action: string): string[] =>
    (actions[action]!.memberOf ?? []).flatMap(({ id }) => [id, ...ancestors(id)]).sort();
  const requested = Object.keys(actions).filter(
    (action) => (actions[action]!.appliesTo?.principalTypes.length ?? 0) > 0,
  );
  assert.deepEqual([...ACTIONS.keys()].sort(), requested.sort());
  for (const [action, groups] of ACTIONS) assert.deepEqual([...groups].sort(), ancestors(action), action);
});

test("what no policy permits is blocked, and the reason names action, target, who asks, and what would help", () => {
  const verdict = decide(`permit(principal, action == Action::"postgres:show", resource);`, {
    complete: false,
    opaque: ["it calls public.f"],
  });
  assert.equal(verdict.verdict, "block");
  if (verdict.verdict !== "block") return;
  assert.deepEqual(verdict.policies, []);
  for (const word of ["postgres:select", "orders", "agent/1", "it calls public.f", "policy explain"]) {
    assert.ok(verdict.reason.includes(word), word);
  }
});

test("a permit that fires allows, with the least bounds of those that fired", () => {
  const text = `
    @id("b") @rows("100") @bytes("2MB") permit(principal, ${SELECT});
    @id("a") @rows("200") @bytes("1MiB") permit(principal, ${SELECT});
    @id("c") @rows("1") permit(principal, ${SELECT}) when { context.where == "key" };`;
  assert.deepEqual(decide(text), { verdict: "allow", policies: ["a", "b"], rows: 100, bytes: 1_048_576 });
});

test("a permit that looks at approved holds, with its annotations", () => {
  const text = `@id("dear") @reason("Too dear.") @approvers("security, dba") @quorum("2") @expires("90s")
    @scope("session") @lasts("2h") @rows("7") permit(principal, ${SELECT}) when { context.approved };`;
  assert.deepEqual(decide(text), {
    verdict: "approve",
    policies: ["dear"],
    reason: "Too dear.",
    approvals: [{ approvers: ["dba", "security"], quorum: 2 }],
    expiresMs: 90_000,
    lastsMs: 7_200_000,
    scope: "session",
    rows: 7,
    bytes: null,
  });
});

test("a forbid that approval lifts holds what a permit would let through", () => {
  const text = `
    @id("all") @rows("5") permit(principal, ${SELECT});
    @id("pii") @approvers("dpo") forbid(principal, ${SELECT})
      when { context.readColumns.contains("public.orders.email") } unless { context.approved };`;
  const verdict = decide(text, { readColumns: ["public.orders.email"] });
  assert.equal(verdict.verdict, "approve");
  if (verdict.verdict !== "approve") return;
  assert.deepEqual([verdict.policies, verdict.rows], [["pii"], 5]);
  assert.deepEqual(verdict.approvals, [{ approvers: ["dpo"], quorum: 1 }]);
  assert.equal(decide(text).verdict, "allow");
});

test("each group that a deciding policy names must agree; the shortest time and the narrowest scope hold", () => {
  const text = `
    @id("p") @approvers("dba") @expires("1h") @scope("session")
      permit(principal, ${SELECT}) when { context.approved };
    @id("f") @approvers("dpo") @expires("5m") @scope("fingerprint")
      forbid(principal, ${SELECT}) unless { context.approved };`;
  const verdict = decide(text);
  assert.equal(verdict.verdict, "approve");
  if (verdict.verdict !== "approve") return;
  assert.deepEqual(verdict.policies, ["f", "p"]);
  assert.deepEqual(verdict.approvals, [
    { approvers: ["dba"], quorum: 1 },
    { approvers: ["dpo"], quorum: 1 },
  ]);
  assert.deepEqual([verdict.expiresMs, verdict.scope], [300_000, "fingerprint"]);
});

test("where one permit stands without approval, those that need one add no approvers", () => {
  const text = `
    @id("cheap") permit(principal, ${SELECT});
    @id("dear") @approvers("dba") permit(principal, ${SELECT}) when { context.approved };
    @id("loop") @approvers("sre") forbid(principal, ${SELECT}) unless { context.approved };`;
  const verdict = decide(text);
  assert.deepEqual([verdict.verdict, verdict.policies], ["approve", ["loop"]]);
});

test("a forbid that no approval lifts blocks, whatever else would need one", () => {
  const text = `
    permit(principal, ${SELECT});
    @id("never") @reason("Never.") forbid(principal, ${SELECT});
    @id("ask") @approvers("dba") forbid(principal, ${SELECT}) unless { context.approved };`;
  assert.deepEqual(decide(text), { verdict: "block", policies: ["never"], reason: "Never." });
});

test("a policy that can't be evaluated blocks, though another permits", () => {
  const text = `
    @id("ok") permit(principal, ${SELECT});
    @id("overflow") forbid(principal, ${SELECT})
      when { context.session.rows * 9007199254740991 > 3 };`;
  const verdict = decide(text, { session: { ...USAGE, rows: 2_000 } });
  assert.equal(verdict.verdict, "block");
  assert.deepEqual(verdict.policies, ["overflow"]);
  assert.equal(decide(text, { session: { ...USAGE, rows: 0 } }).verdict, "allow");
});

test("a context without what a policy looks at, of a wrong type, or not to be serialized, blocks", () => {
  const text = `permit(principal, ${SELECT}) when { context.complete };`;
  assert.equal(decide(text).verdict, "allow");
  for (const complete of [undefined, "yes", null, 1.5, 10n, { __entity: { type: "Group", id: "dba" } }]) {
    assert.equal(decide(text, { complete }).verdict, "block", String(complete));
  }
  const circular: unknown[] = [];
  circular.push(circular);
  assert.equal(decide(text, { complete: circular }).verdict, "block");
});

test("an action that is none is blocked, even where everything is permitted", () => {
  for (const action of ["postgres:read", "postgres:statement", "ssh:request", "ssh:sftp", "", "__proto__"]) {
    assert.equal(decide(ALLOW_ALL, {}, action).verdict, "block", action);
  }
});

test("an engine that fails, traps or refuses blocks", () => {
  for (const broken of [
    () => {
      throw new WebAssembly.RuntimeError("memory access out of bounds");
    },
    () => ({ type: "failure" as const, errors: [], warnings: [] }),
  ]) {
    const failing = cedarWith(cedar, { statefulIsAuthorized: broken });
    const verdict = PolicySet.load(failing, ALLOW_ALL).decide(SUBJECT, "postgres:select", TARGET, {});
    assert.equal(verdict.verdict, "block");
  }
});

test("groups, the user behind an agent, and the target are what policies see of them", () => {
  const text = `
    permit(principal in Group::"readers", ${SELECT});
    permit(principal, ${SELECT}) when { principal.groups.contains("auditors") && resource.kind == "postgres" };
    permit(principal, ${SELECT}) when { principal has onBehalfOf && principal.onBehalfOf == "alice" };
    permit(principal == Principal::"root", ${SELECT});
    permit(principal, action in Action::"postgres:write", resource == Target::"orders")
      when { action in [Action::"postgres:update", Action::"postgres:define"] && resource.connector == "main" };`;
  const set = load(text);
  const verdict = (subject: Partial<typeof SUBJECT>, action = "postgres:select", target = TARGET) =>
    set.decide({ ...SUBJECT, ...subject }, action, target, statementContext(factsOf(), NOW)).verdict;
  assert.equal(verdict({ groups: ["x"] }), "block");
  assert.equal(verdict({ groups: ["x", "readers"] }), "allow");
  assert.equal(verdict({ groups: ["auditors"] }), "allow");
  assert.equal(verdict({ onBehalfOf: "alice" }), "allow");
  assert.equal(verdict({ onBehalfOf: "bob" }), "block");
  assert.equal(verdict({ principal: "root" }), "allow");
  assert.equal(verdict({}, "postgres:update"), "allow");
  assert.equal(verdict({}, "postgres:insert"), "block");
  assert.equal(verdict({}, "postgres:update", { ...TARGET, name: "other" }), "block");
  assert.equal(verdict({}, "postgres:update", { ...TARGET, connector: "other" }), "block");
});

test("a principal named like a group is not in it", () => {
  const set = load(`permit(principal in Group::"dba", ${SELECT});`);
  const context = statementContext(factsOf(), NOW);
  const verdict = (principal: string, groups: string[]) =>
    set.decide({ principal, groups }, "postgres:select", TARGET, context).verdict;
  assert.deepEqual([verdict("dba", []), verdict("alice", ["dba"])], ["block", "allow"]);
});

test("approve is asked once: nothing is approved by an approval", () => {
  const set = load(`
    permit(principal, action == Action::"approve", resource)
      when { context.approvers.containsAny(principal.groups) && context.requester != principal.name };`);
  const context = { approvers: ["dba"], requester: "bob", action: "postgres:update" };
  const ask = (groups: string[], principal = "alice") =>
    set.decide({ principal, groups }, "approve", TARGET, context).verdict;
  assert.deepEqual([ask(["dba"]), ask(["dev"]), ask(["dba"], "bob")], ["allow", "block", "block"]);
});

test("reasons are one line, bounded, and without control characters", () => {
  const opaque = ["\u001b[2Jcleared\r\nsecond line \u202e reordered", "x".repeat(100_000), "\ud800"];
  const verdict = decide(`permit(principal, action == Action::"postgres:show", resource);`, {
    complete: false,
    opaque,
  });
  assert.ok(verdict.verdict === "block");
  assert.ok(verdict.reason.length <= 1_000);
  assert.doesNotMatch(verdict.reason, /[\p{Cc}\u202e\p{Cs}]/u);
  assert.ok(verdict.reason.includes("cleared second line"));
});

test("what policies look at is known for each action, groups and conditions included", () => {
  const set = load(`
    permit(principal, action in Action::"postgres:write", resource) when { context has plan && context.plan.rows < 9 };
    permit(principal, action in [Action::"postgres:show", Action::"postgres:define"], resource)
      when { context.principalUsage.rows + 1 < 10 };
    permit(principal, action == Action::"postgres:set", resource)
      when { {"a": context}["a"].session.rows < 10 };
    permit(principal, action == Action::"postgres:lock", resource)
      when { context == context };
    permit(principal, action == Action::"postgres:do", resource) unless { context has plan };`);
  const used = (action: string) => {
    const { plan, usage } = set.uses(action);
    return `${plan ? "plan" : ""}${usage ? "usage" : ""}`;
  };
  assert.deepEqual(
    ["update", "select", "show", "drop", "set", "lock", "do", "call"].map((name) => used(`postgres:${name}`)),
    ["plan", "", "usage", "usage", "planusage", "planusage", "plan", ""],
  );
});

test("many sets at once decide each by its own text, though the engine's cache holds few", () => {
  const sets = Array.from({ length: SLOTS * 2 }, (_, i) =>
    load(`permit(principal, ${SELECT}) when { context.tag == "N${i}" };`),
  );
  const ask = (i: number, tag: string) =>
    sets[i]!.decide(SUBJECT, "postgres:select", TARGET, statementContext(factsOf({ tag }), NOW)).verdict;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < sets.length; i++) {
      assert.equal(ask(i, `N${i}`), "allow", `set ${i}`);
      assert.equal(ask(i, `N${i + 1}`), "block", `set ${i}`);
    }
  }
  assert.deepEqual([ask(0, "N0"), ask(sets.length - 1, "N0")], ["allow", "block"]);
});

test("loading sets for ever uses a bounded number of names in the engine's cache", () => {
  const names = new Set<string>();
  const counting = cedarWith(cedar, {
    preparsePolicySet: (name, policies) => {
      names.add(name);
      return cedar.preparsePolicySet(name, policies);
    },
  });
  for (let i = 0; i < SLOTS * 3; i++) {
    const set = PolicySet.load(counting, `permit(principal, ${SELECT}) when { context.tag == "N${i}" };`);
    assert.equal(
      set.decide(SUBJECT, "postgres:select", TARGET, statementContext(factsOf({ tag: `N${i}` }), NOW))
        .verdict,
      "allow",
    );
  }
  assert.ok(names.size <= SLOTS, `${names.size} names`);
});

test("a slot whose new policies could not be parsed isn't taken for the old ones", () => {
  let failing = false;
  const flaky = cedarWith(cedar, {
    preparsePolicySet: (name, policies) =>
      failing ? { type: "failure", errors: [] } : cedar.preparsePolicySet(name, policies),
  });
  const sets = Array.from({ length: SLOTS }, (_, i) =>
    PolicySet.load(flaky, `permit(principal, ${SELECT}) when { context.tag == "N${i}" };`),
  );
  const ask = (set: PolicySet, tag: string) =>
    set.decide(SUBJECT, "postgres:select", TARGET, statementContext(factsOf({ tag }), NOW)).verdict;
  for (const [i, set] of sets.entries()) assert.equal(ask(set, `N${i}`), "allow");
  const late = PolicySet.load(flaky, `permit(principal, ${SELECT}) when { context.tag == "LATE" };`);
  failing = true;
  assert.equal(ask(late, "N0"), "block");
  failing = false;
  assert.deepEqual(
    [ask(late, "LATE"), ask(late, "N0"), ask(sets[0]!, "N0"), ask(sets[0]!, "LATE")],
    ["allow", "block", "allow", "block"],
  );
});

test("statements are judged by the worst of their actions", () => {
  const set = load(`
    permit(principal, ${SELECT});
    @approvers("dba") permit(principal, action == Action::"postgres:insert", resource) when { context.approved };`);
  const verdict = (...actions: (typeof STATEMENT_ACTIONS)[number][]) =>
    judgeStatement(set, SUBJECT, TARGET, factsOf({ actions }), NOW).verdict;
  assert.equal(verdict("postgres:select"), "allow");
  assert.equal(verdict("postgres:insert", "postgres:select"), "approve");
  assert.equal(verdict("postgres:delete", "postgres:insert", "postgres:select"), "block");
});

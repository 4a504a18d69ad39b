import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "./decision.ts";
import { judgeStatement, MAX_NAMES, statementContext, worst } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { ALLOW_ALL } from "./starter.ts";
import { factsOf, NOW, SUBJECT, TARGET, USAGE } from "./testing.ts";

const allow = (rows: number | null, ...policies: string[]): Decision => ({
  verdict: "allow",
  policies,
  rows,
  bytes: null,
});
const approve = (approvers: string, policies: string[], rest: Partial<Decision> = {}): Decision =>
  ({
    verdict: "approve",
    policies,
    reason: `asks ${approvers}`,
    approvals: [{ approvers: [approvers], quorum: 1 }],
    expiresMs: 900_000,
    lastsMs: 3_600_000,
    scope: "session",
    rows: null,
    bytes: null,
    ...rest,
  }) as Decision;

test("nothing to judge is blocked", () => {
  assert.equal(worst([]).verdict, "block");
});

test("a block outweighs the rest, and all blocks are told once", () => {
  const block = (policy: string, reason: string): Decision => ({
    verdict: "block",
    policies: [policy],
    reason,
  });
  const verdict = worst([
    allow(1, "a"),
    block("z", "No."),
    approve("dba", ["b"]),
    block("y", "No."),
    block("z", "Never."),
  ]);
  assert.deepEqual(verdict, { verdict: "block", policies: ["y", "z"], reason: "No. Never." });
});

test("of what is held, every group must agree, in the shortest time and narrowest scope, under every bound", () => {
  const verdict = worst([
    allow(10, "a"),
    approve("dba", ["b"], { scope: "fingerprint", expiresMs: 5_000, lastsMs: 60_000 }),
    approve("dba", ["c"], { scope: "once" }),
    approve("dpo", ["d"], { rows: 20 }),
  ]);
  assert.deepEqual(verdict, {
    verdict: "approve",
    policies: ["b", "c", "d"],
    reason: "asks dba asks dpo",
    approvals: [
      { approvers: ["dba"], quorum: 1 },
      { approvers: ["dpo"], quorum: 1 },
    ],
    expiresMs: 5_000,
    lastsMs: 60_000,
    scope: "once",
    rows: 10,
    bytes: null,
  });
});

test("what is allowed is under the least of the bounds", () => {
  assert.deepEqual(worst([allow(10, "b"), allow(null, "a"), allow(7, "b")]), allow(7, "a", "b"));
});

test("numbers become safe integers; what is no number counts as very many", () => {
  const long = (value: number) =>
    (statementContext(factsOf(), { ...NOW, plan: { rows: value, cost: 0 } }).plan as { rows: number }).rows;
  assert.deepEqual(
    [0.2, -5, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(long),
    [1, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER],
  );
});

test("hostile estimates and counts reach policies as numbers that they compare", () => {
  const set = PolicySet.load(
    nodeCedar(),
    `permit(principal, action, resource);
     forbid(principal, action in Action::"postgres:statement", resource)
       when { context has plan && context.plan.cost > 9000000 || context.session.bytes > 1000 };`,
  );
  for (const cost of [Number.MAX_VALUE, Number.NaN, 2 ** 63]) {
    assert.equal(
      judgeStatement(set, SUBJECT, TARGET, factsOf(), { ...NOW, plan: { rows: 1, cost } }).verdict,
      "block",
    );
  }
  const session = { ...USAGE, bytes: Number.NaN };
  assert.equal(judgeStatement(set, SUBJECT, TARGET, factsOf(), { ...NOW, session }).verdict, "block");
  assert.equal(judgeStatement(set, SUBJECT, TARGET, factsOf(), NOW).verdict, "allow");
});

test("what is absent is absent: no LIMIT, no estimate", () => {
  const context = statementContext(factsOf({ limit: null }), { ...NOW, plan: null });
  assert.ok(!("limit" in context) && !("plan" in context) && !("approved" in context));
});

test("complete says that nothing is opaque", () => {
  assert.equal(statementContext(factsOf(), NOW).complete, true);
  assert.equal(statementContext(factsOf({ opaque: ["it calls public.f"] }), NOW).complete, false);
});

test("schemas are told apart though a name holds a dot", () => {
  const facts = factsOf({
    reads: ["public.a", "public.b", '"sec.ret".t', 'x."pg_temp.y"'],
    writes: ["pg_temp.t"],
  });
  const { readSchemas, writeSchemas } = statementContext(facts, NOW);
  assert.deepEqual([readSchemas, writeSchemas], [['"sec.ret"', "public", "x"], ["pg_temp"]]);
});

test("a statement with too many names is blocked, not judged by some of them", () => {
  const set = PolicySet.load(nodeCedar(), ALLOW_ALL);
  const many = (count: number) =>
    factsOf({ readColumns: Array.from({ length: count }, (_, i) => `public.t.c${i}`), reads: [] });
  assert.equal(judgeStatement(set, SUBJECT, TARGET, many(MAX_NAMES), NOW).verdict, "allow");
  const verdict = judgeStatement(set, SUBJECT, TARGET, many(MAX_NAMES + 1), NOW);
  assert.ok(verdict.verdict === "block" && /too many/.test(verdict.reason));
});

test("facts without an action are blocked, even where everything is permitted", () => {
  const set = PolicySet.load(nodeCedar(), ALLOW_ALL);
  assert.equal(judgeStatement(set, SUBJECT, TARGET, factsOf({ actions: [] }), NOW).verdict, "block");
});

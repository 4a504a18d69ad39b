import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeStatement } from "../../protocol/policy/judge.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { cedarWith, factsOf, SUBJECT, TARGET } from "../../protocol/policy/testing.ts";
import { runs } from "../../protocol/seeded.ts";
import type { Effect, StatementAction, Where } from "../../protocol/sql/facts.ts";
import { Verdicts } from "./verdicts.ts";

const ALLOW_READS = `
@id("own") permit(principal, action == Action::"postgres:select", resource)
when { context.reads.contains("public.orders") };
@id("few") permit(principal, action in [Action::"postgres:write", Action::"postgres:set"], resource)
when { context has plan && context.plan.rows < 5 && context.database == "orders" };`;

const usage = fc.record({
  statements: fc.nat(9),
  statementsLastMinute: fc.constantFrom(0, 6_000, 6_001),
  rows: fc.nat(9),
  bytes: fc.nat(9),
  repeatedLastMinute: fc.constantFrom(0, 1_000, 1_001),
});
const now = fc.record({
  database: fc.constantFrom("orders", "other"),
  inTransaction: fc.boolean(),
  plan: fc.option(
    fc.record({ rows: fc.constantFrom(0, 4, 5, 100, 101, 200_000), cost: fc.constantFrom(0, 900_000) }),
  ),
  session: usage,
  principalUsage: usage,
});
const facts = fc
  .record({
    tag: fc.constantFrom("SELECT", "UPDATE", "COPY", "DISCARD ALL"),
    actions: fc.subarray<StatementAction>(["postgres:delete", "postgres:select", "postgres:set"], {
      minLength: 1,
    }),
    opaque: fc.constantFrom([], [], [], ["why"]),
    where: fc.constantFrom<Where>("none", "missing", "key", "condition"),
    effects: fc.constantFrom<Effect[]>([], ["lock"], ["sleep"]),
    settings: fc.subarray(["datestyle", "session_replication_role"]),
    reads: fc.subarray(["public.orders", "public.other"]),
  })
  .map(({ opaque, ...some }) => factsOf({ ...some, opaque: [...opaque] }));

test("a session's verdicts are those that each statement would get alone, whatever was judged before", (t) => {
  const sets = [STARTER_POLICIES, ALLOW_READS].map((text) => PolicySet.load(nodeCedar(), text));
  let allowed = 0;
  fc.assert(
    fc.property(
      fc.array(facts, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(3), now, fc.nat(9)), { minLength: 10, maxLength: 30 }),
      (statements, judged) => {
        const verdicts = new Verdicts(SUBJECT, TARGET);
        for (const [index, circumstances, change] of judged) {
          const set = sets[change === 0 ? 1 : 0]!;
          const statement = statements[index % statements.length]!;
          // As a new text gives new facts.
          const one = change % 2 === 0 ? statement : { ...statement };
          const expected = judgeStatement(set, SUBJECT, TARGET, one, circumstances);
          if (expected.verdict === "allow") allowed += 1;
          assert.deepEqual(
            verdicts.judge(set, [one], () => circumstances),
            expected,
          );
        }
      },
    ),
    {
      numRuns: runs(60, 1_000),
      reporter: (run) => {
        t.diagnostic(`seed ${run.seed}`);
        if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
      },
    },
  );
  assert.ok(allowed > 20, `${allowed} were allowed`);
});

test("a statement that is new to a session is allowed without asking Cedar where the policies see nothing new", () => {
  const cedar = nodeCedar();
  let asked = 0;
  const counting = cedarWith(cedar, {
    statefulIsAuthorized: (question) => {
      asked += 1;
      return cedar.statefulIsAuthorized(question);
    },
  });
  const set = PolicySet.load(counting, ALLOW_READS);
  const verdicts = new Verdicts(SUBJECT, TARGET);
  const none = { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 };
  const of = () => ({
    database: "orders",
    inTransaction: false,
    plan: null,
    session: none,
    principalUsage: none,
  });
  const judge = (reads: string[], fingerprint: string) =>
    verdicts.judge(set, [factsOf({ actions: ["postgres:select"], reads, fingerprint })], of).verdict;
  assert.equal(judge(["public.orders"], "0"), "allow");
  const first = asked;
  assert.ok(first > 0);
  assert.equal(judge(["public.orders"], "1"), "allow");
  assert.equal(asked, first);
  assert.equal(judge(["public.secrets"], "1"), "block");
  assert.ok(asked > first);
});

test("what is kept of a session is bounded", () => {
  const set = PolicySet.load(nodeCedar(), ALLOW_READS);
  const verdicts = new Verdicts(SUBJECT, TARGET);
  const none = { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 };
  const of = () => ({
    database: "orders",
    inTransaction: false,
    plan: null,
    session: none,
    principalUsage: none,
  });
  for (let n = 0; n < 1_000; n++) {
    const reads = ["public.orders", `public.t${n}`, "x".repeat(n * 10)];
    const statement = factsOf({ actions: ["postgres:select"], reads });
    assert.equal(verdicts.judge(set, [statement], of).verdict, "allow");
    assert.ok(verdicts.kept <= 200, `${verdicts.kept}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import * as plainCedar from "@cedar-policy/cedar-wasm/nodejs";
import fc from "fast-check";
import { runs } from "../seeded.ts";
import { type Effect, STATEMENT_ACTIONS, type Where } from "../sql/facts.ts";
import { judgeStatement, MAX_NAMES, statementContext, verdictKey } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { POLICY_SCHEMA } from "./schema.ts";
import { factsOf, TARGET } from "./testing.ts";

/*
 * Decisions against Cedar itself, which is asked without any of the short cuts: the whole text, the whole context, all
 * entities, the schema.
 */

const load = (text: string) => PolicySet.load(nodeCedar(), text);

const CONDITIONS = [
  `context.complete`,
  `context.where == "key"`,
  `["key", "condition"].contains(context.where)`,
  `context.effects.contains("sleep")`,
  `context.reads.containsAny(["public.orders", "public.items"])`,
  `context.writeSchemas == ["pg_temp"]`,
  `context has plan && context.plan.rows <= 100`,
  `context has plan.cost && 5 < context.plan.cost`,
  `context.session.rows > 10`,
  `context.session.repeatedLastMinute == 3`,
  `context.principalUsage.statements * 2 < 9`,
  `context.session == context.principalUsage`,
  `(if context.complete then context.session else context.principalUsage).rows > 2`,
  `context has limit && context.limit < 10`,
  `principal in Group::"dba"`,
  `principal is Principal in Group::"dba"`,
  `principal.groups.contains("dba")`,
  `principal has onBehalfOf && principal.onBehalfOf like "a*"`,
  `resource.name == "orders"`,
  `action in Action::"postgres:write"`,
  // Deeper than Cedar's JSON may be.
  `${Array(60).fill("context.complete").join(" && ")}`,
  `action == Action::"postgres:select"`,
];
const SCOPES = [
  `principal, action in Action::"postgres:statement", resource`,
  `principal, action in Action::"postgres:write", resource`,
  `principal in Group::"dba", action in [Action::"postgres:read", Action::"postgres:update"], resource`,
  `principal is Principal, action == Action::"postgres:select", resource is Target`,
  `principal, action in [Action::"postgres:select", Action::"postgres:do"], resource == Target::"orders"`,
];

const condition = fc.oneof(
  fc.constantFrom(...CONDITIONS),
  fc.constantFrom(...CONDITIONS).map((one) => `!(${one})`),
  fc
    .tuple(fc.constantFrom(...CONDITIONS), fc.constantFrom(...CONDITIONS))
    .map(([a, b]) => `(${a}) || (${b})`),
  fc.constantFrom(...CONDITIONS).map((one) => `context.approved && (${one})`),
);
const policy = fc
  .tuple(
    fc.constantFrom("permit", "forbid"),
    fc.constantFrom(...SCOPES),
    fc.constantFrom("when", "unless"),
    condition,
  )
  .map(([effect, scope, kind, body]) => {
    const approvers = body.includes("approved") ? `@approvers("dba") ` : "";
    return `${approvers}${effect}(${scope}) ${kind} { ${body} };`;
  });
const policies = fc.array(policy, { minLength: 1, maxLength: 6 });
const small = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 100, 101);
const usage = fc.record({
  statements: small,
  statementsLastMinute: small,
  rows: small,
  bytes: small,
  repeatedLastMinute: small,
});
const request = fc.record({
  action: fc.constantFrom(...STATEMENT_ACTIONS),
  subject: fc.record(
    {
      principal: fc.constantFrom("alice", "agent"),
      onBehalfOf: fc.constantFrom("alice", "bob"),
      groups: fc.subarray(["dba", "dev"]),
    },
    { requiredKeys: ["principal", "groups"] },
  ),
  facts: fc
    .record({
      opaque: fc.constantFrom([], ["why"]),
      where: fc.constantFrom<Where>("none", "missing", "key", "condition"),
      effects: fc.subarray<Effect>(["sleep", "lock"]),
      reads: fc.subarray(["public.orders", "public.other"]),
      writes: fc.subarray(["pg_temp.x", "public.orders"]),
      limit: fc.constantFrom(null, 3, 30),
    })
    .map(({ opaque, ...some }) => factsOf({ ...some, opaque: [...opaque] })),
  now: fc.record({
    database: fc.constant("orders"),
    inTransaction: fc.boolean(),
    plan: fc.option(fc.record({ rows: small, cost: small })),
    session: usage,
    principalUsage: usage,
  }),
});

test("every decision is Cedar's own on the whole text with the whole context and all entities", (t) => {
  fc.assert(
    fc.property(policies, fc.array(request, { minLength: 1, maxLength: 4 }), (texts, requests) => {
      const text = texts.join("\n");
      let set: PolicySet;
      try {
        set = load(text);
      } catch {
        return; // Such as one whose conditions contradict its scope.
      }
      for (const { action, subject, facts, now } of requests) {
        const context = statementContext(facts, now);
        const plain = (approved: boolean) => plainAnswer(text, subject, action, { ...context, approved });
        const expected = plain(false) === "allow" ? "allow" : plain(true) === "allow" ? "approve" : "block";
        const decision = set.decide(subject, action, TARGET, context);
        assert.equal(
          decision.verdict,
          expected,
          `${text}\n${action} ${JSON.stringify({ subject, context })}`,
        );
      }
    }),
    { numRuns: runs(40, 500), reporter: seedTold(t) },
  );
});

test("requests whose counts lie in the same band get the same verdict from the same policies", (t) => {
  let compared = 0;
  fc.assert(
    fc.property(policies, request, fc.array(usage, { minLength: 2, maxLength: 6 }), (texts, one, usages) => {
      let set: PolicySet;
      try {
        set = load(texts.join("\n"));
      } catch {
        return;
      }
      const seen = new Map<string, string>();
      for (const session of usages) {
        const now = { ...one.now, session };
        const band = set.band(one.action, now);
        if (band === null) continue;
        const { verdict, policies: deciding } = set.decide(
          one.subject,
          one.action,
          TARGET,
          statementContext(one.facts, now),
        );
        const decided = JSON.stringify([verdict, deciding]);
        if (seen.has(band)) compared += 1;
        assert.equal(seen.get(band) ?? decided, decided, texts.join("\n"));
        seen.set(band, decided);
      }
    }),
    { numRuns: runs(40, 500), reporter: seedTold(t) },
  );
  assert.ok(compared > 25, `${compared} pairs were compared`);
});

test("statements with the same key get the same verdict from the same policies", (t) => {
  let compared = 0;
  fc.assert(
    fc.property(
      policies,
      request,
      fc.array(request, { minLength: 8, maxLength: 16 }),
      (texts, { subject }, requests) => {
        let set: PolicySet;
        try {
          set = load(texts.join("\n"));
        } catch {
          return;
        }
        const seen = new Map<string, string>();
        for (const { action, facts: some, now } of requests) {
          const facts = { ...some, actions: [action] };
          const key = verdictKey(set, facts, now);
          if (key === null) continue;
          const { verdict, policies: deciding } = judgeStatement(set, subject, TARGET, facts, now);
          const decided = JSON.stringify([verdict, deciding]);
          if (seen.has(key)) compared += 1;
          assert.equal(seen.get(key) ?? decided, decided, `${texts.join("\n")}\n${key}`);
          seen.set(key, decided);
        }
      },
    ),
    { numRuns: runs(60, 500), reporter: seedTold(t) },
  );
  assert.ok(compared > 15, `${compared} pairs were compared`);
});

test("a key holds what the policies look at, and nothing is kept that they use as a whole or that names too much", () => {
  const now = {
    database: "orders",
    inTransaction: false,
    plan: null,
    session: { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 },
    principalUsage: { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 },
  };
  const facts = factsOf({ actions: ["postgres:select"], reads: ["public.a"] });
  const key = (text: string, other: Partial<typeof facts>, database = "orders") =>
    verdictKey(load(text), { ...facts, ...other }, { ...now, database });
  const byReads = `permit(principal, action, resource) when { context has reads && context.reads.contains("public.a") };`;
  const scoped = byReads.replace("action,", `action in Action::"postgres:statement",`);
  assert.notEqual(key(scoped, {}), key(scoped, { reads: ["public.b"] }));
  assert.notEqual(key(scoped, {}), key(scoped, { reads: ["public.a", "public.b"] }));
  assert.notEqual(key(scoped, {}), key(scoped, { actions: ["postgres:insert"] }));
  assert.equal(key(scoped, {}), key(scoped, { writes: ["public.b"], tag: "INSERT" }, "other"));
  assert.equal(key(scoped, { writes: Array(MAX_NAMES + 1).fill("public.b") }), null);
  const whole = `permit(principal, action in Action::"postgres:statement", resource) when { context.session == context.principalUsage };`;
  assert.equal(key(whole, {}), null);
});

function plainAnswer(
  text: string,
  subject: { principal: string; onBehalfOf?: string; groups: string[] },
  action: string,
  context: Record<string, unknown>,
): string {
  const { principal, groups, onBehalfOf } = subject;
  const answer = plainCedar.isAuthorized({
    principal: { type: "Principal", id: principal },
    action: { type: "Action", id: action },
    resource: { type: "Target", id: TARGET.name },
    context: context as Record<string, never>,
    schema: POLICY_SCHEMA,
    validateRequest: true,
    policies: { staticPolicies: text },
    entities: [
      {
        uid: { type: "Principal", id: principal },
        attrs: { name: principal, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) },
        parents: groups.map((id) => ({ type: "Group", id })),
      },
      { uid: { type: "Target", id: TARGET.name }, attrs: { ...TARGET }, parents: [] },
    ],
  });
  assert.equal(answer.type, "success", JSON.stringify(answer));
  if (answer.type !== "success") return "failure";
  assert.deepEqual(answer.response.diagnostics.errors, []);
  return answer.response.decision;
}

function seedTold(t: { diagnostic(message: string): void }) {
  return <T>(run: fc.RunDetails<T>) => {
    t.diagnostic(`seed ${run.seed}, ${run.numRuns} runs`);
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
  };
}

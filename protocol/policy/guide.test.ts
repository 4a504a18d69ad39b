import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EFFECTS, STATEMENT_ACTIONS, type StatementFacts } from "../sql/facts.ts";
import { ANNOTATIONS } from "./annotations.ts";
import { checkPolicies } from "./check.ts";
import type { Decision } from "./decision.ts";
import { type Circumstances, judgeStatement } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet, type PolicyTarget, type Subject } from "./policy-set.ts";
import { POLICY_SCHEMA } from "./schema.ts";
import { STARTER_POLICIES } from "./starter.ts";
import { factsOf, NOW, SUBJECT, TARGET, USAGE } from "./testing.ts";

const GUIDE = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
const BLOCKS = [...GUIDE.matchAll(/^```cedar\n(.*?)^```$/gms)].map(([, text]) => text!);
const cedar = nodeCedar();

test("the guide has at least ten recipes, each without a mistake, alone and beside the starter policies", () => {
  assert.ok(BLOCKS.length > 10);
  for (const text of BLOCKS) {
    assert.deepEqual(checkPolicies(cedar, text), [], text);
    assert.deepEqual(checkPolicies(cedar, `${STARTER_POLICIES}\n${text}`), [], text);
  }
});

test("the guide names every action, effect, annotation and attribute", () => {
  const attributes = [...POLICY_SCHEMA.matchAll(/^ {2,4}(\w+)\??: /gm)].map(([, name]) => name!);
  assert.ok(attributes.length > 30);
  const words = [...STATEMENT_ACTIONS, ...EFFECTS, ...ANNOTATIONS.map((name) => `@${name}("`), ...attributes];
  const skipped = ["principal", "resource", "context"];
  for (const word of words.filter((one) => !skipped.includes(one))) assert.ok(GUIDE.includes(word), word);
});

interface Request {
  facts?: Partial<StatementFacts>;
  now?: Partial<Circumstances>;
  subject?: Partial<Subject>;
  target?: Partial<PolicyTarget>;
  connect?: true;
  /** A label. */
  unmask?: string;
}
const agent = { groups: ["agents"] };
const analyst = { groups: ["analysts"] };
const update: Partial<StatementFacts> = {
  tag: "UPDATE",
  actions: ["postgres:update"],
  writes: ["public.orders"],
  where: "key",
};
const drop: Partial<StatementFacts> = {
  tag: "DROP TABLE",
  actions: ["postgres:drop"],
  writes: ["public.orders"],
};
const EMPTY = { statements: 0, statementsLastMinute: 0, rows: 0, bytes: 0, repeatedLastMinute: 0 };

/** By the recipe's first policy: what it decides, and a request beside it that stays as it was. */
const BEHAVIOUR: Record<string, [Request, Decision["verdict"]][]> = {
  "drop-with-approval": [[{ facts: drop }, "approve"]],
  "agents-read-only": [
    [{ subject: agent, facts: update }, "block"],
    [{ subject: agent }, "allow"],
    [{ subject: { groups: [] }, facts: update }, "allow"],
  ],
  "analysts-reporting-only": [
    [{ subject: analyst, facts: { reads: ["reporting.sales", "public.orders"] } }, "block"],
    [{ subject: analyst, facts: { reads: ["reporting.sales"] } }, "allow"],
    [{ subject: analyst, facts: { reads: ['"reporting.x".sales'] } }, "block"],
  ],
  "personal-data": [
    [{ facts: { readColumns: ["public.customers.id", "public.customers.email"] } }, "approve"],
    [{ facts: { readColumns: ["public.customers.id"] } }, "allow"],
    [{ facts: { ...update, readColumns: ["public.customers.email"] } }, "approve"],
  ],
  "support-sees-contacts": [
    [{ subject: { groups: ["support"] }, unmask: "pii.email" }, "allow"],
    [{ subject: { groups: ["support"] }, unmask: "pii.ssn" }, "block"],
    [{ subject: { groups: ["support"] }, unmask: "pii.email", target: { name: "billing" } }, "block"],
    [{ subject: agent, unmask: "pii.email" }, "block"],
    [{ subject: { groups: ["support"], onBehalfOf: "alice" }, unmask: "phi.name" }, "block"],
  ],
  "ledger-two-people": [
    [{ facts: { ...update, writes: ["accounting.ledger"] } }, "approve"],
    [{ facts: update }, "allow"],
  ],
  migrations: [
    [{ subject: { groups: ["migrations"] }, facts: drop }, "allow"],
    [{ subject: { groups: ["migrations"], onBehalfOf: "alice" }, facts: drop }, "approve"],
    [{ subject: { groups: ["migrations"] }, facts: drop, target: { name: "billing" } }, "approve"],
  ],
  "no-writes-in-production": [
    [{ subject: agent, facts: update }, "block"],
    [{ subject: agent, facts: update, target: { name: "staging-orders" } }, "allow"],
  ],
  "agents-act-for-somebody": [
    [{ subject: agent, connect: true }, "block"],
    [{ subject: { ...agent, onBehalfOf: "alice" }, connect: true }, "allow"],
  ],
  "agents-small-results": [
    [{ subject: agent }, "allow"],
    [{ subject: agent, now: { plan: { rows: 1, cost: 500_001 } } }, "approve"],
  ],
  "events-with-limit": [
    [{ facts: { reads: ["public.events"] } }, "block"],
    [{ facts: { reads: ["public.events"], limit: 1_001 } }, "block"],
    [{ facts: { reads: ["public.events"], limit: 1_000 } }, "allow"],
  ],
  "agents-loop": [
    [{ subject: agent, now: { session: { ...USAGE, repeatedLastMinute: 31 } } }, "block"],
    [{ subject: agent, now: { session: { ...USAGE, repeatedLastMinute: 30 } } }, "allow"],
  ],
  budget: [
    [{ now: { principalUsage: { ...EMPTY, bytes: 1_000_000_001 } } }, "approve"],
    [{ now: { principalUsage: { ...EMPTY, bytes: 1_000_000_000 } } }, "allow"],
  ],
  "writes-in-transactions": [
    [{ facts: update }, "block"],
    [{ facts: update, now: { inTransaction: true } }, "allow"],
  ],
  "few-functions": [
    [{ subject: analyst, facts: { functions: ["pg_catalog.count", "pg_catalog.lower"] } }, "block"],
    [{ subject: analyst, facts: { functions: ["pg_catalog.count"] } }, "allow"],
  ],
  "keep-timeouts": [
    [{ facts: { tag: "SET", actions: ["postgres:set"], settings: ["statement_timeout"] } }, "block"],
    [{ facts: { tag: "SET", actions: ["postgres:set"], settings: ["search_path"] } }, "allow"],
  ],
  "incomplete-with-approval": [
    [{ facts: { opaque: ["it calls public.f"] } }, "approve"],
    [{ facts: { opaque: ["it calls public.f"], effects: ["read-file"] } }, "block"],
    [{}, "allow"],
  ],
  "shut-out": [
    [{ subject: { principal: "agent/7" } }, "block"],
    [{ subject: { principal: "agent/7" }, connect: true }, "block"],
    [{}, "allow"],
  ],
  "record-only": [[{ facts: { opaque: ["it calls public.f"], effects: ["run-program"] } }, "allow"]],
};
/** Policies of the starter set that a recipe stands in place of. */
const REPLACES: Record<string, RegExp> = {
  "incomplete-with-approval": /@id\("incomplete"\)[^;]*;/,
  "record-only": /[\s\S]*/,
};

for (const text of BLOCKS) {
  const [, id = ""] = /@id\("([^"]+)"\)/.exec(text) ?? [];
  test(`the guide's recipe ${id} does what it says`, () => {
    const requests = BEHAVIOUR[id] ?? [];
    assert.ok(requests.length > 0, "a recipe without a test");
    const starter = REPLACES[id] ? STARTER_POLICIES.replace(REPLACES[id], "") : STARTER_POLICIES;
    const set = PolicySet.load(cedar, `${starter}\n${text}`);
    for (const [{ facts, now, subject, target, connect, unmask }, verdict] of requests) {
      const who = { ...SUBJECT, ...subject };
      const where = { ...TARGET, ...target };
      const decision = connect
        ? set.decide(who, "connect", where, { listed: true, mode: "framed" })
        : unmask
          ? set.decide(who, "unmask", where, { label: unmask, database: NOW.database })
          : judgeStatement(set, who, where, factsOf(facts), { ...NOW, ...now });
      assert.equal(
        decision.verdict,
        verdict,
        JSON.stringify({ facts, now, subject, target, unmask, decision }),
      );
    }
  });
}

test("the guide's smaller results for agents are the least of the bounds", () => {
  const text = BLOCKS.find((one) => one.includes("agents-small-results"))!;
  const set = PolicySet.load(cedar, `${STARTER_POLICIES}\n${text}`);
  const decision = judgeStatement(set, { ...SUBJECT, ...agent }, TARGET, factsOf(), NOW);
  assert.deepEqual(decision.verdict === "allow" && [decision.rows, decision.bytes], [1_000, 1_000_000]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet, type PolicyTarget, type Subject } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL, STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import type { Label } from "./labels.ts";
import { maskedLabels } from "./masked-labels.ts";
import { NO_LABELS } from "./settings.ts";

const SUBJECT: Subject = { principal: "agent/7", groups: ["agents"] };
const TARGET: PolicyTarget = { name: "orders", kind: "postgres", connector: "main" };
const LABELS = new Map(
  ["pii.ssn", "pii.email", "hr.salary"].map((name): [string, Label] => [
    name,
    { name, mask: { kind: "null" }, lookup: null },
  ]),
);

/** The names of what these policies mask. */
function masked(
  policies: string,
  subject: Partial<Subject> = {},
  database = "app",
  target = TARGET,
): string[] {
  const set = PolicySet.load(nodeCedar(), policies);
  const labels = { rules: [], labels: LABELS };
  return maskedLabels(set, { ...SUBJECT, ...subject }, target, labels, database).map(({ name }) => name);
}

const ALL = ["hr.salary", "pii.email", "pii.ssn"];
const DBA = `permit(principal in Group::"dba", action == Action::"unmask", resource) when { context.label like "pii.*" };`;

test("whatever no policy permits is masked", () => {
  assert.deepEqual(masked(STARTER_POLICIES), ALL);
  assert.deepEqual(masked(DBA), ALL);
  assert.deepEqual(masked(DBA, { groups: ["dba"] }), ["hr.salary"]);
  assert.deepEqual(masked(ALLOW_ALL), []);
});

test("a forbid wins, and what a database or a target is called counts", () => {
  const forbid = `${ALLOW_ALL} forbid(principal, action == Action::"unmask", resource) when { context.label == "pii.ssn" } unless { context.database == "test" };`;
  assert.deepEqual(masked(forbid), ["pii.ssn"]);
  assert.deepEqual(masked(forbid, {}, "test"), []);
  const one = `permit(principal, action == Action::"unmask", resource == Target::"staging");`;
  assert.deepEqual(masked(one), ALL);
  assert.deepEqual(masked(one, {}, "app", { ...TARGET, name: "staging" }), []);
});

test("permits for other actions, approvals included, unmask nothing", () => {
  assert.deepEqual(masked(`permit(principal, action in Action::"postgres:statement", resource);`), ALL);
  assert.deepEqual(
    masked(
      `@approvers("dba") permit(principal, action, resource) when { context has approved && context.approved };`,
    ),
    ALL,
  );
});

test("a policy that can't be evaluated unmasks nothing", () => {
  const overflow = `permit(principal, action == Action::"unmask", resource); forbid(principal, action == Action::"unmask", resource) when { 9007199254740991 * 9007199254740991 > 1 };`;
  assert.deepEqual(masked(overflow), ALL);
});

test("without labels nothing is asked", () => {
  assert.deepEqual(maskedLabels(PolicySet.load(nodeCedar(), DBA), SUBJECT, TARGET, NO_LABELS, "app"), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { RetentionRule } from "../../protocol/retention.ts";
import { isForever, type Kept, keepingOf } from "./rules.ts";

const DAY = 86_400_000;
const SESSION: Kept = {
  target: "prod-orders",
  principal: "service/agent",
  groups: ["staff"],
  onBehalfOf: "corp/alice",
  ended: 1_000,
  labels: { names: ["email"], isWhole: true },
};

const days = (rules: RetentionRule[], session: Partial<Kept> = {}, rest: number | null = null) => {
  const { until } = keepingOf({ ...SESSION, ...session }, { default: rest, rules });
  return (until - 1_000) / DAY;
};

test("the first rule that matches counts, whatever comes after; else the default", () => {
  const rules = [
    { target: "prod-*", keep: 400 * DAY },
    { principal: "service/*", keep: null },
  ];
  assert.equal(days(rules), 400);
  assert.equal(days(rules, { target: "test" }), Number.POSITIVE_INFINITY);
  assert.equal(days(rules, { target: "test", principal: "corp/bob" }, 7 * DAY), 7);
  assert.equal(days([{ target: "prod-*", principal: "corp/bob", keep: DAY }]), Number.POSITIVE_INFINITY);
});

test("patterns mean whole names, and nothing in them is anything but * special", () => {
  for (const [pattern, name, matches] of [
    ["*", "prod-orders", true],
    ["prod", "prod-orders", false],
    ["*-*", "prod-orders", true],
    ["prod-?rders", "prod-orders", false],
    ["prod-[o]rders", "prod-orders", false],
    ["%", "prod-orders", false],
    ["prod_orders", "prod-orders", false],
    [`${"*a".repeat(30)}b`, "a".repeat(63), false],
  ] as const)
    assert.equal(days([{ target: pattern, keep: DAY }], { target: name }) === 1, matches, pattern);
  assert.equal(days([{ principal: "group:st*", keep: DAY }]), 1);
  assert.equal(days([{ principal: "corp/alice", keep: DAY }]), 1, "the user for whom an agent acts");
  assert.equal(days([{ principal: "staff", keep: DAY }]), Number.POSITIVE_INFINITY);
});

test("by label; where labels are not known, it is kept for the longest that it may have to be", () => {
  const email = (keep: number | null) => [{ label: "email", keep }];
  const unknown = { labels: { names: [], isWhole: false } };
  const none = { labels: { names: [], isWhole: true } };
  assert.equal(days(email(DAY)), 1);
  assert.equal(days(email(DAY), none, 9 * DAY), 9);
  assert.equal(days(email(DAY), unknown, 9 * DAY), 9);
  assert.equal(days(email(90 * DAY), unknown, 9 * DAY), 90);
  assert.equal(days(email(null), unknown, 9 * DAY), Number.POSITIVE_INFINITY);
  const both = [...email(90 * DAY), { target: "*", keep: 5 * DAY }];
  assert.equal(days(both, unknown, null), 90, "the default is not reached where a rule matches");
});

test("rules are told by number and content; nothing to delete is known without looking", () => {
  const { by } = keepingOf(SESSION, {
    default: null,
    rules: [{ target: "prod-*", label: "email", keep: DAY }],
  });
  assert.equal(by, "retention rule 1 (target prod-*, label email: 1 day)");
  assert.equal(isForever({ default: null, rules: [{ target: "a", keep: null }] }), true);
  assert.equal(isForever({ default: null, rules: [{ target: "a", keep: DAY }] }), false);
  assert.equal(isForever({ default: DAY, rules: [] }), false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Principals, SessionUsage, UsageCounter } from "./usage.ts";

test("counts statements of the last minute, and forgets them second by second", () => {
  const counter = new UsageCounter();
  for (let second = 0; second < 90; second++) counter.statement("a", second * 1_000);
  assert.equal(counter.of("a", 89_000).statements, 90);
  assert.equal(counter.of("a", 89_000).statementsLastMinute, 60);
  assert.equal(counter.of("a", 119_000).statementsLastMinute, 30);
  assert.equal(counter.of("a", 1_000_000).statementsLastMinute, 0);
});

test("forgets what is older than a minute, and stands still when a clock goes back", () => {
  const usage = new UsageCounter();
  for (const time of [0, 30_000, 59_000, 10_000]) usage.statement("a", time);
  usage.statement("b", 59_000);
  usage.result(3, 100);
  const totals = { statements: 5, rows: 3, bytes: 100 };
  assert.deepEqual(usage.of("a", 59_999), { ...totals, statementsLastMinute: 5, repeatedLastMinute: 4 });
  assert.deepEqual(usage.of("a", 70_000), { ...totals, statementsLastMinute: 4, repeatedLastMinute: 3 });
  assert.deepEqual(usage.of("a", 500_000), { ...totals, statementsLastMinute: 0, repeatedLastMinute: 0 });
});

test("counts each fingerprint for itself", () => {
  const counter = new UsageCounter();
  for (let i = 0; i < 5; i++) counter.statement("a", 0);
  counter.statement("b", 0);
  assert.equal(counter.of("a", 0).repeatedLastMinute, 5);
  assert.equal(counter.of("b", 0).repeatedLastMinute, 1);
  assert.equal(counter.of("c", 0).repeatedLastMinute, 0);
});

test("many different statements don't fill the memory, and the loop among them is still seen", () => {
  const counter = new UsageCounter();
  for (let i = 0; i < 5_000; i++) {
    counter.statement(`other ${i}`, 0);
    counter.statement("loop", 0);
  }
  assert.equal(counter.of("loop", 0).repeatedLastMinute, 5_000);
  assert.equal(counter.of("other 1", 0).repeatedLastMinute, 0);
});

test("a principal's sessions add up, each session counts its own", () => {
  const principals = new Principals();
  const one = new SessionUsage(principals.of("alice"));
  const two = new SessionUsage(principals.of("alice"));
  const other = new SessionUsage(principals.of("bob"));
  one.statement("a", 0);
  two.statement("a", 0);
  two.result(10, 200);
  assert.equal(one.of("a", 0).session.statements, 1);
  assert.equal(one.of("a", 0).principalUsage.statements, 2);
  assert.equal(one.of("a", 0).principalUsage.rows, 10);
  assert.equal(other.of("a", 0).principalUsage.statements, 0);
});

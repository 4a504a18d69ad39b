import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ALLOW_ALL } from "../../../protocol/policy/starter.ts";
import type { Label } from "../../mask/labels.ts";
import { policyInForce, serve, type TestStream, testDeps, testGuard } from "../test-stream.ts";
import { firstError, TestTarget, tags } from "../test-target.ts";

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
  await target.admin.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text);
    INSERT INTO people SELECT i, 'n' || i FROM generate_series(1, 20000) i;
    ANALYZE people;
    CREATE SCHEMA hidden;
    CREATE TABLE hidden.people (id int PRIMARY KEY, name text);
    INSERT INTO hidden.people SELECT i, 'hidden' FROM generate_series(1, 20) i;
    CREATE VIEW shown AS SELECT id, name FROM hidden.people`);
});

after(() => target?.stop());

const NAME_OF = (id: number) => `SELECT name FROM people WHERE id = ${id}`;

/** An agent that has asked often enough that what it asks is known. */
async function known(policies = ALLOW_ALL, parts: Parameters<typeof testDeps>[0] = {}) {
  const deps = testDeps({ guard: testGuard(policies), ...parts });
  const { agent } = await target.open(deps);
  for (const id of [1, 2, 3]) assert.deepEqual(await one(agent, NAME_OF(id)), `n${id}`);
  return { agent, deps };
}

async function one(agent: TestStream, sql: string): Promise<string | undefined> {
  return (await agent.rows(sql))[0]?.[0];
}

async function refused(agent: TestStream, sql: string): Promise<void> {
  assert.equal(firstError(await agent.query(sql)).get("C"), "42501", sql);
}

describe("texts that differ in what they compare with", () => {
  test("each get their own answer, and are told once", async () => {
    const { agent } = await known();
    for (const id of [4, 19_999, 700_000]) {
      assert.equal(await one(agent, NAME_OF(id)), id === 700_000 ? undefined : `n${id}`);
    }
    const told = agent.events.filter(({ event }) => event === "facts");
    assert.equal(told.flatMap((event) => (event.event === "facts" ? event.statements : [])).length, 1);
  });

  test("are judged by the policies of the moment", async () => {
    const { agent, deps } = await known();
    deps.guard.policies.put(
      policyInForce(
        `${ALLOW_ALL} forbid(principal, action, resource) when { context has reads && context.reads.contains("public.people") };`,
        2,
      ),
    );
    await refused(agent, NAME_OF(4));
  });

  test("count each, where a policy looks at how often", async () => {
    const { agent } = await known(
      `${ALLOW_ALL} forbid(principal, action == Action::"postgres:select", resource) when { context.session.statements >= 5 };`,
    );
    for (const id of [4, 5]) assert.equal(await one(agent, NAME_OF(id)), `n${id}`);
    await refused(agent, NAME_OF(6));
  });

  test("are each asked of the planner, where a policy looks at that", async () => {
    const { agent } = await known(
      `${ALLOW_ALL} forbid(principal, action == Action::"postgres:select", resource) when { context has plan && context.plan.rows > 1000 };`,
    );
    const all = (id: number) => `SELECT name FROM people WHERE id < ${id}`;
    for (const id of [2, 3, 4]) assert.deepEqual(tags(await agent.query(all(id))), [`SELECT ${id - 1}`]);
    await refused(agent, all(19_000));
    assert.deepEqual(tags(await agent.query(all(5))), ["SELECT 4"]);
  });

  test("mean what their names mean now", async () => {
    const { agent } = await known(
      `${ALLOW_ALL} forbid(principal, action, resource) when { context has reads && context.reads.contains("hidden.people") };`,
    );
    await agent.query("SET search_path = hidden, public");
    await refused(agent, NAME_OF(4));
    await agent.query("SET search_path = public");
    assert.equal(await one(agent, NAME_OF(5)), "n5");
    await agent.query("BEGIN");
    await agent.query("SET LOCAL search_path = hidden");
    await refused(agent, NAME_OF(6));
    await agent.query("ROLLBACK");
    assert.equal(await one(agent, NAME_OF(7)), "n7");
  });

  test("mean what their names mean to a transaction that changed them", async () => {
    const { agent } = await known(
      `${ALLOW_ALL} forbid(principal, action, resource) when { context has reads && context.reads.contains("hidden.people") };`,
    );
    await agent.query("BEGIN");
    await agent.query("ALTER TABLE people RENAME TO folk");
    await agent.query("ALTER VIEW shown RENAME TO people");
    await refused(agent, NAME_OF(4));
    await agent.query("ROLLBACK");
    assert.equal(await one(agent, NAME_OF(5)), "n5");
  });

  test("fail in an aborted transaction as any other", async () => {
    const { agent } = await known();
    await agent.query("BEGIN");
    await agent.query("SELECT 1/0");
    assert.equal(firstError(await agent.query(NAME_OF(4))).get("C"), "25P02");
    await agent.query("ROLLBACK");
    assert.equal(await one(agent, NAME_OF(5)), "n5");
  });

  test("are judged one by one where a constant is no mere choice of rows", async () => {
    const { agent } = await known(
      `${ALLOW_ALL} @reason("all of them") forbid(principal, action == Action::"postgres:delete", resource) when { context.where == "constant" };`,
    );
    await agent.query("BEGIN");
    for (const id of [30_001, 30_002, 30_003])
      assert.deepEqual(tags(await agent.query(`DELETE FROM people WHERE id < 0 OR id >= ${id}`)), [
        "DELETE 0",
      ]);
    await refused(agent, "DELETE FROM people WHERE id < 30004 OR id >= 30004");
    await agent.query("ROLLBACK");
  });

  test("are each masked, where they touch what is labelled", async () => {
    const label: Label = { name: "pii.name", mask: { kind: "null" }, lookup: null };
    const rule = { schema: "public", relation: "people", column: "name", path: null, label };
    const labels = { rules: [rule], labels: new Map([[label.name, label]]) };
    const policies = `${ALLOW_ALL} forbid(principal, action == Action::"unmask", resource);`;
    const agent = serve({ ...target.config, labels }, testDeps({ guard: testGuard(policies) }));
    await agent.open();
    for (const id of [1, 2, 3, 4]) {
      assert.deepEqual(await agent.rows(NAME_OF(id)), [[undefined]]);
      assert.deepEqual(await agent.rows(`SELECT id FROM people WHERE name = 'n${id}'`), []);
      assert.deepEqual(await agent.rows(`SELECT id FROM people WHERE id = ${id}`), [[String(id)]]);
    }
  });
});

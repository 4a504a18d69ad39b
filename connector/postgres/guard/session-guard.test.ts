import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as m from "../../../protocol/postgres/messages.ts";
import { policyInForce, type TestStream, testDeps, testGuard } from "../test-stream.ts";
import { firstError, names, states, TestTarget, tags } from "../test-target.ts";

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
  await target.admin.query(`
    CREATE TABLE victims (id int PRIMARY KEY, name text);
    CREATE TABLE wanted (id int PRIMARY KEY);
    INSERT INTO victims SELECT i, 'n' || i FROM generate_series(1, 20) i;
    INSERT INTO wanted SELECT generate_series(1, 20000)`);
});

after(() => target?.stop());

/** Nothing may be deleted, and more than 100 rows may not be read at once. */
const POLICIES = `
@id("all") permit(principal, action, resource);
@id("no-deletes") @reason("nothing is deleted here") forbid(principal, action == Action::"postgres:delete", resource);
`;

async function open(policies = POLICIES): Promise<TestStream> {
  return (await target.open(testDeps({ guard: testGuard(policies) }))).agent;
}

async function victims(): Promise<number> {
  return Number((await target.admin.query("SELECT count(*) FROM victims")).rows[0].count);
}

function prepared(sql: string, name = ""): Buffer[] {
  return [
    m.parse({ statement: name, sql, parameterTypes: [] }),
    m.bind({ portal: "", statement: name, parameterFormats: [], parameters: [], resultFormats: [] }),
    m.describe({ kind: "portal", name: "" }),
    m.execute({ portal: "", maxRows: 0 }),
  ];
}

describe("a statement that is blocked", () => {
  test("never reaches the target, and the agent is told the reason with SQLSTATE 42501", async () => {
    const agent = await open();
    const answer = await agent.query("DELETE FROM victims");
    assert.equal(names(answer), "ErrorResponse ReadyForQuery");
    const error = firstError(answer);
    assert.equal(error.get("C"), "42501");
    assert.match(error.get("M") ?? "", /blocked by policy: nothing is deleted here/);
    assert.match(error.get("H") ?? "", /no-deletes/);
    assert.equal(await victims(), 20);
    assert.deepEqual(states(await agent.query("SELECT 1")), ["I"]);
  });

  test("stands in the recording with the text, the reason and what was proved", async () => {
    const agent = await open();
    await agent.query("DELETE FROM victims WHERE id = 1");
    const judged = agent.events.find((event) => event.event === "judged");
    assert.ok(judged?.event === "judged");
    assert.equal(judged.text, "DELETE FROM victims WHERE id = 1");
    assert.deepEqual(judged.decision.policies, ["no-deletes"]);
    assert.equal(judged.facts?.where, "key");
    assert.deepEqual(judged.facts?.writes, ["public.victims"]);
  });

  test("aborts the transaction on both sides", async () => {
    const agent = await open();
    await agent.query("BEGIN");
    await agent.query("INSERT INTO victims VALUES (100, 'new')");
    assert.deepEqual(states(await agent.query("DELETE FROM victims")), ["E"]);
    const after = await agent.query("SELECT 1");
    assert.equal(firstError(after).get("C"), "25P02");
    assert.deepEqual(tags(await agent.query("COMMIT")), ["ROLLBACK"]);
    assert.equal(await victims(), 20);
  });

  test("skips the rest of its pipeline to the Sync, and no more", async () => {
    const agent = await open();
    agent.say(...prepared("SELECT 1"), ...prepared("DELETE FROM victims"), ...prepared("SELECT 2"), m.sync());
    agent.say(...prepared("SELECT 3"), m.sync());
    assert.equal(
      names(await agent.take("ReadyForQuery")),
      "ParseComplete BindComplete RowDescription DataRow CommandComplete ErrorResponse ReadyForQuery",
    );
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 1"]);
    assert.equal(await victims(), 20);
  });

  test("is blocked in every shape that it may have", async () => {
    const agent = await open();
    for (const sql of [
      "SELECT 1; DELETE FROM victims",
      "WITH gone AS (DELETE FROM victims RETURNING *) SELECT count(*) FROM gone",
      "EXPLAIN ANALYZE DELETE FROM victims",
      "PREPARE p AS DELETE FROM victims",
      "/* SELECT */ dElEtE FROM public . victims",
    ]) {
      assert.equal(firstError(await agent.query(sql)).get("C"), "42501", sql);
    }
    assert.equal(await victims(), 20);
  });
});

describe("names", () => {
  test("a statement prepared by SQL is judged when protocol binds it, and the reverse", async () => {
    const deps = testDeps({ guard: testGuard("permit(principal, action, resource);") });
    const { agent } = await target.open(deps);
    await agent.query("PREPARE by_sql AS DELETE FROM victims WHERE id < 0");
    agent.say(
      m.parse({ statement: "by_protocol", sql: "DELETE FROM victims", parameterTypes: [] }),
      m.sync(),
    );
    await agent.take("ReadyForQuery");
    deps.guard.policies.put(policyInForce(POLICIES, 2));
    agent.say(
      m.bind({ portal: "", statement: "by_sql", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
      m.sync(),
    );
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    assert.equal(firstError(await agent.query("EXECUTE by_protocol")).get("C"), "42501");
    assert.equal(await victims(), 20);
  });

  test("a Parse that the target refuses leaves the old meaning, which is judged", async () => {
    const deps = testDeps({ guard: testGuard("permit(principal, action, resource);") });
    const { agent } = await target.open(deps);
    const parse = (sql: string) => m.parse({ statement: "s", sql, parameterTypes: [] });
    agent.say(parse("DELETE FROM victims"), m.sync());
    await agent.take("ReadyForQuery");
    deps.guard.policies.put(policyInForce(POLICIES, 2));
    agent.say(
      parse("SELECT 1"),
      m.sync(),
      m.bind({ portal: "", statement: "s", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
      m.sync(),
    );
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42P05");
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    assert.equal(await victims(), 20);
  });

  test("a portal outlives a simple query that the target skips, as the batch left its transaction open", async () => {
    const agent = await open();
    const again = m.execute({ portal: "", maxRows: 0 });
    agent.say(...prepared("BEGIN"), again, m.query("SHOW work_mem"), m.sync());
    const aborted = await agent.take("ReadyForQuery");
    assert.equal(firstError(aborted).get("C"), "55000");
    assert.deepEqual(states(aborted), ["E"]);
    agent.say(again, m.sync());
    const answer = await agent.take("ReadyForQuery");
    assert.equal(firstError(answer).get("C"), "25P02");
    assert.deepEqual(states(answer), ["E"]);
  });

  test("can't be asked for by a simple query in a batch of a failed transaction, which still has its own answer", async () => {
    const agent = await open();
    await agent.query("BEGIN");
    await agent.query("SET search_path = public");
    assert.deepEqual(states(await agent.query("SELECT 1/0")), ["E"]);
    const close = m.close({ kind: "statement", name: "none" });
    agent.say(close, m.query("SELECT * FROM victims"), close, m.sync());
    const answer = await agent.take("ReadyForQuery");
    assert.equal(names(answer), "CloseComplete ErrorResponse ReadyForQuery");
    assert.equal(firstError(answer).get("C"), "25P02");
    assert.equal(names(await agent.take("ReadyForQuery")), "CloseComplete ReadyForQuery");
    assert.deepEqual(tags(await agent.query("ROLLBACK")), ["ROLLBACK"]);
    assert.deepEqual(tags(await agent.query("SELECT * FROM victims")), ["SELECT 20"]);
  });

  test("mean what the search_path of the moment says, also after it was set and rolled back", async () => {
    await target.admin.query("CREATE SCHEMA other; CREATE TABLE other.victims (id int)");
    const agent = await open(`permit(principal, action, resource);
      @id("x") forbid(principal, action in Action::"postgres:statement", resource) when { context.reads.contains("other.victims") };`);
    await agent.query("SELECT * FROM victims");
    await agent.query("BEGIN; SET search_path = other");
    assert.equal(firstError(await agent.query("SELECT * FROM victims")).get("C"), "42501");
    await agent.query("ROLLBACK");
    assert.deepEqual(tags(await agent.query("SELECT * FROM victims")), ["SELECT 20"]);
    await agent.query("SET search_path = other");
    assert.equal(firstError(await agent.query("SELECT * FROM victims")).get("C"), "42501");
  });

  test("mean what an uncommitted transaction has made of them", async () => {
    const agent = await open(`permit(principal, action, resource);
      @id("x") forbid(principal, action in Action::"postgres:statement", resource) when { context.reads.contains("public.wanted") };`);
    await agent.query("BEGIN");
    await agent.query("CREATE VIEW peep AS SELECT 1 AS id");
    assert.deepEqual(tags(await agent.query("SELECT * FROM peep")), ["SELECT 1"]);
    await agent.query("ALTER VIEW peep RENAME TO peep2");
    assert.deepEqual(tags(await agent.query("SELECT * FROM peep2")), ["SELECT 1"]);
    await agent.query("ROLLBACK");
  });
});

describe("the target's settings", () => {
  for (const sql of [
    "SET standard_conforming_strings = off",
    "SET client_encoding = 'SJIS'",
    "SELECT set_config('client_encoding', 'LATIN1', false)",
    "SELECT set_config(name, 'off', false) FROM pg_settings",
  ]) {
    test(`stay as the parser needs them: ${sql}`, async () => {
      const agent = await open("permit(principal, action, resource);");
      assert.equal(firstError(await agent.query(sql)).get("C"), "42501");
      assert.deepEqual(await agent.rows("SHOW standard_conforming_strings"), [["on"]]);
      assert.deepEqual(await agent.rows("SHOW client_encoding"), [["UTF8"]]);
    });
  }

  test("are pinned also where the role has others", async () => {
    await target.admin.query(`ALTER ROLE CURRENT_USER SET standard_conforming_strings = off`);
    const agent = await open("permit(principal, action, resource);");
    assert.deepEqual(await agent.rows("SHOW standard_conforming_strings"), [["on"]]);
    await agent.query("RESET ALL");
    assert.deepEqual(await agent.rows("SHOW standard_conforming_strings"), [["on"]]);
    await target.admin.query(`ALTER ROLE CURRENT_USER RESET standard_conforming_strings`);
  });
});

describe("a cursor that SQL declared", () => {
  const execute = async (agent: TestStream, name: string) => {
    agent.say(m.execute({ portal: name, maxRows: 2 }), m.sync());
    return await agent.take("ReadyForQuery");
  };

  test("is executed by the protocol, as the portal that it is", async () => {
    const agent = await open();
    await agent.query("BEGIN");
    await agent.query("DECLARE c CURSOR FOR SELECT id FROM victims ORDER BY id");
    assert.equal(names(await execute(agent, "c")), "DataRow DataRow PortalSuspended ReadyForQuery");
    assert.equal(firstError(await execute(agent, "d")).get("C"), "34000");
  });

  test("is judged as it is then: not by the policies under which it was declared", async () => {
    const guard = testGuard(POLICIES);
    const { agent } = await target.open(testDeps({ guard }));
    await agent.query("BEGIN");
    await agent.query("DECLARE c CURSOR FOR SELECT id FROM victims");
    const never = `${POLICIES}forbid(principal, action == Action::"postgres:select", resource)
      when { context.reads.contains("public.victims") };`;
    guard.policies.put(policyInForce(never, 2));
    assert.equal(firstError(await execute(agent, "c")).get("C"), "42501");
  });

  test("has no unnamed one beside it", async () => {
    const agent = await open();
    await agent.query("BEGIN");
    await agent.query("DECLARE c CURSOR FOR SELECT id FROM victims");
    assert.equal(firstError(await execute(agent, "")).get("C"), "34000");
  });
});

test("what was proved of a statement stands in the recording before the agent can leave", async () => {
  const agent = await open("permit(principal, action, resource);");
  let facts = 0;
  agent.onBytes = (bytes) => {
    if (bytes.at(-6) === "Z".charCodeAt(0))
      facts = agent.events.filter(({ event }) => event === "facts").length;
  };
  agent.say(m.query("SELECT name FROM victims WHERE id = 1"));
  await agent.until(() => facts > 0, "ReadyForQuery behind the facts");
});

test("code that a policy lets run unseen can't change what the parser relies on", async () => {
  const agent = await open("permit(principal, action, resource);");
  agent.say(m.query("DO $$ BEGIN PERFORM set_config('standard_conforming_strings', 'off', false); END $$"));
  await agent.until(() => agent.closed !== undefined);
  assert.equal(agent.closed?.code, "forbidden");
});

describe("the planner", () => {
  const COST = `@id("cheap") permit(principal, action == Action::"postgres:select", resource)
      when { context has plan && context.plan.rows < 1000 };
    permit(principal, action in [Action::"connect", Action::"postgres:transaction", Action::"postgres:maintain"], resource);`;

  test("is asked before the statement runs, with the parameters that it has", async () => {
    const agent = await open(COST);
    await agent.query("ANALYZE wanted");
    assert.equal(firstError(await agent.query("SELECT * FROM wanted")).get("C"), "42501");
    assert.deepEqual(tags(await agent.query("SELECT * FROM wanted WHERE id = 5")), ["SELECT 1"]);
    const bound = (id: string) => [
      m.parse({ statement: "", sql: "SELECT * FROM wanted WHERE id <= $1", parameterTypes: [] }),
      m.bind({
        portal: "",
        statement: "",
        parameterFormats: [],
        parameters: [Buffer.from(id)],
        resultFormats: [],
      }),
      m.execute({ portal: "", maxRows: 0 }),
      m.sync(),
    ];
    agent.say(...bound("3"));
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 3"]);
    agent.say(...bound("19000"));
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
  });

  test("leaves the agent's unnamed statement alone", async () => {
    const agent = await open(COST);
    agent.say(
      m.parse({ statement: "", sql: "SELECT * FROM wanted WHERE id = 7", parameterTypes: [] }),
      m.sync(),
    );
    await agent.take("ReadyForQuery");
    for (let i = 0; i < 2; i++) {
      agent.say(
        m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
        m.execute({ portal: "", maxRows: 0 }),
        m.sync(),
      );
      assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 1"]);
    }
    await agent.query("BEGIN");
    agent.say(
      m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.sync(),
    );
    assert.equal(
      firstError(await agent.take("ReadyForQuery")).get("C"),
      "26000",
      "a simple query destroys it",
    );
  });

  test("that refuses the statement speaks for itself, and the transaction is as it would be", async () => {
    const agent = await open(COST);
    await agent.query("BEGIN");
    const answer = await agent.query("SELECT 1/0 FROM wanted WHERE id = ('x' || id)::int + 'y'::int");
    assert.equal(firstError(answer).get("C"), "22P02");
    assert.deepEqual(states(answer), ["E"]);
  });
});

describe("a result", () => {
  const LIMITED = `@rows("100") permit(principal, action == Action::"postgres:select", resource);
    permit(principal, action in [Action::"connect", Action::"postgres:transaction", Action::"postgres:insert"], resource);`;

  test("within the bound passes; beyond it the agent gets an error, and the session goes on", async () => {
    const agent = await open(LIMITED);
    assert.deepEqual(tags(await agent.query("SELECT * FROM wanted LIMIT 100")), ["SELECT 100"]);
    for (const count of [101, 20_000]) {
      const answer = await agent.query(`SELECT * FROM wanted LIMIT ${count}`);
      assert.equal(answer.filter(({ name }) => name === "DataRow").length, 100);
      assert.equal(firstError(answer).get("C"), "54000");
      assert.deepEqual(states(answer), ["I"]);
    }
    assert.deepEqual(tags(await agent.query("SELECT 1")), ["SELECT 1"]);
    assert.ok(agent.events.some((event) => event.event === "cut" && event.limit === "rows"));
  });

  test("that was cut aborts the transaction on both sides, however fast the target was", async () => {
    const agent = await open(LIMITED);
    for (const count of [101, 20_000]) {
      await agent.query("BEGIN");
      await agent.query("INSERT INTO victims VALUES (200, 'x')");
      assert.deepEqual(states(await agent.query(`SELECT * FROM wanted LIMIT ${count}`)), ["E"]);
      assert.deepEqual(tags(await agent.query("COMMIT")), ["ROLLBACK"]);
      await agent.query("BEGIN");
      agent.say(...prepared(`SELECT * FROM wanted LIMIT ${count}`), m.sync());
      const answer = await agent.take("ReadyForQuery");
      assert.equal(firstError(answer).get("C"), "54000");
      assert.deepEqual(states(answer), ["E"]);
      await agent.query("ROLLBACK");
    }
    assert.equal(await victims(), 20);
  });

  test("cut in the middle of work that the agent would believe undone ends the session", async () => {
    const agent = await open(LIMITED);
    agent.say(m.query("SELECT * FROM wanted LIMIT 101; INSERT INTO victims VALUES (300, 'x')"));
    await agent.until(() => agent.closed !== undefined);
    assert.equal(agent.closed?.code, "limit_exceeded");
    await target.admin.query("DELETE FROM victims WHERE id = 300");
  });
});

test("a policy change reaches the very next statement, and ends a session that may no longer be", async () => {
  const deps = testDeps({ guard: testGuard("permit(principal, action, resource);") });
  const { agent } = await target.open(deps);
  assert.deepEqual(tags(await agent.query("SELECT 1")), ["SELECT 1"]);
  deps.guard.policies.put(policyInForce(`permit(principal, action == Action::"connect", resource);`, 2));
  assert.equal(firstError(await agent.query("SELECT 1")).get("C"), "42501");
  deps.guard.policies.put(policyInForce(`forbid(principal, action, resource);`, 3));
  await agent.until(() => agent.closed !== undefined);
  assert.equal(agent.closed?.code, "forbidden");
});

test("a guard without policies refuses everything", async () => {
  const deps = testDeps({ guard: testGuard("permit(principal, action, resource);") });
  const { agent } = await target.open(deps);
  deps.guard.policies.put({ ...policyInForce("permit(principal, action, resource);", 2), text: "other" });
  assert.equal(firstError(await agent.query("SELECT 1")).get("C"), "42501");
});

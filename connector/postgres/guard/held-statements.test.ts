import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { ApprovalAsk, ApprovalNews, StatementQuestion } from "../../../protocol/approval/approval.ts";
import * as m from "../../../protocol/postgres/messages.ts";
import type { PostgresDeps } from "../gate.ts";
import {
  facts,
  policyInForce,
  type Received,
  serve,
  type TestStream,
  testDeps,
  testGuard,
} from "../test-stream.ts";
import { firstError, names, states, TestTarget, tags } from "../test-target.ts";

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
});
after(() => target?.stop());
/** Sessions of the present test. */
const opened: TestStream[] = [];

beforeEach(async () => {
  for (const agent of opened.splice(0)) {
    agent.handlers.onClose("agent_gone", "the test is over");
    await target.gone(agent.facts.session);
  }
  await target.admin.query(`DROP SCHEMA public CASCADE;
    DROP SCHEMA IF EXISTS decoy CASCADE;
    CREATE SCHEMA public;
    CREATE TABLE victims (id int PRIMARY KEY, name text);
    CREATE TABLE orders (id int PRIMARY KEY, name text);
    INSERT INTO victims SELECT i, 'n' || i FROM generate_series(1, 20) i;
    INSERT INTO orders SELECT i, 'n' || i FROM generate_series(1, 20) i;
    ANALYZE victims; ANALYZE orders`);
});

const HELD = `
@id("all") permit(principal, action, resource);
@id("ask") @reason("deletes are looked at") @approvers("dba") @quorum("2")
forbid(principal, action in [Action::"postgres:delete", Action::"postgres:maintain"], resource)
unless { context.approved };
`;
const BLOCKED = `
@id("all") permit(principal, action, resource);
@id("never") @reason("not any more") forbid(principal, action == Action::"postgres:delete", resource);
`;
const FREE = `@id("all") permit(principal, action, resource);`;

async function open(policies = HELD, parts: Partial<PostgresDeps> = {}) {
  const deps = testDeps({ guard: testGuard(policies), ...parts });
  const session = await target.open(deps);
  opened.push(session.agent);
  return { deps, ...session };
}

type News = ApprovalNews["news"];

/** What the edge says. */
function news(agent: TestStream, approval: number, what: News): void {
  agent.handlers.onApproval?.({ type: "approval", approval, news: what });
}

const pending = (agent: TestStream, approval: number, votes = 0) =>
  news(agent, approval, {
    status: "pending",
    id: `${"ab".repeat(16)}-${approval}`,
    expires: 15 * 60_000,
    votes,
    needed: 2,
  });
const approve = (agent: TestStream, approval: number, under: number | null = null) =>
  news(agent, approval, { status: "approved", by: ["corp/ada", "corp/grace"], under });

/** Waits until the question of this number is asked. */
async function asked(agent: TestStream, approval: number): Promise<StatementQuestion> {
  const find = () =>
    agent.asks.find((one) => one.event === "approval_asked" && one.approval === approval) as
      | Extract<ApprovalAsk, { event: "approval_asked" }>
      | undefined;
  await agent.until(() => find() !== undefined, `question ${approval}`);
  return find()!.question as StatementQuestion;
}

const trail = (agent: TestStream) => agent.asks.map(({ event, approval }) => `${event} ${approval}`);

function notices(messages: Received[]): m.ErrorFields[] {
  return messages
    .filter(({ name }) => name === "NoticeResponse")
    .map(({ body }) => m.parseErrorFields(body, "NoticeResponse"));
}

async function count(table = "victims"): Promise<number> {
  return Number((await target.admin.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
}

function parse(sql: string, statement = ""): Buffer {
  return m.parse({ statement, sql, parameterTypes: [] });
}

function bind(
  values: (string | Uint8Array | null)[] = [],
  portal = "",
  statement = "",
  formats: number[] = [],
) {
  const parameters = values.map((value) => (typeof value === "string" ? Buffer.from(value) : value));
  return m.bind({ portal, statement, parameterFormats: formats, parameters, resultFormats: [] });
}

function execute(portal = ""): Buffer {
  return m.execute({ portal, maxRows: 0 });
}

describe("a statement that needs an approval", () => {
  test("waits, is told of in a notice, and runs when it is approved, not before", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims WHERE id < 3"));
    const question = await asked(agent, 1);
    assert.deepEqual(question.approvals, [{ approvers: ["dba"], quorum: 2 }]);
    assert.deepEqual(
      [question.statement, question.actions, question.policies, question.database],
      ["DELETE FROM victims WHERE id < 3", ["postgres:delete"], ["ask"], "postgres"],
    );
    assert.ok(question.plan !== null && question.plan.rows >= 1 && question.plan.rows <= 3);
    pending(agent, 1);
    const [notice] = notices(await agent.take("NoticeResponse"));
    assert.equal(notice?.get("S"), "NOTICE");
    assert.equal(notice?.get("C"), "01000");
    assert.match(notice?.get("M") ?? "", /approval abab.*-1: deletes are looked at/);
    assert.match(notice?.get("D") ?? "", /2 different people of dba must approve/);
    assert.match(notice?.get("H") ?? "", /15 minutes left.*sallyport approvals show abab.*-1/);
    assert.equal(await count(), 20);
    approve(agent, 1);
    const answer = await agent.take("ReadyForQuery");
    assert.deepEqual(tags(answer), ["DELETE 2"]);
    assert.deepEqual(states(answer), ["I"]);
    assert.equal(await count(), 18);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_used 1"]);
    assert.ok(
      agent.events.some((event) => event.event === "facts"),
      "it is recorded as run",
    );
    assert.ok(!agent.events.some((event) => event.event === "judged"));
  });

  test("is told of once, whatever is told again; each new vote and each dumb channel once more", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims WHERE id < 3"));
    await asked(agent, 1);
    for (const votes of [0, 0, 1, 1]) pending(agent, 1, votes);
    for (const _ of [1, 2]) news(agent, 1, { status: "unreached", channel: "slack" });
    news(agent, 7, { status: "denied", by: "corp/eve", reason: null });
    approve(agent, 1);
    approve(agent, 1);
    const answer = await agent.take("ReadyForQuery");
    assert.deepEqual(
      notices(answer).map((one) => one.get("M")?.replace(/abab\S*-1/, "ID")),
      [
        "waiting for approval ID: deletes are looked at",
        "approval ID: 1 of 2 have approved",
        "approval ID: slack can't be reached; the other ways to answer work",
        "approval ID was given by corp/ada, corp/grace",
      ],
    );
    assert.deepEqual(tags(answer), ["DELETE 2"]);
    approve(agent, 1);
    news(agent, 1, { status: "denied", by: "corp/eve", reason: null });
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_used 1"]);
  });

  for (const [what, said, words] of [
    [
      "denied",
      { status: "denied", by: "corp/ada", reason: "not on a Sunday" },
      /refused by corp\/ada: not on a Sunday/,
    ],
    ["expired", { status: "expired" }, /not enough people answered in time, which was 15 minutes/],
    ["withdrawn", { status: "withdrawn", reason: "the session ends" }, /withdrawn: the session ends/],
    ["refused", { status: "refused", reason: "too many" }, /can't be asked for: too many/],
  ] as [string, News, RegExp][]) {
    test(`that is ${what} is refused with 42501 and why, and aborts its transaction on both sides`, async () => {
      const { agent } = await open();
      await agent.query("BEGIN");
      agent.say(m.query("DELETE FROM victims"));
      await asked(agent, 1);
      news(agent, 1, said);
      const answer = await agent.take("ReadyForQuery");
      assert.equal(firstError(answer).get("C"), "42501");
      assert.match(firstError(answer).get("M") ?? "", words);
      assert.deepEqual(states(answer), ["E"]);
      assert.deepEqual(tags(await agent.query("COMMIT")), ["ROLLBACK"]);
      const judged = agent.events.filter((event) => event.event === "judged");
      assert.deepEqual(
        judged.map(({ decision, text }) => [decision.verdict, text]),
        [["approve", "DELETE FROM victims"]],
      );
      approve(agent, 1);
      assert.deepEqual(trail(agent), ["approval_asked 1"]);
      assert.equal(await count(), 20);
    });
  }

  test("shows its parameters as people read them, and another value is another digest", async () => {
    const { agent } = await open();
    const sql = "DELETE FROM victims WHERE name = $1 OR name = $2 OR id = $3";
    const digests: string[] = [];
    for (const [index, value] of ["x", "y"].entries()) {
      agent.say(
        parse(sql),
        bind([value, null, Buffer.from([0, 0, 0, 7])], "", "", [0, 0, 1]),
        execute(),
        m.sync(),
      );
      const question = await asked(agent, index + 1);
      assert.deepEqual(question.parameters, [value, null, "\\x00000007"]);
      assert.equal(question.statement, sql);
      digests.push(question.sha256);
      approve(agent, index + 1);
      assert.deepEqual(tags(await agent.take("ReadyForQuery")), [index === 0 ? "DELETE 1" : "DELETE 0"]);
    }
    assert.notEqual(digests[0], digests[1]);
  });

  test("of two sessions has two digests, so that one's approval is not the other's", async () => {
    const digests = await Promise.all(
      [await open(), await open()].map(async ({ agent }) => {
        agent.say(m.query("DELETE FROM victims WHERE id < 3"));
        const { sha256 } = await asked(agent, 1);
        agent.handlers.onClose("agent_gone", "gone");
        return sha256;
      }),
    );
    assert.notEqual(digests[0], digests[1]);
  });

  test("that runs a prepared one shows what that is", async () => {
    const { agent } = await open();
    agent.say(m.query("PREPARE p AS DELETE FROM victims WHERE id = $1"));
    await asked(agent, 1);
    approve(agent, 1);
    await agent.take("ReadyForQuery");
    agent.say(m.query("EXECUTE p(5)"));
    const { statement } = await asked(agent, 2);
    assert.match(statement, /^EXECUTE p\(5\)\n\n\/\* It runs .*\*\/\nDELETE FROM victims WHERE id = \$1$/s);
    approve(agent, 2);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"]);
  });

  test("and can't be shown whole is refused with 54000, and nobody is asked", async () => {
    const { agent } = await open();
    const long = "x".repeat(200_000);
    const answer = await agent.query(`DELETE FROM victims WHERE name = '${long}'`);
    assert.equal(firstError(answer).get("C"), "54000");
    assert.match(firstError(answer).get("M") ?? "", /can't be held.*196608/);
    for (const [value, format] of [
      [long, 0],
      ["x".repeat(100_000), 1],
      ["\u0001".repeat(60_000), 0],
      ["x".repeat(2_000_000), 0],
    ] as const) {
      agent.say(
        parse("DELETE FROM victims WHERE name = $1"),
        bind([value], "", "", [format]),
        execute(),
        m.sync(),
      );
      assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "54000");
    }
    assert.deepEqual(agent.asks, []);
    assert.equal(await count(), 20);
  });

  test("in a function-call message is refused: it has no text", async () => {
    await target.admin.query(
      "CREATE OR REPLACE FUNCTION kill() RETURNS int LANGUAGE sql AS 'DELETE FROM victims; SELECT 1'",
    );
    const { rows } = await target.admin.query("SELECT 'kill'::regproc::oid AS oid");
    const { agent } = await open(`${FREE}
      @id("x") @approvers("dba") forbid(principal, action in Action::"postgres:statement", resource)
      when { !context.complete && !context.approved };`);
    agent.say(m.functionCall({ function: rows[0].oid, argumentFormats: [], arguments: [], resultFormat: 0 }));
    const answer = await agent.take("ReadyForQuery");
    assert.match(firstError(answer).get("H") ?? "", /SELECT f/);
    assert.deepEqual(agent.asks, []);
    assert.equal(await count(), 20);
  });

  test("in a transaction that has failed is refused, and nobody is asked", async () => {
    const { agent } = await open();
    await agent.query("BEGIN");
    await agent.query("SELECT 1/0");
    assert.equal(firstError(await agent.query("DELETE FROM victims")).get("C"), "25P02");
    assert.deepEqual(agent.asks, []);
  });

  test("names what does not exist gets PostgreSQL's own error, and nobody is asked", async () => {
    const { agent } = await open(`${FREE}
      @id("x") @approvers("dba") forbid(principal, action in Action::"postgres:statement", resource)
      when { !context.complete && !context.approved };`);
    const answer = await agent.query("DELETE FROM victimz");
    assert.equal(firstError(answer).get("C"), "42P01");
    assert.deepEqual(agent.asks, []);
  });
});

describe("whoever waits", () => {
  test("can cancel: 57014 at once, the question is withdrawn, and a late approval runs nothing", async () => {
    const { deps, agent, key } = await open();
    agent.say(m.query("DELETE FROM victims"));
    await asked(agent, 1);
    await deps.cancels.find("corp/alice", "orders", key.processId, key.secret)?.cancel();
    const answer = await agent.take("ReadyForQuery");
    assert.equal(firstError(answer).get("C"), "57014");
    approve(agent, 1);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1"]);
    assert.deepEqual(tags(await agent.query("SELECT 1")), ["SELECT 1"]);
    assert.equal(await count(), 20);
  });

  test("can cancel also between the approval and its use", async () => {
    const { deps, agent, key } = await open();
    agent.say(m.query("DELETE FROM victims"));
    await asked(agent, 1);
    approve(agent, 1);
    await deps.cancels.find("corp/alice", "orders", key.processId, key.secret)?.cancel();
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "57014");
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1"]);
    assert.equal(await count(), 20);
  });

  test("and goes away leaves nothing behind: the question is withdrawn, what it sent after it asks nobody", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims"), m.query("DELETE FROM orders"));
    await asked(agent, 1);
    agent.handlers.onEnd();
    await agent.until(() => agent.closed !== undefined);
    approve(agent, 1);
    approve(agent, 2);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1"]);
    assert.deepEqual([await count(), await count("orders")], [20, 20]);
  });

  test("and whose session ends is asked no more, and no timer is left", async () => {
    const timers = new Set<object>();
    const { agent } = await open(HELD, {
      timers: {
        after() {
          const timer = {};
          timers.add(timer);
          return () => void timers.delete(timer);
        },
      },
    });
    agent.say(m.query("SET idle_session_timeout = '1h'"), m.query("DELETE FROM victims"));
    await asked(agent, 1);
    assert.equal(timers.size, 2);
    agent.handlers.onClose("session_killed", "killed");
    assert.equal(timers.size, 0);
    const before = agent.events.length;
    approve(agent, 1);
    await target.gone(agent.facts.session);
    assert.deepEqual(trail(agent), ["approval_asked 1"]);
    assert.equal(agent.events.length, before);
    assert.equal(await count(), 20);
  });

  test("of an edge that never answers is refused by itself, some time after the question's end", async () => {
    const calls: [number, () => void][] = [];
    const { agent } = await open(HELD, {
      timers: {
        after(ms, call) {
          calls.push([ms, call]);
          return () => {};
        },
      },
    });
    agent.say(m.query("DELETE FROM victims"));
    await asked(agent, 1);
    assert.deepEqual(
      calls.map(([ms]) => ms),
      [15 * 60_000 + 30_000],
    );
    calls[0]![1]();
    assert.match(firstError(await agent.take("ReadyForQuery")).get("M") ?? "", /expired/);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1"]);
  });
});

describe("what follows a held message", () => {
  test("waits behind it, and two held ones are asked one after the other", async () => {
    const { agent } = await open();
    agent.say(
      ...[parse("DELETE FROM victims WHERE id = 1"), bind(), execute()],
      ...[parse("DELETE FROM victims WHERE id = 2"), bind(), execute(), m.sync()],
      m.query("SELECT count(*) FROM victims"),
    );
    await asked(agent, 1);
    assert.equal(agent.asks.length, 1);
    approve(agent, 1);
    await asked(agent, 2);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_used 1", "approval_asked 2"]);
    approve(agent, 2);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1", "DELETE 1"]);
    const [row] = (await agent.take("ReadyForQuery")).filter(({ name }) => name === "DataRow");
    assert.deepEqual(m.parseDataRow(row!.body).map(String), ["18"]);
  });

  test("of a denied one is skipped to the Sync, and undone is what its batch did before", async () => {
    const { agent } = await open();
    agent.say(
      ...[parse("INSERT INTO victims VALUES (100)"), bind(), execute()],
      ...[parse("DELETE FROM victims WHERE id = 1"), bind(), execute()],
      ...[parse("INSERT INTO victims VALUES (101)"), bind(), execute(), m.sync()],
    );
    await asked(agent, 1);
    news(agent, 1, { status: "denied", by: "corp/ada", reason: null });
    const answer = await agent.take("ReadyForQuery");
    assert.match(names(answer), /CommandComplete ParseComplete ErrorResponse ReadyForQuery$/);
    assert.equal(await count(), 20);
  });
});

describe("a cursor that was approved", () => {
  const READS = `${FREE}
    @id("ask") @approvers("dba") forbid(principal, action == Action::"postgres:select", resource)
    when { context.reads.contains("public.victims") && !context.approved };`;

  test("is read on in without a question, by simple and by extended protocol; another one is not", async () => {
    const { deps, agent } = await open(READS);
    await agent.query("BEGIN");
    agent.say(m.query("DECLARE c CURSOR FOR SELECT * FROM victims"));
    await asked(agent, 1);
    approve(agent, 1);
    await agent.take("ReadyForQuery");
    assert.deepEqual(tags(await agent.query("FETCH 3 FROM c")), ["FETCH 3"]);
    agent.say(parse("FETCH 4 FROM c"), bind(), execute(), m.sync());
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["FETCH 4"]);
    agent.say(m.query("DECLARE d CURSOR FOR SELECT name FROM victims"));
    await asked(agent, 2);
    news(agent, 2, { status: "denied", by: "corp/ada", reason: null });
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    await agent.query("ROLLBACK");
    deps.guard.policies.put(policyInForce(READS.replace("dba", "security"), 2));
    agent.say(m.query("FETCH 3 FROM c"));
    assert.match((await asked(agent, 3)).statement, /^FETCH 3 FROM c\n\n.*SELECT \* FROM victims/s);
    news(agent, 3, { status: "expired" });
    await agent.take("ReadyForQuery");
  });

  test("of an unasked time is asked about when it is read on in", async () => {
    const { deps, agent } = await open(FREE);
    await agent.query("BEGIN");
    await agent.query("DECLARE c CURSOR FOR SELECT * FROM victims");
    deps.guard.policies.put(policyInForce(READS, 2));
    agent.say(m.query("FETCH 3 FROM c"));
    await asked(agent, 1);
    approve(agent, 1);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["FETCH 3"]);
  });
});

describe("an attacker who has read the code", () => {
  test("can't give an approved shape another meaning: its names are part of it", async () => {
    const { agent } = await open();
    await target.admin.query(
      "CREATE SCHEMA decoy; CREATE TABLE decoy.victims (id int PRIMARY KEY, name text)",
    );
    const shapes: string[] = [];
    for (const [index, sql] of ["decoy", "public", "public"].entries()) {
      await agent.query(`SET search_path = ${sql}`);
      agent.say(m.query(`DELETE FROM victims WHERE id = ${index}`));
      shapes.push((await asked(agent, index + 1)).fingerprint);
      news(agent, index + 1, { status: "expired" });
      await agent.take("ReadyForQuery");
    }
    assert.notEqual(shapes[0], shapes[1]);
    assert.equal(shapes[1], shapes[2], "constants make no other shape");
  });

  test("can't have run what policies block since the question", async () => {
    const { deps, agent } = await open();
    agent.say(m.query("DELETE FROM victims"));
    await asked(agent, 1);
    deps.guard.policies.put(policyInForce(BLOCKED, 2));
    approve(agent, 1);
    const answer = await agent.take("ReadyForQuery");
    assert.match(firstError(answer).get("M") ?? "", /blocked by policy: not any more/);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1"]);
    assert.equal(await count(), 20);
  });

  test("can't use an approval for what other people must agree to since; they are asked", async () => {
    const { deps, agent } = await open();
    agent.say(m.query("DELETE FROM victims WHERE id = 1"));
    await asked(agent, 1);
    const other = HELD.replace('@approvers("dba")', '@approvers("security")');
    deps.guard.policies.put(policyInForce(other, 2));
    approve(agent, 1);
    assert.deepEqual((await asked(agent, 2)).approvals, [{ approvers: ["security"], quorum: 2 }]);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_withdrawn 1", "approval_asked 2"]);
    approve(agent, 2);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"]);
  });

  test("runs what is allowed since, and the approval counts as used", async () => {
    const { deps, agent } = await open();
    agent.say(m.query("DELETE FROM victims WHERE id = 1"));
    await asked(agent, 1);
    deps.guard.policies.put(policyInForce(FREE, 2));
    approve(agent, 1);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"]);
    assert.deepEqual(trail(agent), ["approval_asked 1", "approval_used 1"]);
  });

  test("can't put a view in the place of the table that people saw", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims WHERE id = 1"));
    const before = await asked(agent, 1);
    await target.admin.query("DROP TABLE victims; CREATE VIEW victims AS SELECT * FROM orders");
    approve(agent, 1);
    const after = await asked(agent, 2);
    assert.equal(after.sha256, before.sha256, "its text is the same, but not what it means");
    assert.equal(await count("orders"), 20);
    news(agent, 2, { status: "denied", by: "corp/ada", reason: null });
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    assert.equal(await count("orders"), 20);
  });

  test("can't have many times the rows deleted that people were shown", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims"));
    assert.equal((await asked(agent, 1)).plan?.rows, 20);
    await target.admin.query(
      "INSERT INTO victims SELECT i FROM generate_series(1000, 30000) i; ANALYZE victims",
    );
    approve(agent, 1);
    assert.equal((await asked(agent, 2)).plan?.rows, 29_021);
    news(agent, 2, { status: "denied", by: "corp/ada", reason: null });
    await agent.take("ReadyForQuery");
    assert.equal(await count(), 29_021);
  });

  test("can't change the prepared statement of a Bind that is held", async () => {
    const { agent } = await open();
    agent.say(
      parse("DELETE FROM victims WHERE id = 1", "s"),
      bind([], "", "s"),
      m.close({ kind: "statement", name: "s" }),
      parse("DELETE FROM orders", "s"),
      execute(),
      m.sync(),
    );
    assert.equal((await asked(agent, 1)).statement, "DELETE FROM victims WHERE id = 1");
    approve(agent, 1);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"]);
    assert.deepEqual([await count(), await count("orders")], [19, 20]);
  });

  test("can't bind an approved portal's name to something else, nor use another portal", async () => {
    const { agent } = await open();
    const one = "DELETE FROM victims WHERE id = $1";
    agent.say(parse(one, "s"), bind(["1"], "a", "s"), m.flush());
    await asked(agent, 1);
    approve(agent, 1);
    await agent.take("BindComplete");
    agent.say(m.close({ kind: "portal", name: "a" }), bind(["2"], "a", "s"), execute("a"), m.sync());
    const second = await asked(agent, 2);
    assert.deepEqual(second.parameters, ["2"]);
    news(agent, 2, { status: "denied", by: "corp/ada", reason: null });
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    assert.equal(await count(), 20);
  });

  test("can't execute a portal that was bound when nobody need be asked; its own values are shown", async () => {
    const { deps, agent } = await open(FREE);
    await agent.query("BEGIN");
    agent.say(parse("DELETE FROM victims WHERE id = $1", "s"), bind(["3"], "a", "s"), m.sync());
    await agent.take("ReadyForQuery");
    deps.guard.policies.put(policyInForce(HELD, 2));
    agent.say(execute("a"), m.sync());
    const question = await asked(agent, 1);
    assert.deepEqual([question.statement, question.parameters], ["DELETE FROM victims WHERE id = $1", ["3"]]);
    approve(agent, 1);
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"]);
    await agent.query("ROLLBACK");
  });

  test("can't have an approved portal run a statement that was prepared anew under the name that it runs", async () => {
    const { agent } = await open();
    await agent.query("BEGIN");
    agent.say(
      parse("DELETE FROM victims WHERE id = 1", "p"),
      parse("EXECUTE p", "q"),
      bind([], "a", "q"),
      m.sync(),
    );
    assert.match((await asked(agent, 1)).statement, /DELETE FROM victims WHERE id = 1$/);
    approve(agent, 1);
    await agent.take("ReadyForQuery");
    agent.say(
      m.close({ kind: "statement", name: "p" }),
      parse("DELETE FROM orders", "p"),
      execute("a"),
      m.sync(),
    );
    assert.match((await asked(agent, 2)).statement, /DELETE FROM orders/);
    news(agent, 2, { status: "denied", by: "corp/ada", reason: null });
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    await agent.query("ROLLBACK");
  });

  test("can't have a portal read another table by a search_path that was set since it was bound", async () => {
    await target.admin.query(
      "CREATE SCHEMA decoy; CREATE TABLE decoy.victims (id int PRIMARY KEY, name text)",
    );
    const { agent } = await open(`${FREE}
      @id("x") forbid(principal, action in Action::"postgres:statement", resource)
      when { context.reads.contains("public.victims") };`);
    await agent.query("SET search_path = decoy");
    await agent.query("BEGIN");
    agent.say(parse("COPY victims TO STDOUT", "s"), bind([], "a", "s"), m.sync());
    await agent.take("ReadyForQuery");
    await agent.query("SET search_path = public");
    agent.say(execute("a"), m.sync());
    const answer = await agent.take("ReadyForQuery");
    assert.equal(names(answer), "ErrorResponse ReadyForQuery");
    assert.equal(firstError(answer).get("C"), "42501");
    await agent.query("ROLLBACK");
  });

  test("can't keep an approved portal for longer than the question would have stood", async () => {
    let now = 0;
    const { agent } = await open(HELD, { guard: testGuard(HELD, () => now) });
    await agent.query("BEGIN");
    agent.say(parse("DELETE FROM victims WHERE id = 4", "s"), bind([], "a", "s"), m.sync());
    await asked(agent, 1);
    approve(agent, 1);
    await agent.take("ReadyForQuery");
    now = 15 * 60_000;
    agent.say(execute("a"), m.sync());
    await asked(agent, 2);
    news(agent, 2, { status: "expired" });
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "42501");
    await agent.query("ROLLBACK");
  });

  test("can't use an approval that was taken back before its use", async () => {
    const { agent } = await open();
    agent.say(m.query("DELETE FROM victims"));
    await asked(agent, 1);
    approve(agent, 1);
    news(agent, 1, { status: "denied", by: "corp/ada", reason: "revoked" });
    assert.match(
      firstError(await agent.take("ReadyForQuery")).get("M") ?? "",
      /refused by corp\/ada: revoked/,
    );
    assert.deepEqual(trail(agent), ["approval_asked 1"]);
    assert.equal(await count(), 20);
  });

  test("is not asked about without end when policies change each time", async () => {
    const { deps, agent } = await open();
    agent.say(m.query("DELETE FROM victims"));
    for (const approval of [1, 2, 3]) {
      await asked(agent, approval);
      const other = HELD.replace('@approvers("dba")', `@approvers("group${approval}")`);
      deps.guard.policies.put(policyInForce(other, 1 + approval));
      approve(agent, approval);
    }
    assert.match(firstError(await agent.take("ReadyForQuery")).get("M") ?? "", /changed each time/);
    assert.equal(trail(agent).filter((one) => one.startsWith("approval_withdrawn")).length, 3);
    assert.equal(await count(), 20);
  });
});

describe("the target's time-outs, while a statement is held for longer than each,", () => {
  /** Longer than the settings below, which in their turn are longer than a busy machine takes for a step. */
  const hold = () => new Promise((resolve) => setTimeout(resolve, 2_000));
  const CASES = [
    ["statement_timeout", ""],
    ["idle_session_timeout", ""],
    ["idle_in_transaction_session_timeout", "BEGIN"],
    ["statement_timeout", "BEGIN"],
  ] as const;

  test("end neither a simple query nor a Bind, in a transaction and outside of one", async () => {
    const cases = CASES.map(async ([setting, begin], index) => {
      const one = `${setting} ${begin}`;
      const [first, second, third] = [1, 2, 3].map(
        (id) => `DELETE FROM victims WHERE id = ${3 * index + id}`,
      );
      const { agent } = await open();
      await agent.query(`SET ${setting} = '1500ms'`);
      if (begin !== "") await agent.query(begin);
      agent.say(m.query(first!));
      await asked(agent, 1);
      await hold();
      approve(agent, 1);
      assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"], one);
      agent.say(parse(second!), bind(), execute(), m.sync());
      await asked(agent, 2);
      await hold();
      approve(agent, 2);
      assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["DELETE 1"], one);
      agent.say(
        ...[parse(`INSERT INTO victims VALUES (${100 + index})`), bind(), execute()],
        ...[parse(third!), bind(), execute(), m.sync()],
      );
      await asked(agent, 3);
      await hold();
      approve(agent, 3);
      assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["INSERT 0 1", "DELETE 1"], one);
    });
    await Promise.all(cases);
  });

  test("are counted again from the release: a statement that takes too long is cancelled by the target", async () => {
    const { agent } = await open();
    await agent.query("SET statement_timeout = '300ms'");
    agent.say(parse("DELETE FROM victims WHERE pg_sleep(5) IS NULL"), bind(), execute(), m.sync());
    await asked(agent, 1);
    approve(agent, 1);
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "57014");
  });

  test("need no batch left open: VACUUM runs by the extended protocol too", async () => {
    const { agent } = await open();
    agent.say(parse("VACUUM victims"), bind(), execute(), m.sync());
    await asked(agent, 1);
    approve(agent, 1);
    const answer = await agent.take("ReadyForQuery");
    assert.deepEqual([tags(answer), states(answer)], [["VACUUM"], ["I"]]);
  });

  test("need no snapshot: a transaction at REPEATABLE READ may still be given its isolation level", async () => {
    const { agent } = await open(`${FREE}
      @id("x") @approvers("dba") forbid(principal, action == Action::"postgres:transaction", resource)
      when { context.tag == "SET TRANSACTION" && !context.approved };
      @id("y") @approvers("dba") forbid(principal, action == Action::"postgres:set", resource)
      when { !context.approved };`);
    await agent.query("BEGIN");
    agent.say(m.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"));
    await asked(agent, 1);
    approve(agent, 1);
    const answer = await agent.take("ReadyForQuery");
    assert.deepEqual(tags(answer), ["SET"]);
    await agent.query("ROLLBACK");
  });
});

test("a session whose connection was approved opens while its lease lasts, and not without one", async () => {
  const policies = `${FREE}
    @id("asked") @approvers("dba") @reason("not without a word") forbid(principal, action == Action::"connect", resource)
    unless { context.approved };`;
  let now = 1_000;
  const deps = testDeps({ guard: testGuard(policies, () => now) });
  const lease = { id: `${"ab".repeat(16)}-0`, until: 2_000, by: ["corp/ada"] };
  const { agent } = await target.open(deps, { ...facts(), lease });
  assert.deepEqual(tags(await agent.query("SELECT 1")), ["SELECT 1"]);
  now = 2_000;
  deps.guard.policies.put(policyInForce(`${policies} `, 2));
  assert.equal(agent.closed?.code, "approval_required");
  for (const who of [facts(), { ...facts(), lease }]) {
    const other = serve(target.config, deps, who);
    other.startup();
    const error = await other.refusal();
    assert.equal(error.get("C"), "42501");
    assert.match(error.get("M") ?? "", /needs an(other)? approval.*not without a word/);
    assert.match(error.get("H") ?? "", /sallyport connect orders --reason/);
    assert.equal(other.closed?.code, "approval_required");
  }
});

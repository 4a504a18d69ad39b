import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import { type PostgresServer, program, startPostgres } from "../../test/postgres-server.ts";
import type { PostgresTargetConfig } from "../config.ts";
import {
  facts,
  listen,
  type Received,
  serve,
  type TestStream,
  targetConfig,
  testDeps,
} from "./test-stream.ts";

let server: PostgresServer;
let admin: pg.Client;
let target: PostgresTargetConfig;

before(async () => {
  server = await startPostgres();
  process.env.GATE_TEST_PASSWORD = server.password;
  target = targetConfig({
    port: server.port,
    user: server.superuser,
    password: { env: "GATE_TEST_PASSWORD" },
  });
  const { host, port, superuser: user, password } = server;
  admin = new pg.Client({ host, port, user, password, database: "postgres" });
  await admin.connect();
  await admin.query(
    "CREATE TABLE numbers AS SELECT i, repeat('x', 100) AS text FROM generate_series(1, 50000) i",
  );
});

after(async () => {
  await admin?.end();
  await server?.stop();
});

const names = (messages: Received[]) => messages.map(({ name }) => name).join(" ");
const tags = (messages: Received[]) =>
  messages
    .filter(({ name }) => name === "CommandComplete")
    .map(({ body }) => m.parseCommandComplete(body).tag);
const states = (messages: Received[]) =>
  messages
    .filter(({ name }) => name === "ReadyForQuery")
    .map(({ body }) => m.parseReadyForQuery(body).status);
const lastError = (messages: Received[]) => {
  const error = messages.find(({ name }) => name === "ErrorResponse");
  assert.ok(error);
  return m.parseErrorFields(error.body, "ErrorResponse");
};
const agentKey = (messages: Received[]) =>
  m.parseBackendKeyData(messages.find(({ name }) => name === "BackendKeyData")!.body);

async function opened(
  deps = testDeps(),
  who = facts(),
): Promise<{ agent: TestStream; key: m.BackendKeyData }> {
  const agent = serve(target, deps, who);
  return { agent, key: agentKey(await agent.open()) };
}

/** Waits until the number of the session's backends of which the condition holds is this. */
async function backends(session: string, count: 0 | 1, condition = "true"): Promise<void> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE $1 AND ${condition}`;
  const deadline = Date.now() + 5000;
  while ((await admin.query(sql, [`sallyport ${session}%`])).rowCount !== count) {
    assert.ok(Date.now() < deadline, `not ${count} backends with ${condition}`);
  }
}

const backendGone = (session: string) => backends(session, 0);
const asleep = (session: string) => backends(session, 1, "wait_event = 'PgSleep'");
const blocked = (session: string) => backends(session, 1, "wait_event = 'ClientWrite'");

describe("opening", () => {
  test("refuses both encryptions, asks for no password, and greets as a server does", async () => {
    const agent = serve(target);
    agent.ask(m.sslRequest());
    agent.ask(m.gssencRequest());
    assert.deepEqual(
      agent.frames.map(({ bytes }) => bytes.toString()),
      ["N", "N"],
    );
    const greeting = await agent.open({ application_name: "app" });
    assert.match(names(greeting), /^Authentication (ParameterStatus )+BackendKeyData ReadyForQuery$/);
    assert.deepEqual(m.parseAuthentication(greeting[0]!.body), { kind: "ok" });
    assert.equal(agent.frames.length, 3, "the greeting is one frame");
    const [[user, application] = []] = await agent.rows(
      "SELECT current_user, current_setting('application_name')",
    );
    assert.equal(user, server.superuser);
    assert.equal(application, `sallyport ${agent.facts.session} app`);
  });

  test("writes to the recording what it connected to", async () => {
    const { agent, key } = await opened();
    assert.deepEqual(agent.events, [
      {
        event: "target_connected",
        host: server.host,
        port: server.port,
        database: "postgres",
        user: server.superuser,
        tls: false,
        processId: key.processId,
      },
    ]);
  });

  test("passes on what the agent sent ahead, in the same packet and after it", async () => {
    const agent = serve(target);
    agent.say(m.startupMessage(m.PROTOCOL_3_0, []), m.query("SELECT 1"));
    agent.say(m.query("SELECT 2"));
    for (let i = 0; i < 3; i++) await agent.take("ReadyForQuery");
    assert.equal(
      agent.consumedBytes,
      m.startupMessage(m.PROTOCOL_3_0, []).length + 2 * m.query("SELECT 1").length,
    );
  });

  test("gives protocol 3.2 a long key, though the target speaks 3.0 only", async () => {
    const agent = serve(target);
    const greeting = await agent.open({}, m.PROTOCOL_3_2);
    assert.equal(agentKey(greeting).secret.length, 32);
    assert.doesNotMatch(names(greeting), /Negotiate/);
    assert.deepEqual(await agent.rows("SELECT 1"), [["1"]]);
  });

  test("negotiates versions and options that nobody has", async () => {
    const [negotiation] = await serve(target).open({ "_pq_.magic": "1" }, 0x3_270f);
    assert.equal(negotiation?.name, "NegotiateProtocolVersion");
    assert.deepEqual(m.parseNegotiateProtocolVersion(negotiation.body), {
      version: m.PROTOCOL_3_2,
      unknownOptions: ["_pq_.magic"],
    });
  });

  for (const [what, parameters, sqlstate] of [
    ["a database that isn't allowed", { database: "template1" }, "3D000"],
    ["replication", { replication: "database" }, "42501"],
  ] as const) {
    test(`refuses ${what} before it connects to the target`, async () => {
      const agent = serve(targetConfig());
      agent.startup(parameters);
      const fields = await agent.refusal();
      assert.equal(fields.get("C"), sqlstate);
      assert.equal(fields.get("S"), "FATAL");
      assert.ok(fields.get("H"));
      assert.equal(agent.events[0]?.event, "refused");
      assert.ok(agent.ended);
    });
  }

  test("passes on a setting that the target refuses as the target's own refusal", async () => {
    const agent = serve(target);
    agent.startup({ no_such_setting: "1" });
    const fields = await agent.refusal();
    assert.equal(fields.get("C"), "42704");
    assert.match(fields.get("M") ?? "", /unrecognized configuration parameter "no_such_setting"/);
  });
});

describe("the protocol passes", () => {
  test("simple queries, with errors, empty queries and transaction states", async () => {
    const { agent } = await opened();
    assert.equal(
      names(await agent.query("SELECT 1; SELECT 2")),
      "RowDescription DataRow CommandComplete RowDescription DataRow CommandComplete ReadyForQuery",
    );
    assert.equal(names(await agent.query("")), "EmptyQueryResponse ReadyForQuery");
    assert.deepEqual(states(await agent.query("BEGIN")), ["T"]);
    const failed = await agent.query("SELECT 1/0");
    assert.equal(lastError(failed).get("C"), "22012");
    assert.deepEqual(states(failed), ["E"]);
    assert.deepEqual(states(await agent.query("ROLLBACK")), ["I"]);
  });

  test("notices, and changes of parameters", async () => {
    const { agent } = await opened();
    assert.match(names(await agent.query("DO $$BEGIN RAISE NOTICE 'look'; END$$")), /NoticeResponse/);
    assert.match(names(await agent.query("SET TimeZone TO 'Asia/Tokyo'")), /ParameterStatus/);
  });

  test("the extended protocol, with suspended portals", async () => {
    const { agent } = await opened();
    agent.say(
      m.parse({ statement: "s", sql: "SELECT generate_series(1, $1)", parameterTypes: [23] }),
      m.describe({ kind: "statement", name: "s" }),
      m.bind({
        portal: "p",
        statement: "s",
        parameterFormats: [],
        parameters: [Buffer.from("3")],
        resultFormats: [1],
      }),
      m.describe({ kind: "portal", name: "p" }),
      m.execute({ portal: "p", maxRows: 2 }),
      m.execute({ portal: "p", maxRows: 0 }),
      m.close({ kind: "portal", name: "p" }),
      m.sync(),
    );
    assert.equal(
      names(await agent.take("ReadyForQuery")),
      "ParseComplete ParameterDescription RowDescription BindComplete RowDescription DataRow DataRow " +
        "PortalSuspended DataRow CommandComplete CloseComplete ReadyForQuery",
    );
  });

  test("answers to Flush, without a Sync", async () => {
    const { agent } = await opened();
    agent.say(m.parse({ statement: "", sql: "SELECT 1", parameterTypes: [] }), m.flush());
    assert.equal(names(await agent.take("ParseComplete")), "ParseComplete");
    agent.say(m.sync());
    await agent.take("ReadyForQuery");
  });

  test("pipelines, skipping to Sync after an error", async () => {
    const { agent } = await opened();
    const run = (sql: string) => [
      m.parse({ statement: "", sql, parameterTypes: [] }),
      m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
    ];
    agent.say(
      ...run("SELECT 1"),
      m.sync(),
      ...run("SELECT 1/0"),
      ...run("SELECT 2"),
      m.sync(),
      ...run("SELECT 3"),
      m.sync(),
    );
    const one = "ParseComplete BindComplete DataRow CommandComplete ReadyForQuery";
    assert.equal(names(await agent.take("ReadyForQuery")), one);
    assert.equal(names(await agent.take("ReadyForQuery")), "ParseComplete ErrorResponse ReadyForQuery");
    assert.equal(names(await agent.take("ReadyForQuery")), one);
  });

  test("COPY in, and its failure by the agent", async () => {
    const { agent } = await opened();
    await agent.query("CREATE TEMP TABLE t (i int)");
    agent.say(m.query("COPY t FROM STDIN"));
    await agent.take("CopyInResponse");
    for (let i = 0; i < 1000; i++) agent.say(m.copyData(Buffer.from(`${i}\n`)));
    agent.say(m.copyDone());
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["COPY 1000"]);
    agent.say(m.query("COPY t FROM STDIN"));
    await agent.take("CopyInResponse");
    agent.say(m.copyData(Buffer.from("1\n")), m.copyFail("changed my mind"));
    const failed = await agent.take("ReadyForQuery");
    assert.match(lastError(failed).get("M") ?? "", /changed my mind/);
    assert.deepEqual(await agent.rows("SELECT count(*) FROM t"), [["1000"]]);
  });

  test("COPY out", async () => {
    const { agent } = await opened();
    const messages = await agent.query("COPY (SELECT generate_series(1, 3)) TO STDOUT");
    assert.equal(
      names(messages),
      "CopyOutResponse CopyData CopyData CopyData CopyDone CommandComplete ReadyForQuery",
    );
  });

  test("NOTIFY from one session to another, with the process id that the sender was told", async () => {
    const { agent: listener } = await opened();
    const { agent: sender, key } = await opened();
    await listener.query("LISTEN news");
    await sender.query("NOTIFY news, 'hello'");
    const notification = (await listener.take("NotificationResponse")).at(-1)!;
    assert.deepEqual(m.parseNotification(notification.body), {
      processId: key.processId,
      channel: "news",
      payload: "hello",
    });
  });

  test("function calls", async () => {
    const { agent } = await opened();
    const absoluteOfInt4 = 1397;
    agent.say(
      m.functionCall({
        function: absoluteOfInt4,
        argumentFormats: [1],
        arguments: [Buffer.from([0xff, 0xff, 0xff, 0xfe])],
        resultFormat: 1,
      }),
    );
    const [response] = await agent.take("ReadyForQuery");
    assert.deepEqual(m.parseFunctionCallResponse(response!.body), Buffer.from([0, 0, 0, 2]));
  });

  test("messages in whatever pieces they come", async () => {
    const { agent } = await opened();
    for (const byte of Buffer.concat([m.query("SELECT 1"), m.query("SELECT 2")]))
      agent.say(Uint8Array.of(byte));
    await agent.take("ReadyForQuery");
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 1"]);
  });

  test("half a statement, which is held, without keeping its credit", async () => {
    const { agent } = await opened();
    const statement = m.query(`SELECT length('${"x".repeat(1000)}')`);
    const before = agent.consumedBytes;
    agent.say(statement.subarray(0, 500));
    assert.equal(agent.consumedBytes - before, 500);
    agent.say(statement.subarray(500));
    await agent.take("ReadyForQuery");
  });

  test("a statement that is longer than the window", async () => {
    const { agent } = await opened();
    const statement = m.query(`SELECT length('${"x".repeat(3 * WINDOW)}')`);
    const before = agent.consumedBytes;
    for (let at = 0; at < statement.length; at += MAX_PAYLOAD) {
      // An agent that keeps to its window must never be left waiting.
      const end = Math.min(at + MAX_PAYLOAD, statement.length);
      await agent.until(() => end - (agent.consumedBytes - before) <= WINDOW, "credit");
      agent.say(statement.subarray(at, end));
    }
    const [, row] = await agent.take("ReadyForQuery");
    assert.equal(m.parseDataRow(row!.body)[0]?.toString(), String(3 * WINDOW));
    await agent.until(() => agent.consumedBytes - before === statement.length);
  });

  test("psql, over a socket", async () => {
    const listener = await listen(target);
    const env = {
      ...process.env,
      PGHOST: "127.0.0.1",
      PGPORT: String(listener.port),
      PGUSER: "me",
      PGDATABASE: "postgres",
    };
    const psql = await promisify(execFile)(
      program("psql"),
      ["-Atc", "SELECT sum(i) FROM numbers", "-c", "\\dt"],
      { env },
    );
    assert.match(psql.stdout, /^1250025000\npublic\|numbers\|table/);
    listener.stop();
  });
});

describe("frames", () => {
  test("are few and large in a COPY, and marked partial exactly where a message goes on", async () => {
    const { agent } = await opened();
    const from = agent.frames.length;
    await agent.query("COPY numbers TO STDOUT");
    // A row longer than any frame.
    await agent.query(`SELECT repeat('y', ${3 * MAX_PAYLOAD})`);
    const reader = new MessageReader("backend");
    const sizes: number[] = [];
    for (const { bytes, partial } of agent.frames.slice(from)) {
      // What the reader holds back for want of a header is inside a message too.
      reader.push(bytes);
      let seen = 0;
      while (reader.next()) seen += reader.end - reader.start;
      assert.equal(seen, bytes.length, "no frame ends inside a header");
      assert.equal(partial, !reader.boundary);
      assert.ok(bytes.length <= MAX_PAYLOAD);
      sizes.push(bytes.length);
    }
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(total / sizes.length > 64 * 1024, `${sizes.length} frames for ${total} bytes`);
  });

  test("a short answer is one frame", async () => {
    const { agent } = await opened();
    const from = agent.frames.length;
    await agent.query("SELECT * FROM numbers LIMIT 10");
    assert.equal(agent.frames.length - from, 1);
  });

  test("an agent that stops reading stops the target; when it goes on, no byte is missing", async () => {
    const copy = m.query(
      "COPY (SELECT a.i, a.text FROM numbers a, generate_series(1, 5) b ORDER BY 1) TO STDOUT",
    );
    const ready = m.readyForQuery("I");
    const answer = async (pausing: boolean): Promise<string> => {
      const { agent } = await opened();
      const hash = createHash("sha256");
      const before = agent.sentBytes;
      agent.frames.length = 0;
      agent.onBytes = (bytes) => void hash.update(bytes);
      agent.reading = !pausing;
      agent.say(copy);
      if (pausing) {
        await blocked(agent.facts.session);
        assert.ok(agent.sentBytes - before <= WINDOW + 2 * MAX_PAYLOAD, `${agent.sentBytes - before} bytes`);
        agent.reading = true;
        agent.acknowledge();
      }
      await agent.until(() => agent.frames.at(-1)?.bytes.subarray(-ready.length).equals(ready) === true);
      agent.onBytes = undefined;
      return `${agent.sentBytes - before} ${hash.digest("hex")}`;
    };
    assert.equal(await answer(true), await answer(false));
  });
});

describe("the judge", () => {
  test("sees each message once, whole, before the target does", async () => {
    const seen: string[] = [];
    const deps = testDeps({
      judge: (message) => {
        const name = m.messageName("frontend", message.type) ?? "";
        const body = message.body();
        seen.push(name === "Query" && body ? `Query ${m.parseQuery(body).sql}` : name);
        return { verdict: "allow" };
      },
    });
    const { agent } = await opened(deps);
    const statement = m.query("SELECT 'cut in two'");
    agent.say(statement.subarray(0, 12));
    assert.deepEqual(seen, []);
    agent.say(statement.subarray(12), m.sync());
    await agent.take("ReadyForQuery");
    agent.say(m.terminate());
    assert.deepEqual(seen, ["Query SELECT 'cut in two'", "Sync", "Terminate"]);
  });

  test("that fails lets nothing pass", async () => {
    const deps = testDeps({
      judge: () => {
        throw new Error("the policy engine is broken");
      },
    });
    const { agent } = await opened(deps);
    agent.say(m.query("CREATE TABLE must_not_be ()"));
    assert.equal((await agent.refusal()).get("C"), "XX000");
    await backendGone(agent.facts.session);
    assert.equal((await admin.query("SELECT to_regclass('must_not_be') AS name")).rows[0].name, null);
  });
});

describe("cancel", () => {
  const SLEEP = "SELECT pg_sleep(60)";

  test("by the key that the agent was given, over a session of its own", async () => {
    const deps = testDeps();
    const { agent, key } = await opened(deps);
    agent.say(m.query(SLEEP));
    await asleep(agent.facts.session);
    const canceller = serve(target, deps);
    canceller.say(m.cancelRequest(key.processId, key.secret));
    assert.equal(lastError(await agent.take("ReadyForQuery")).get("C"), "57014");
    await canceller.until(() => canceller.closed !== undefined);
    assert.equal(canceller.closed?.code, "closed");
    assert.ok(canceller.ended);
    const event = { event: "cancel_requested", session: agent.facts.session };
    assert.deepEqual(canceller.events, [event]);
    assert.deepEqual(agent.events.at(-1), event);
    assert.deepEqual(await agent.rows("SELECT 1"), [["1"]], "the session goes on");
  });

  test("by a foreign principal, or with a wrong key, cancels nothing and asks the other replicas", async () => {
    const deps = testDeps();
    const { agent, key } = await opened(deps);
    agent.say(m.query("SELECT pg_sleep(0.3)"));
    const wrong = Buffer.from(key.secret);
    wrong[0]! ^= 1;
    for (const [who, secret] of [
      [facts("corp/mallory"), key.secret],
      [facts(), wrong],
    ] as const) {
      const canceller = serve(target, deps, who);
      canceller.say(m.cancelRequest(key.processId, secret));
      await canceller.until(() => canceller.closed !== undefined);
      assert.deepEqual(canceller.events, []);
    }
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 1"]);
    assert.deepEqual(
      deps.elsewhere.map(([principal, name, processId, secret]) => [
        principal,
        name,
        processId,
        Buffer.from(secret),
      ]),
      [
        ["corp/mallory", "orders", key.processId, key.secret],
        ["corp/alice", "orders", key.processId, wrong],
      ],
    );
  });

  test("asked for by another replica", async () => {
    const deps = testDeps();
    const { agent, key } = await opened(deps);
    agent.say(m.query(SLEEP));
    await asleep(agent.facts.session);
    assert.ok(deps.cancels.cancelHere("corp/alice", "orders", key.processId, key.secret));
    assert.equal(lastError(await agent.take("ReadyForQuery")).get("C"), "57014");
  });

  test("with the key of an ended session finds nothing", async () => {
    const deps = testDeps();
    const { agent, key } = await opened(deps);
    agent.say(m.terminate());
    await agent.until(() => agent.closed !== undefined);
    assert.equal(deps.cancels.cancelHere("corp/alice", "orders", key.processId, key.secret), false);
  });
});

describe("a session ends", () => {
  test("by Terminate: the backend goes, and nothing is told to the agent", async () => {
    const { agent } = await opened();
    agent.say(m.terminate());
    await agent.until(() => agent.closed !== undefined);
    assert.equal(agent.closed?.code, "closed");
    assert.ok(agent.ended);
    assert.deepEqual(agent.messages, []);
    await backendGone(agent.facts.session);
  });

  test("by the end of the agent's stream: what runs is finished and delivered first", async () => {
    const { agent } = await opened();
    agent.say(m.query("SELECT pg_sleep(0.1)"));
    agent.handlers.onEnd();
    await agent.take("ReadyForQuery");
    await agent.until(() => agent.closed?.code === "closed");
    await backendGone(agent.facts.session);
  });

  test("by a kill: what runs is cancelled within a second, and the agent is told nothing more", async () => {
    const { agent } = await opened();
    agent.say(m.query("SELECT pg_sleep(60)"));
    await asleep(agent.facts.session);
    const frames = agent.frames.length;
    const killed = Date.now();
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await backendGone(agent.facts.session);
    assert.ok(Date.now() - killed < 1000, `${Date.now() - killed} ms`);
    assert.equal(agent.frames.length, frames);
    assert.equal(agent.closed, undefined);
  });

  test("by a kill in the extended protocol, before its Sync", async () => {
    const { agent } = await opened();
    agent.say(
      m.parse({ statement: "", sql: "SELECT pg_sleep(60)", parameterTypes: [] }),
      m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
      m.flush(),
    );
    await asleep(agent.facts.session);
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await backendGone(agent.facts.session);
  });

  test("by a kill while the target connects", async () => {
    const agent = serve(target);
    agent.startup();
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await backendGone(agent.facts.session);
    assert.deepEqual(agent.frames, []);
    assert.equal(agent.closed, undefined);
  });

  test("by the target: its own last words are passed on, and none are added", async () => {
    const { agent, key } = await opened();
    await admin.query("SELECT pg_terminate_backend($1)", [key.processId]);
    assert.equal((await agent.refusal()).get("C"), "57P01");
    assert.equal(names(agent.messages), "ErrorResponse");
    assert.equal(agent.closed?.code, "target_closed");
  });
});

describe("an agent that breaks the protocol", () => {
  for (const [what, bytes, sqlstate] of [
    ["a second StartupMessage", m.startupMessage(m.PROTOCOL_3_0, []), "08P01"],
    ["a PasswordMessage", m.passwordMessage("x"), "08P01"],
    ["an unknown type", Buffer.from("?\0\0\0\x04"), "08P01"],
    ["a message of the server's", m.readyForQuery("I"), "08P01"],
    ["a length below the least", Buffer.from("Q\0\0\0\x01"), "08P01"],
    ["a length above the limit", Buffer.from("Q\x7f\xff\xff\xff"), "54000"],
    ["a message after Terminate", Buffer.concat([m.terminate(), m.sync()]), "08P01"],
  ] as const) {
    test(`by ${what} is told so, and its backend goes`, async () => {
      const { agent } = await opened();
      agent.say(bytes);
      const fields = await agent.refusal();
      assert.equal(fields.get("C"), sqlstate);
      assert.equal(fields.get("S"), "FATAL");
      assert.ok(agent.ended);
      assert.equal(agent.events.at(-1)?.event, "refused");
      await backendGone(agent.facts.session);
    });
  }

  test("in the middle of a message to it gets no error there, only the end", async () => {
    const { agent } = await opened();
    agent.reading = false;
    agent.say(m.query(`SELECT repeat('x', ${4 * WINDOW})`));
    await agent.until(() => agent.frames.at(-1)!.partial);
    const frames = agent.frames.length;
    agent.say(m.passwordMessage("x"));
    assert.equal(agent.closed?.code, "protocol_violation");
    assert.ok(agent.ended);
    assert.ok(agent.frames.slice(frames).every(({ bytes }) => !bytes.includes("FATAL")));
    await backendGone(agent.facts.session);
  });

  test("by bytes that are no startup is told so", async () => {
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n"), Buffer.alloc(8), m.query("SELECT 1")]) {
      const agent = serve(target);
      agent.say(bytes);
      assert.match((await agent.refusal()).get("C") ?? "", /^(08P01|54000)$/);
    }
  });
});

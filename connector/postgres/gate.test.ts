import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import { program } from "../../test/postgres-server.ts";
import { listen, serve, targetConfig } from "./test-stream.ts";
import { agentKey, firstError, names, states, TestTarget, tags } from "./test-target.ts";

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
  await target.admin.query(
    "CREATE TABLE numbers AS SELECT i, repeat('x', 100) AS text FROM generate_series(1, 50000) i",
  );
});

after(() => target?.stop());

describe("opening", () => {
  test("refuses both encryptions, asks for no password, and greets as a server does", async () => {
    const agent = serve(target.config);
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
    assert.equal(user, target.server.superuser);
    assert.equal(application, `sallyport ${agent.facts.session} app`);
  });

  test("writes to the recording what it connected to", async () => {
    const { agent, key } = await target.open();
    assert.deepEqual(agent.events, [
      {
        event: "target_connected",
        host: target.server.host,
        port: target.server.port,
        database: "postgres",
        user: target.server.superuser,
        tls: false,
        processId: key.processId,
      },
    ]);
  });

  test("passes on what the agent sent ahead, in the same packet and after it", async () => {
    const agent = serve(target.config);
    agent.say(m.startupMessage(m.PROTOCOL_3_0, []), m.query("SELECT 1"));
    agent.say(m.query("SELECT 2"));
    for (let i = 0; i < 3; i++) await agent.take("ReadyForQuery");
    assert.equal(
      agent.consumedBytes,
      m.startupMessage(m.PROTOCOL_3_0, []).length + 2 * m.query("SELECT 1").length,
    );
  });

  test("gives protocol 3.2 a long key, though the target speaks 3.0 only", async () => {
    const agent = serve(target.config);
    const greeting = await agent.open({}, m.PROTOCOL_3_2);
    assert.equal(agentKey(greeting).secret.length, 32);
    assert.doesNotMatch(names(greeting), /Negotiate/);
    assert.deepEqual(await agent.rows("SELECT 1"), [["1"]]);
  });

  test("negotiates versions and options that nobody has", async () => {
    const [negotiation] = await serve(target.config).open({ "_pq_.magic": "1" }, 0x3_270f);
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
    const agent = serve(target.config);
    agent.startup({ no_such_setting: "1" });
    const fields = await agent.refusal();
    assert.equal(fields.get("C"), "42704");
    assert.match(fields.get("M") ?? "", /unrecognized configuration parameter "no_such_setting"/);
  });
});

describe("the protocol passes", () => {
  test("simple queries, with errors, empty queries and transaction states", async () => {
    const { agent } = await target.open();
    assert.equal(
      names(await agent.query("SELECT 1; SELECT 2")),
      "RowDescription DataRow CommandComplete RowDescription DataRow CommandComplete ReadyForQuery",
    );
    assert.equal(names(await agent.query("")), "EmptyQueryResponse ReadyForQuery");
    assert.deepEqual(states(await agent.query("BEGIN")), ["T"]);
    const failed = await agent.query("SELECT 1/0");
    assert.equal(firstError(failed).get("C"), "22012");
    assert.deepEqual(states(failed), ["E"]);
    assert.deepEqual(states(await agent.query("ROLLBACK")), ["I"]);
  });

  test("notices, and changes of parameters", async () => {
    const { agent } = await target.open();
    assert.match(names(await agent.query("DO $$BEGIN RAISE NOTICE 'look'; END$$")), /NoticeResponse/);
    assert.match(names(await agent.query("SET TimeZone TO 'Asia/Tokyo'")), /ParameterStatus/);
  });

  test("the extended protocol, with suspended portals", async () => {
    const { agent } = await target.open();
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
    const { agent } = await target.open();
    agent.say(m.parse({ statement: "", sql: "SELECT 1", parameterTypes: [] }), m.flush());
    assert.equal(names(await agent.take("ParseComplete")), "ParseComplete");
    agent.say(m.sync());
    await agent.take("ReadyForQuery");
  });

  test("pipelines, skipping to Sync after an error", async () => {
    const { agent } = await target.open();
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
    const { agent } = await target.open();
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
    assert.match(firstError(failed).get("M") ?? "", /changed my mind/);
    assert.deepEqual(await agent.rows("SELECT count(*) FROM t"), [["1000"]]);
  });

  test("COPY out", async () => {
    const { agent } = await target.open();
    const messages = await agent.query("COPY (SELECT generate_series(1, 3)) TO STDOUT");
    assert.equal(
      names(messages),
      "CopyOutResponse CopyData CopyData CopyData CopyDone CommandComplete ReadyForQuery",
    );
  });

  test("NOTIFY from one session to another, with the process id that the sender was told", async () => {
    const { agent: listener } = await target.open();
    const { agent: sender, key } = await target.open();
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
    const { agent } = await target.open();
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
    const { agent } = await target.open();
    for (const byte of Buffer.concat([m.query("SELECT 1"), m.query("SELECT 2")]))
      agent.say(Uint8Array.of(byte));
    await agent.take("ReadyForQuery");
    assert.deepEqual(tags(await agent.take("ReadyForQuery")), ["SELECT 1"]);
  });

  test("half a statement, which is held, without keeping its credit", async () => {
    const { agent } = await target.open();
    const statement = m.query(`SELECT length('${"x".repeat(1000)}')`);
    const before = agent.consumedBytes;
    agent.say(statement.subarray(0, 500));
    assert.equal(agent.consumedBytes - before, 500);
    agent.say(statement.subarray(500));
    await agent.take("ReadyForQuery");
  });

  test("a statement that is longer than the window is taken, and refused as too long to be judged", async () => {
    const { agent } = await target.open();
    const statement = m.query(`SELECT length('${"x".repeat(3 * WINDOW)}')`);
    const before = agent.consumedBytes;
    for (let at = 0; at < statement.length; at += MAX_PAYLOAD) {
      // An agent that keeps to its window must never be left waiting.
      const end = Math.min(at + MAX_PAYLOAD, statement.length);
      await agent.until(() => end - (agent.consumedBytes - before) <= WINDOW, "credit");
      agent.say(statement.subarray(at, end));
    }
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "54000");
    await agent.until(() => agent.consumedBytes - before === statement.length);
    assert.deepEqual(await agent.rows("SELECT 1"), [["1"]]);
  });

  test("a parameter that is longer than the window", async () => {
    const { agent } = await target.open();
    const parameter = Buffer.alloc(3 * WINDOW, "x");
    const messages = Buffer.concat([
      m.parse({ statement: "", sql: "SELECT length($1)", parameterTypes: [25] }),
      m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [parameter], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
      m.sync(),
    ]);
    const before = agent.consumedBytes;
    for (let at = 0; at < messages.length; at += MAX_PAYLOAD) {
      const end = Math.min(at + MAX_PAYLOAD, messages.length);
      await agent.until(() => end - (agent.consumedBytes - before) <= WINDOW, "credit");
      agent.say(messages.subarray(at, end));
    }
    const row = (await agent.take("ReadyForQuery")).find(({ name }) => name === "DataRow");
    assert.equal(m.parseDataRow(row!.body)[0]?.toString(), String(3 * WINDOW));
    await agent.until(() => agent.consumedBytes - before === messages.length);
  });

  test("psql, over a socket", async () => {
    const listener = await listen(target.config);
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
    const { agent } = await target.open();
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
    const { agent } = await target.open();
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
      const { agent } = await target.open();
      const hash = createHash("sha256");
      const before = agent.sentBytes;
      agent.frames.length = 0;
      agent.onBytes = (bytes) => void hash.update(bytes);
      agent.reading = !pausing;
      agent.say(copy);
      if (pausing) {
        await target.blocked(agent.facts.session);
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

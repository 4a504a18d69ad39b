import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { WINDOW } from "../../protocol/frame.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { facts, serve, testDeps } from "./test-stream.ts";
import { firstError, names, TestTarget, tags } from "./test-target.ts";

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
});

after(() => target?.stop());

describe("cancel", () => {
  const SLEEP = "SELECT pg_sleep(60)";

  test("by the key that the agent was given, over a session of its own", async () => {
    const deps = testDeps();
    const { agent, key } = await target.open(deps);
    agent.say(m.query(SLEEP));
    await target.asleep(agent.facts.session);
    const canceller = serve(target.config, deps);
    canceller.say(m.cancelRequest(key.processId, key.secret));
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "57014");
    await canceller.until(() => canceller.closed !== undefined);
    assert.equal(canceller.closed?.code, "closed");
    assert.ok(canceller.ended);
    const event = { event: "cancel_requested", session: agent.facts.session };
    assert.deepEqual(canceller.events, [event]);
    assert.deepEqual(
      agent.events.findLast((one) => one.event !== "facts"),
      event,
    );
    assert.deepEqual(await agent.rows("SELECT 1"), [["1"]], "the session goes on");
  });

  test("by a foreign principal, or with a wrong key, cancels nothing and asks the other replicas", async () => {
    const deps = testDeps();
    const { agent, key } = await target.open(deps);
    agent.say(m.query("SELECT pg_sleep(0.3)"));
    const wrong = Buffer.from(key.secret);
    wrong[0]! ^= 1;
    for (const [who, secret] of [
      [facts("corp/mallory"), key.secret],
      [facts(), wrong],
    ] as const) {
      const canceller = serve(target.config, deps, who);
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
    const { agent, key } = await target.open(deps);
    agent.say(m.query(SLEEP));
    await target.asleep(agent.facts.session);
    assert.ok(deps.cancels.cancelHere("corp/alice", "orders", key.processId, key.secret));
    assert.equal(firstError(await agent.take("ReadyForQuery")).get("C"), "57014");
  });

  test("with the key of an ended session finds nothing", async () => {
    const deps = testDeps();
    const { agent, key } = await target.open(deps);
    agent.say(m.terminate());
    await agent.until(() => agent.closed !== undefined);
    assert.equal(deps.cancels.cancelHere("corp/alice", "orders", key.processId, key.secret), false);
  });
});

describe("a session ends", () => {
  test("by Terminate: the backend goes, and nothing is told to the agent", async () => {
    const { agent } = await target.open();
    agent.say(m.terminate());
    await agent.until(() => agent.closed !== undefined);
    assert.equal(agent.closed?.code, "closed");
    assert.ok(agent.ended);
    assert.deepEqual(agent.messages, []);
    await target.gone(agent.facts.session);
  });

  test("by the end of the agent's stream: what runs is finished and delivered first", async () => {
    const { agent } = await target.open();
    agent.say(m.query("SELECT pg_sleep(0.1)"));
    agent.handlers.onEnd();
    await agent.take("ReadyForQuery");
    await agent.until(() => agent.closed?.code === "closed");
    await target.gone(agent.facts.session);
  });

  test("by a kill: what runs is cancelled at once, and the agent is told nothing more", async () => {
    const { agent } = await target.open();
    agent.say(m.query("SELECT pg_sleep(60)"));
    await target.asleep(agent.facts.session);
    const frames = agent.frames.length;
    const killed = Date.now();
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await target.gone(agent.facts.session);
    assert.ok(Date.now() - killed < 10_000, `${Date.now() - killed} ms`);
    assert.equal(agent.frames.length, frames);
    assert.equal(agent.closed, undefined);
  });

  test("by a kill in the extended protocol, before its Sync", async () => {
    const { agent } = await target.open();
    agent.say(
      m.parse({ statement: "", sql: "SELECT pg_sleep(60)", parameterTypes: [] }),
      m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [] }),
      m.execute({ portal: "", maxRows: 0 }),
      m.flush(),
    );
    await target.asleep(agent.facts.session);
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await target.gone(agent.facts.session);
  });

  test("by a kill while the target connects", async () => {
    const agent = serve(target.config);
    agent.startup();
    agent.handlers.onClose("session_killed", "an administrator ended it");
    await target.gone(agent.facts.session);
    assert.deepEqual(agent.frames, []);
    assert.equal(agent.closed, undefined);
  });

  test("by the target: its own last words are passed on, and none are added", async () => {
    const { agent, key } = await target.open();
    await target.admin.query("SELECT pg_terminate_backend($1)", [key.processId]);
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
      const { agent } = await target.open();
      agent.say(bytes);
      const fields = await agent.refusal();
      assert.equal(fields.get("C"), sqlstate);
      assert.equal(fields.get("S"), "FATAL");
      assert.ok(agent.ended);
      assert.equal(agent.events.at(-1)?.event, "refused");
      await target.gone(agent.facts.session);
    });
  }

  test("in the middle of a message to it gets no error there, only the end", async () => {
    const { agent } = await target.open();
    agent.reading = false;
    agent.say(m.query(`SELECT repeat('x', ${4 * WINDOW})`));
    await agent.until(() => agent.frames.at(-1)!.partial);
    const frames = agent.frames.length;
    agent.say(m.passwordMessage("x"));
    assert.equal(agent.closed?.code, "protocol_violation");
    assert.ok(agent.ended);
    assert.ok(agent.frames.slice(frames).every(({ bytes }) => !bytes.includes("FATAL")));
    await target.gone(agent.facts.session);
  });

  test("by bytes that are no startup is told so", async () => {
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n"), Buffer.alloc(8), m.query("SELECT 1")]) {
      const agent = serve(target.config);
      agent.say(bytes);
      assert.match((await agent.refusal()).get("C") ?? "", /^(08P01|54000)$/);
    }
  });
});

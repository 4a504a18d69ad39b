import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { DEFAULT_LIMITS, type SessionFacts } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { encodeAck, encodeFrame, FrameFlag, FrameType, MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import { ApprovalDesk, type DeskHost } from "../approval/desk.ts";
import { FakePeer, facts, ID, KEY, SECRET } from "../testing/session-peers.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import type { Effects } from "./effects.ts";
import type { Sql } from "./log.ts";
import { VIEWER_BEHIND } from "./readers.ts";
import { SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";
import { CHECK_CONNECTOR_MS, JOIN_MS, REDIAL_MS, SEAL_MS } from "./waits.ts";

const data = (payload: string, flags = 0) => encodeFrame(FrameType.data, flags, 0, Buffer.from(payload));

describe("a session's rules", () => {
  let sql: Sql;
  let records: SessionRecords;
  let relay: Relay;
  let agent: FakePeer;
  let connector: FakePeer;
  let effects: string[];

  const desk = (host: DeskHost) => new ApprovalDesk(sql, 1, ID, host);
  const effectsOf = (): Effects => ({
    save: (record) => records.save(record),
    dial: () => effects.push("dial"),
    checkConnector: () => effects.push("check"),
    settle: () => effects.push("settle"),
    seal: () => effects.push("seal"),
    discard: () => effects.push("discard"),
    tell: ({ status }, what) => effects.push(`${what}: ${status}`),
    wake: () => {},
  });
  const open = (peer: FakePeer, mode: SessionFacts["mode"] = "framed") =>
    relay.open(peer, facts(mode), DEFAULT_LIMITS, "edge-key", mode === "raw" ? undefined : SECRET, 0);
  const events = () =>
    [...relay.log.read(1, 1000)]
      .filter((entry) => entry.kind === EntryKind.edge)
      .map((entry) => JSON.parse(Buffer.from(entry.frame).toString()).event as string);
  /** The object is evicted and made again from its storage. */
  const restart = (now: number) => {
    relay = new Relay(records.find(ID)!, newLog(sql, ID, relay.record.number), desk, effectsOf(), now);
  };

  beforeEach(() => {
    sql = sessionStorage();
    records = new SessionRecords(sql);
    effects = [];
    relay = new Relay(records.create(ID, "parked", 0), newLog(sql, ID, 1), desk, effectsOf(), 0);
    agent = new FakePeer();
    connector = new FakePeer();
  });

  test("what the agent sends before a connector has joined waits in the log", () => {
    open(agent);
    relay.frame("agent", data("early"), 1);
    relay.join(connector, KEY, SECRET, 2);
    relay.frame("agent", data("later"), 3);
    assert.deepEqual(connector.payloads, ["early", "later"]);
    assert.deepEqual(
      connector.texts.map(({ type }) => type),
      ["welcome", "open"],
    );
  });

  test("a frame is in the log before it is with the peer", () => {
    open(agent);
    let logged = -1;
    connector.send = (bytes) => {
      if (typeof bytes !== "string") logged = relay.log.fromAgent;
    };
    relay.join(connector, KEY, SECRET, 0);
    relay.frame("agent", data("x"), 1);
    assert.equal(logged, 1);
  });

  test("what could not be written is not delivered", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    const exec = sql.exec;
    sql.exec = () => {
      throw new Error("database or disk is full");
    };
    assert.throws(() => relay.frame("agent", data("x"), 1), /full/);
    sql.exec = exec;
    assert.deepEqual(connector.payloads, []);
  });

  test("either side resumes from its count, across a restart of the object", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    for (const word of ["a", "b", "c"]) relay.frame("agent", data(word), 1);
    for (const word of ["x", "y"]) relay.frame("connector", data(word), 1);
    restart(10);
    const back = new FakePeer();
    relay.resume("connector", back, 1, 11);
    assert.deepEqual(back.payloads, ["b", "c"]);
    assert.equal(back.texts[0]!.received, 2);
    const again = new FakePeer();
    relay.resume("agent", again, 2, 12);
    assert.deepEqual(again.payloads, []);
    assert.equal(again.texts[0]!.received, 3);
    assert.throws(() => relay.resume("agent", new FakePeer(), 3, 13), { code: "protocol_violation" });
  });

  test("credit given while a sender was away reaches it when it is back", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    relay.frame("connector", data("12345"), 1);
    relay.dropped("connector", connector, 2);
    relay.frame("agent", encodeAck(0, { frames: 1, bytes: 5 }), 3);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 4);
    assert.deepEqual(back.frames, [encodeAck(0, { frames: 1, bytes: 5 })]);
  });

  test("nobody sends more than a window ahead of the receiver, and nobody acknowledges what was not sent", () => {
    open(agent);
    const full = data("x".repeat(MAX_PAYLOAD));
    for (let sent = 0; sent < 2 * WINDOW; sent += MAX_PAYLOAD) relay.frame("agent", full, 1);
    assert.throws(() => relay.frame("agent", full, 1), { code: "window_exceeded" });
    assert.throws(() => relay.frame("agent", encodeAck(0, { frames: 1, bytes: 1 }), 1), {
      code: "protocol_violation",
    });
  });

  test("killed between messages the agent reads why in its own protocol; inside one it can't", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    relay.frame("connector", data("row"), 1);
    relay.end("session_killed", "enough", 2, "admin");
    const last = agent.frames.at(-1)!;
    assert.equal(last[0], FrameType.end);
    assert.equal(last[1], FrameFlag.edge);
    assert.match(last.toString(), /57P01/);
    assert.match(last.toString(), /enough/);
    assert.equal(agent.closed, 4410);
    assert.deepEqual(connector.texts.at(-1), {
      type: "end",
      code: "session_killed",
      reason: "enough",
      received: 1,
    });
    assert.equal(events().at(-1), "ended");

    relay = new Relay(
      records.create("f".repeat(32), "parked", 0),
      newLog(sql, "f".repeat(32), 2),
      (host) => new ApprovalDesk(sql, 2, "f".repeat(32), host),
      effectsOf(),
      0,
    );
    const other = new FakePeer();
    open(other);
    relay.join(new FakePeer(), KEY, SECRET, 0);
    relay.frame("connector", data("half a ro", FrameFlag.partial), 1);
    relay.end("session_killed", "enough", 2);
    assert.deepEqual(other.payloads, ["half a ro"]);
    assert.equal(other.closed, 4410);
  });

  test("after the end nothing is logged or delivered, and the end is said once", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    relay.end("session_killed", "enough", 1);
    const { seq } = relay.log;
    relay.frame("connector", data("late"), 2);
    relay.frame("agent", data("late"), 2);
    relay.raw(Buffer.from("late"), 2);
    relay.end("idle", "again", 3);
    assert.equal(relay.log.seq, seq);
    assert.equal(relay.record.end?.code, "session_killed");
  });

  test("the connector seals once; without its seal the session settles all the same", () => {
    open(agent);
    relay.join(connector, KEY, SECRET, 0);
    relay.end("closed", "done", 100);
    assert.deepEqual(effects, []);
    relay.expire(100 + SEAL_MS - 1);
    assert.deepEqual(effects, []);
    relay.expire(100 + SEAL_MS);
    assert.deepEqual(effects, ["settle"]);
    const seal = {
      type: "seal",
      key: "k1",
      agentFrames: 0,
      agentHead: "",
      connectorFrames: 0,
      connectorHead: "",
      signature: "s",
    } as const;
    relay.seal(seal);
    relay.seal({ ...seal, signature: "another" });
    assert.equal(relay.record.connectorSeal?.signature, "s");
    assert.equal(connector.closed, 1000);
  });

  describe("deadlines", () => {
    const at = (now: number) => {
      assert.ok(relay.deadline() <= now, `due at ${relay.deadline()}`);
      relay.expire(now);
      return relay.record.end?.code;
    };

    test("no connector: asked again, then told", () => {
      open(agent);
      assert.equal(at(REDIAL_MS), undefined);
      assert.deepEqual(effects, ["dial"]);
      assert.equal(at(JOIN_MS), "connector_offline");
    });

    test("an agent that stays away", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      relay.dropped("agent", agent, 1000);
      relay.expire(1000 + DEFAULT_LIMITS.resumeMs - 1);
      assert.equal(relay.record.end, null);
      assert.equal(at(1000 + DEFAULT_LIMITS.resumeMs), "agent_gone");
    });

    test("a connector that stays away; its process is looked for first", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      relay.dropped("connector", connector, 1000);
      assert.equal(at(1000 + CHECK_CONNECTOR_MS), undefined);
      assert.deepEqual(effects, ["check"]);
      assert.equal(at(1000 + DEFAULT_LIMITS.resumeMs), "connector_lost");
    });

    test("a connector whose process is gone ends the session, unless it is back by then", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      relay.lost(1);
      assert.equal(relay.record.state, "open");
      relay.dropped("connector", connector, 2);
      relay.lost(3);
      assert.equal(relay.record.end?.code, "connector_lost");
    });

    test("idle, too long, lease over", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      relay.frame("agent", data("x"), 5000);
      relay.expire(DEFAULT_LIMITS.idleMs);
      assert.equal(relay.record.end, null);
      assert.equal(at(5000 + DEFAULT_LIMITS.idleMs), "idle");
    });

    test("both sides gone while the object was not there: it ends after the time to resume, from the restart on", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      restart(50_000);
      relay.expire(50_000 + DEFAULT_LIMITS.resumeMs - 1);
      assert.equal(relay.record.end, null);
      relay.expire(50_000 + DEFAULT_LIMITS.resumeMs);
      assert.equal(relay.record.end !== null, true);
    });

    test("bytes beyond the limit end the session after the frame that crossed it", () => {
      relay.open(agent, facts(), { ...DEFAULT_LIMITS, maxBytes: 1000 }, "edge-key", SECRET, 0);
      relay.frame("agent", data("x".repeat(1000)), 1);
      assert.equal(relay.record.end?.code, "limit_exceeded");
      // The edge's last word to the agent is beyond it as well.
      assert.match(agent.frames.at(-1)!.toString(), /may log 1000 bytes/);
      assert.deepEqual(events(), ["opened", "ended"]);
    });
  });

  describe("a raw agent", () => {
    test("gets and gives bare bytes, long messages in several frames", () => {
      open(agent, "raw");
      relay.join(connector, KEY, SECRET, 0);
      relay.raw(Buffer.alloc(MAX_PAYLOAD + 10, "q"), 1);
      assert.deepEqual(
        connector.payloads.map(({ length }) => length),
        [MAX_PAYLOAD, 10],
      );
      relay.frame("connector", data("answer"), 2);
      assert.deepEqual(agent.frames.map(String), ["answer"]);
    });

    test("that reads slowly holds the log's reader, and gets all of it later", () => {
      open(agent, "raw");
      relay.join(connector, KEY, SECRET, 0);
      agent.bufferedAmount = 10 * WINDOW;
      relay.frame("connector", data("one"), 1);
      relay.frame("connector", data("two"), 2);
      assert.deepEqual(agent.frames, []);
      assert.notEqual(agent.remembered, undefined);
      agent.bufferedAmount = 0;
      relay.expire(relay.deadline());
      assert.deepEqual(agent.frames.map(String), ["one", "two"]);
      assert.equal(agent.remembered, undefined);
    });

    test("is gone for good when the object has lost its sockets", () => {
      open(agent, "raw");
      relay.join(connector, KEY, SECRET, 0);
      restart(10);
      assert.equal(relay.deadline(), 10);
      relay.expire(10);
      assert.equal(relay.record.end?.code, "agent_gone");
    });

    test("can't come back", () => {
      open(agent, "raw");
      relay.join(connector, KEY, SECRET, 0);
      relay.dropped("agent", agent, 1);
      assert.equal(relay.record.end?.code, "closed");
    });
  });

  describe("a viewer", () => {
    test("sees every entry from where it asks, without a gap, then what comes", () => {
      open(agent);
      relay.join(connector, KEY, SECRET, 0);
      relay.frame("agent", data("a"), 1);
      const viewer = new FakePeer();
      relay.audience.attach(viewer, 1, 2);
      const before = relay.log.seq;
      assert.equal(viewer.frames.length, before);
      relay.frame("connector", data("b"), 3);
      assert.equal(viewer.frames.length, before + 1);
      relay.end("closed", "done", 4);
      assert.equal(viewer.frames.length, relay.log.seq);
      assert.equal(viewer.closed, 1000);
    });

    test("that is too far behind is told to come back", () => {
      open(agent);
      const viewer = new FakePeer();
      relay.audience.attach(viewer, 1, 1);
      viewer.bufferedAmount = 100 * WINDOW;
      relay.frame("agent", data("a"), 2);
      assert.equal(viewer.closed, VIEWER_BEHIND);
    });
  });

  test("a connector that waited and left before the agent came is replaced, and can't come back", () => {
    relay.join(connector, KEY, SECRET, 0);
    relay.dropped("connector", connector, 1);
    open(agent);
    assert.equal(relay.record.connector, null);
    assert.equal(relay.record.connectorResume, null);
  });

  test("a connector that waits is not a session: nothing is logged until an agent comes, and the first entry says who", () => {
    relay.join(connector, KEY, SECRET, 0);
    relay.dropped("connector", connector, 1);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 2);
    assert.equal(relay.log.seq, 0);
    open(agent);
    assert.deepEqual(events(), ["opened", "connector_joined"]);
  });
});

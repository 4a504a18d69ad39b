import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { DEFAULT_LIMITS, type SessionFacts } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { decodeReset, encodeReset } from "../../protocol/exchange-payload.ts";
import {
  decodeHeader,
  encodeAck,
  encodeFrame,
  FRAME_HEADER,
  FrameFlag,
  FrameType,
  MAX_PAYLOAD,
  WINDOW,
} from "../../protocol/frame.ts";
import { ApprovalDesk, type DeskHost } from "../approval/desk.ts";
import { FakePeer, facts, ID, KEY, SECRET } from "../testing/session-peers.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import type { Effects } from "./effects.ts";
import type { Sql } from "./log.ts";
import { SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";

const head = (stream: number) => encodeFrame(FrameType.data, FrameFlag.head, stream, Buffer.from("{}"));
const data = (stream: number, payload: string | Buffer) =>
  encodeFrame(FrameType.data, 0, stream, Buffer.from(payload));
const end = (stream: number) => encodeFrame(FrameType.end, 0, stream);
const full = (stream: number) => data(stream, Buffer.alloc(MAX_PAYLOAD));

describe("a session that carries exchanges", () => {
  let sql: Sql;
  let records: SessionRecords;
  let relay: Relay;
  let agent: FakePeer;
  let connector: FakePeer;

  const effects: Effects = {
    save: (record) => records.save(record),
    dial() {},
    checkConnector() {},
    settle() {},
    seal() {},
    discard() {},
    tell() {},
    wake() {},
  };
  const desk = (host: DeskHost) => new ApprovalDesk(sql, 1, ID, host);
  const open = (mode: SessionFacts["mode"] = "framed", limits = DEFAULT_LIMITS) => {
    relay.open(agent, { ...facts(mode), kind: "http" }, limits, "edge-key", SECRET, 0);
    relay.join(connector, KEY, SECRET, 0);
  };
  const restart = (now: number) => {
    relay = new Relay(records.find(ID)!, newLog(sql, ID, 1), desk, effects, now);
  };
  const logged = (kind: EntryKind) =>
    [...relay.log.read(1, 1000)]
      .filter((entry) => entry.kind === kind)
      .map(({ frame }) => Buffer.from(frame));

  beforeEach(() => {
    sql = sessionStorage();
    records = new SessionRecords(sql);
    relay = new Relay(records.create(ID, "parked", 0), newLog(sql, ID, 1), desk, effects, 0);
    agent = new FakePeer();
    connector = new FakePeer();
  });

  test("logs the frames of all streams and delivers them as they are", () => {
    open();
    const frames = [head(1), head(2), data(2, "two"), end(1), encodeReset(2, "closed", "enough")];
    for (const frame of frames) relay.frame("agent", frame, 1);
    assert.deepEqual(connector.frames, frames);
    assert.deepEqual(logged(EntryKind.agent), frames);
    const answer = data(1, "answer");
    relay.frame("connector", answer, 2);
    assert.deepEqual(agent.frames, [answer]);
  });

  test("bytes beyond the limit end the session once, and its open streams with one frame", () => {
    open("framed", { ...DEFAULT_LIMITS, maxBytes: 1000 });
    relay.frame("agent", head(1), 1);
    relay.frame("agent", data(1, "x".repeat(1000)), 1);
    assert.equal(relay.record.end?.code, "limit_exceeded");
    assert.deepEqual(
      agent.frames.map((frame) => decodeReset(frame.subarray(FRAME_HEADER)).code),
      ["limit_exceeded"],
    );
    assert.deepEqual(
      connector.texts.map(({ type }) => type),
      ["welcome", "open", "end"],
    );
  });

  test("a stream whose window is full holds up no other", () => {
    open();
    relay.frame("agent", head(1), 1);
    relay.frame("agent", head(2), 1);
    for (let sent = 0; sent < 2 * WINDOW; sent += MAX_PAYLOAD) relay.frame("connector", full(1), 1);
    relay.frame("connector", data(2, "quick"), 1);
    assert.equal(agent.payloads.at(-1), "quick");
    assert.throws(() => relay.frame("connector", data(1, "x"), 1), { code: "window_exceeded" });
  });

  test("an acknowledgement reaches its sender with the stream's number; on stream 0 it tells frames alone", () => {
    open();
    relay.frame("agent", head(1), 1);
    relay.frame("connector", data(1, "12345"), 1);
    relay.frame("agent", encodeAck(1, { frames: 1, bytes: 5 }), 2);
    assert.deepEqual(connector.frames.at(-1), encodeAck(1, { frames: 1, bytes: 5 }));
    relay.frame("agent", encodeAck(0, { frames: 1, bytes: 77 }), 2);
    assert.deepEqual(connector.frames.at(-1), encodeAck(0, { frames: 1, bytes: 0 }));
    assert.throws(() => relay.frame("agent", encodeAck(1, { frames: 1, bytes: 6 }), 2), {
      code: "protocol_violation",
    });
  });

  test("credit that was given while a sender was away reaches it when it is back, for each stream", () => {
    open();
    for (const stream of [1, 2, 3]) {
      relay.frame("agent", head(stream), 1);
      relay.frame("connector", data(stream, "12345"), 1);
    }
    relay.dropped("connector", connector, 2);
    relay.frame("agent", encodeAck(1, { frames: 3, bytes: 5 }), 3);
    relay.frame("agent", encodeAck(3, { frames: 3, bytes: 4 }), 3);
    const back = new FakePeer();
    relay.resume("connector", back, 3, 4);
    assert.deepEqual(back.frames, [
      encodeAck(1, { frames: 3, bytes: 5 }),
      encodeAck(3, { frames: 3, bytes: 4 }),
    ]);
  });

  test("a side whose socket takes nothing is read for from the log, later", () => {
    open();
    relay.frame("agent", head(1), 1);
    agent.bufferedAmount = 100 * WINDOW;
    relay.frame("connector", data(1, "one"), 1);
    relay.frame("connector", data(1, "two"), 1);
    assert.deepEqual(agent.payloads, []);
    agent.bufferedAmount = 0;
    assert.ok(relay.deadline() <= 1000);
    relay.expire(relay.deadline());
    assert.deepEqual(agent.payloads, ["one", "two"]);
  });

  test("resumes across a restart, with streams that were open before", () => {
    open();
    relay.frame("agent", head(1), 1);
    relay.frame("connector", data(1, "one"), 1);
    restart(10);
    relay.woke(10);
    const back = new FakePeer();
    relay.resume("agent", back, 0, 11);
    relay.resume("connector", connector, 1, 11);
    relay.frame("connector", data(1, "two"), 12);
    assert.deepEqual(back.payloads, ["one", "two"]);
    relay.frame("agent", encodeAck(1, { frames: 2, bytes: 6 }), 13);
    assert.deepEqual(connector.frames.at(-1), encodeAck(1, { frames: 2, bytes: 6 }));
  });

  test("what is no exchange's frame is refused", () => {
    open();
    const refused = (side: "agent" | "connector", frame: Buffer, code = "protocol_violation") =>
      assert.throws(() => relay.frame(side, frame, 1), { code });
    refused("agent", data(0, "x"));
    refused("connector", data(0, "x"));
    refused("agent", data(1, "no head"));
    refused("connector", head(1));
    refused("connector", encodeFrame(FrameType.event, 0, 1, Buffer.from("{}")));
    refused("agent", encodeFrame(FrameType.event, 0, 0, Buffer.from("{}")));
    refused("agent", encodeReset(1, "closed", "never open"));
    refused("connector", encodeReset(0, "closed", "as the edge", FrameFlag.edge));
    assert.deepEqual(logged(EntryKind.agent), []);
    assert.deepEqual(logged(EntryKind.target), []);
  });

  test("a session of another kind has no streams, heads or resets", () => {
    relay.open(agent, facts("framed"), DEFAULT_LIMITS, "edge-key", SECRET, 0);
    for (const frame of [head(0), head(1), encodeReset(0, "closed", ""), data(1, "x")])
      assert.throws(() => relay.frame("agent", frame, 1), { code: "protocol_violation" });
    assert.throws(() => relay.frame("agent", encodeAck(1, { frames: 0, bytes: 0 }), 1), {
      code: "protocol_violation",
    });
  });

  test("ended with streams open, the agent gets the reason on stream 0 as the last frame; else nothing", () => {
    open();
    relay.frame("agent", head(1), 1);
    relay.end("session_killed", "enough", 2);
    const last = agent.frames.at(-1)!;
    assert.deepEqual(decodeHeader(last), { type: FrameType.reset, flags: FrameFlag.edge, stream: 0 });
    assert.deepEqual(decodeReset(last.subarray(FRAME_HEADER)), { code: "session_killed", reason: "enough" });
    assert.equal(agent.closed, 4410);

    const other = new FakePeer();
    relay = new Relay(
      records.create("f".repeat(32), "parked", 0),
      newLog(sql, "f".repeat(32), 2),
      desk,
      effects,
      0,
    );
    relay.open(other, { ...facts("framed"), kind: "http" }, DEFAULT_LIMITS, "edge-key", SECRET, 0);
    relay.end("session_killed", "enough", 2);
    assert.deepEqual(other.frames, []);
  });

  describe("whose agent's side is the object itself", () => {
    test("tells the connector after a restart that what it runs must end, if anything was open", () => {
      open("http");
      relay.frame("agent", head(1), 1);
      restart(10);
      relay.attach("agent", new FakePeer(), undefined);
      relay.woke(10);
      const back = new FakePeer();
      relay.resume("connector", back, 1, 11);
      assert.deepEqual(decodeHeader(back.frames[0]!), { type: FrameType.reset, flags: 0, stream: 0 });
      assert.equal(decodeReset(back.frames[0]!.subarray(FRAME_HEADER)).code, "agent_gone");
      restart(20);
      relay.attach("agent", new FakePeer(), undefined);
      relay.woke(20);
      assert.equal(logged(EntryKind.agent).length, 2, "told once");
    });

    test("and nothing if nothing was open: an object that only slept wakes for free", () => {
      open("http");
      relay.frame("agent", head(1), 1);
      relay.frame("agent", end(1), 1);
      relay.frame("connector", head(1), 1);
      relay.frame("connector", end(1), 1);
      const before = relay.log.seq;
      restart(10);
      relay.attach("agent", new FakePeer(), undefined);
      relay.woke(10);
      assert.equal(relay.log.seq, before);
      assert.equal(relay.record.end, null);
    });
  });
});

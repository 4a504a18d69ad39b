import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { DEFAULT_LIMITS } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { decodeAck, encodeAck, encodeFrame, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { ApprovalDesk, type DeskHost } from "../approval/desk.ts";
import { FakePeer, facts, ID, KEY, SECRET } from "../testing/session-peers.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import type { Effects } from "./effects.ts";
import type { Sql } from "./log.ts";
import { SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";

const { confirm, record, ask, partial, edge } = FrameFlag;
const event = (flags: number, payload = '{"event":"signal"}') =>
  encodeFrame(FrameType.event, flags, 0, Buffer.from(payload));
const data = (text: string) => encodeFrame(FrameType.data, 0, 0, Buffer.from(text));

describe("events for which the connector waits", () => {
  let sql: Sql;
  let records: SessionRecords;
  let relay: Relay;
  let agent: FakePeer;
  let connector: FakePeer;

  const desk = (host: DeskHost) => new ApprovalDesk(sql, 1, ID, host);
  const effects: Effects = {
    save: (one) => records.save(one),
    dial() {},
    checkConnector() {},
    settle() {},
    seal() {},
    discard() {},
    tell() {},
    wake() {},
  };
  const acks = (peer = connector) =>
    peer.frames.filter((frame) => frame[0] === FrameType.ack).map((frame) => decodeAck(frame));

  beforeEach(() => {
    sql = sessionStorage();
    records = new SessionRecords(sql);
    relay = new Relay(records.create(ID, "parked", 0), newLog(sql, ID, 1), desk, effects, 0);
    agent = new FakePeer();
    connector = new FakePeer();
    relay.open(agent, facts(), DEFAULT_LIMITS, "edge-key", SECRET, 0);
    relay.join(connector, KEY, SECRET, 0);
  });

  test("are acknowledged at once, after they are in the log, with the count of all frames so far", () => {
    let logged = -1;
    const send = connector.send.bind(connector);
    connector.send = (bytes) => {
      logged = [...relay.log.read(1, 100)].filter(({ kind }) => kind === EntryKind.connector).length;
      send(bytes);
    };
    relay.frame("connector", event(0), 1);
    relay.frame("connector", data("to the agent"), 2);
    assert.deepEqual(acks(), []);
    relay.frame("connector", event(confirm), 3);
    assert.equal(logged, 2);
    assert.deepEqual(acks(), [{ frames: 3, bytes: 0 }]);
    relay.frame("connector", event(confirm | record, "\x01\0\0\0\x01ls"), 4);
    assert.deepEqual(acks().at(-1), { frames: 4, bytes: 0 });
    assert.deepEqual(acks(agent), []);
  });

  test("that could not be written are not acknowledged", () => {
    const { exec } = sql;
    sql.exec = () => {
      throw new Error("database or disk is full");
    };
    assert.throws(() => relay.frame("connector", event(confirm), 1), /full/);
    sql.exec = exec;
    assert.deepEqual(acks(), []);
  });

  test("change no credit: what the agent has consumed is told as it last said, also after a restart", () => {
    relay.frame("connector", data("12345"), 1);
    relay.frame("agent", encodeAck(0, { frames: 1, bytes: 3 }), 2);
    relay.frame("connector", event(confirm), 3);
    assert.deepEqual(acks().at(-1), { frames: 2, bytes: 3 });
    relay = new Relay(records.find(ID)!, newLog(sql, ID, 1), desk, effects, 10);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 11);
    relay.frame("connector", event(confirm), 12);
    assert.deepEqual(
      acks(back),
      [{ frames: 3, bytes: 0 }],
      "five bytes were sent, and nobody said that they arrived",
    );
  });

  test("whose acknowledgement was lost with the socket are confirmed by the welcome", () => {
    relay.frame("connector", event(confirm), 1);
    relay.dropped("connector", connector, 2);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 3);
    assert.equal(back.texts[0]!.type, "welcome");
    assert.equal(back.texts[0]!.received, 1);
  });

  test("after the end are neither logged nor acknowledged", () => {
    relay.end("session_killed", "enough", 1);
    relay.frame("connector", event(confirm), 2);
    assert.deepEqual(acks(), []);
  });

  test("a record is only recorded, whatever its bytes say", () => {
    const text = '{"event":"approval_used","approval":1}';
    relay.frame("connector", event(record, text), 1);
    assert.equal(relay.record.state, "open");
    assert.deepEqual(agent.frames, []);
    const last = [...relay.log.read(relay.log.seq, 1)][0]!;
    assert.equal(last.kind, EntryKind.connector);
    assert.equal(Buffer.from(last.frame).subarray(6).toString(), text);
  });

  test("flags that don't go together are a violation, and nothing is logged", () => {
    const { seq } = relay.log;
    for (const flags of [ask | record, ask | confirm, record | partial, confirm | edge, 32, 255]) {
      assert.throws(() => relay.frame("connector", event(flags), 1), { code: "protocol_violation" });
    }
    for (const flags of [record, confirm, ask]) {
      const frame = encodeFrame(FrameType.data, flags, 0, Buffer.from("x"));
      for (const side of ["agent", "connector"] as const)
        assert.throws(() => relay.frame(side, frame, 1), { code: "protocol_violation" });
    }
    assert.throws(() => relay.frame("agent", event(record), 1), { code: "protocol_violation" });
    assert.equal(relay.log.seq, seq);
  });

  test("the end of an SSH session adds nothing to the agent's stream: it is ciphertext", () => {
    const id = "f".repeat(32);
    relay = new Relay(
      records.create(id, "parked", 0),
      newLog(sql, id, 2),
      (host) => new ApprovalDesk(sql, 2, id, host),
      effects,
      0,
    );
    const client = new FakePeer();
    relay.open(client, { ...facts(), kind: "ssh" }, DEFAULT_LIMITS, "edge-key", SECRET, 0);
    relay.join(new FakePeer(), KEY, SECRET, 0);
    relay.frame("connector", data("SSH-2.0-Sallyport\r\n"), 1);
    relay.end("session_killed", "enough", 2);
    assert.deepEqual(client.payloads, ["SSH-2.0-Sallyport\r\n"]);
    assert.equal(client.texts.at(-1)?.type, "end");
    assert.equal(client.closed, 4410);
  });
});

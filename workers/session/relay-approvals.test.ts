import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import { DEFAULT_LIMITS } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { ApprovalDesk } from "../approval/desk.ts";
import { sampleAnswer, sampleQuestion, sampleRequestQuestion } from "../testing/sample-approval.ts";
import { FakePeer, facts, ID, KEY, SECRET } from "../testing/session-peers.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import type { Effects } from "./effects.ts";
import { SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";

describe("a session and what waits for people", () => {
  const question = sampleQuestion();
  const said = (ask: ApprovalAsk, flags: number = FrameFlag.ask) =>
    encodeFrame(FrameType.event, flags, 0, Buffer.from(JSON.stringify(ask)));
  const asked = () => said({ event: "approval_asked", approval: 1, question });
  const answer = (now: number) => relay.approvals.answer(1, sampleAnswer("corp/ada"), now);
  const news = (peer: FakePeer) =>
    peer.texts
      .filter(({ type }) => type === "approval")
      .map((one) => (one.news as { status: string }).status);

  let records: SessionRecords;
  let relay: Relay;
  let agent: FakePeer;
  let connector: FakePeer;
  let told: string[];
  let made: (now: number) => Relay;

  const events = () =>
    [...relay.log.read(1, 1000)]
      .filter((entry) => entry.kind === EntryKind.edge)
      .map((entry) => JSON.parse(Buffer.from(entry.frame).toString()).event as string);

  beforeEach(() => {
    const sql = sessionStorage();
    records = new SessionRecords(sql);
    records.create(ID, "parked", 0);
    told = [];
    const effects: Effects = {
      save: (record) => records.save(record),
      dial: () => {},
      checkConnector: () => {},
      settle: () => {},
      seal: () => {},
      discard: () => {},
      tell: ({ status }, what) => told.push(`${what}: ${status}`),
      wake: () => {},
    };
    made = (now) =>
      new Relay(
        records.find(ID)!,
        newLog(sql, ID, 1),
        (host) => new ApprovalDesk(sql, 1, ID, host),
        effects,
        now,
      );
    relay = made(0);
    [agent, connector] = [new FakePeer(), new FakePeer()];
    relay.open(agent, facts(), DEFAULT_LIMITS, "edge-key", SECRET, 0);
    relay.join(connector, KEY, SECRET, 0);
  });

  test("a question is recorded before it stands, an answer before it is told", () => {
    relay.frame("connector", asked(), 1);
    assert.deepEqual(news(connector), ["pending"]);
    assert.equal(answer(2).outcome, "counted");
    relay.frame("connector", said({ event: "approval_used", approval: 1 }), 3);
    assert.deepEqual(news(connector), ["pending", "approved"]);
    assert.deepEqual(events().slice(2), ["approval_opened", "approval_answered", "approval_decided"]);
    assert.deepEqual(told, ["asked: pending", "ended: approved", "ended: used"]);
    assert.deepEqual(
      agent.texts.map(({ type }) => type),
      ["welcome"],
    );
  });

  test("a question about an SSH request stands, and one whose digest is another's ends the session", () => {
    const held = sampleRequestQuestion();
    const request = { type: "exec", command: "rm -rf /", terminal: false } as const;
    const forged = said({ event: "approval_asked", approval: 1, question: { ...held, request } });
    assert.throws(() => relay.frame("connector", forged, 1), /question\.sha256/);
    assert.equal(relay.approvals.view(1), null);
    relay.frame("connector", said({ event: "approval_asked", approval: 1, question: held }), 2);
    assert.equal(answer(3).outcome, "counted");
    assert.deepEqual(news(connector), ["pending", "approved"]);
    assert.deepEqual(relay.approvals.view(1)?.question, held);
  });

  test("an event without the flag is only recorded, whatever it says", () => {
    relay.frame("connector", said({ event: "approval_asked", approval: 1, question }, 0), 1);
    assert.deepEqual(news(connector), []);
    assert.equal(relay.approvals.view(1), null);
  });

  test("an agent can't ask, and what is no question ends the session", () => {
    assert.throws(() => relay.frame("agent", asked(), 1), /event frame from the agent/);
    const nothing = encodeFrame(FrameType.event, FrameFlag.ask, 0, Buffer.from("{"));
    assert.throws(() => relay.frame("connector", nothing, 1), /it is no JSON/);
    assert.throws(
      () => relay.frame("connector", said({ event: "approval_used", approval: 1 }), 1),
      /never asked/,
    );
  });

  test("a connector that was away when it was approved is told when it is back", () => {
    relay.frame("connector", asked(), 1);
    relay.dropped("connector", connector, 2);
    answer(3);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 4);
    assert.deepEqual(news(back), ["approved"]);
  });

  test("an object that was evicted meanwhile still knows the question", () => {
    relay.frame("connector", asked(), 1);
    relay = made(2);
    assert.equal(answer(3).outcome, "counted");
    const back = new FakePeer();
    relay.resume("connector", back, 0, 4);
    assert.deepEqual(news(back), ["approved"]);
  });

  test("a session that waits is not idle, and is again when the question has expired", () => {
    relay.frame("connector", asked(), 1);
    const expires = 1 + question.expiresMs;
    assert.equal(relay.deadline(), expires);
    relay.expire(expires);
    assert.deepEqual(news(connector), ["pending", "expired"]);
    assert.equal(relay.record.state, "open");
    assert.equal(relay.deadline(), expires + DEFAULT_LIMITS.idleMs);
  });

  test("the end of the session withdraws the question before it is the last entry", () => {
    relay.frame("connector", asked(), 1);
    relay.end("session_killed", "enough", 2);
    assert.deepEqual(events().slice(-2), ["approval_decided", "ended"]);
    assert.equal(relay.approvals.view(1)?.status, "withdrawn");
    assert.equal(answer(3).outcome, "rejected");
    assert.equal(events().at(-1), "ended");
  });
});

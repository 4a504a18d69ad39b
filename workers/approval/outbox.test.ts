import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Approval, ApprovalChannel } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";
import { ASKED, SAMPLE_ID, sampleApproval, sampleVote } from "../testing/sample-approval.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { ApprovalOutbox, type OutboxMessage, type Receiver } from "./outbox.ts";
import type { Delivery } from "./post.ts";

const OK: Delivery = { outcome: "delivered", detail: "HTTP 200" };
const DOWN: Delivery = { outcome: "failed", detail: "HTTP 503", again: true };
const DENIED = sampleApproval({
  status: "denied",
  decided: { at: ASKED + 9, by: "corp/alice", reason: null },
});
const VOTED = sampleApproval({ votes: [sampleVote("corp/alice")] });

/** A receiver that answers as it is told to, and remembers what it got. */
function receiver(channel: Receiver["channel"], change: Partial<Receiver> = {}) {
  const sent: OutboxMessage[] = [];
  const answers: (Delivery | Promise<Delivery>)[] = [];
  const one: Receiver = {
    channel,
    newestOnly: channel !== "webhook",
    maxAttempts: 5,
    async send(message) {
      sent.push(message);
      return answers.shift() ?? OK;
    },
    ...change,
  };
  return Object.assign(one, { sent, answers });
}

function setUp(...receivers: Receiver[]) {
  const sql = sessionStorage();
  const told: [channel: ApprovalChannel, reached: boolean, detail: string][] = [];
  const woken: number[] = [];
  const time = { now: ASKED };
  const view: { approval: Approval | null } = { approval: null };
  const open = () =>
    new ApprovalOutbox(
      {} as Env,
      sql,
      {
        told: (id, channel, reached, detail) => {
          assert.equal(id, SAMPLE_ID);
          told.push([channel, reached, detail]);
        },
        view: () => view.approval,
        wake: (at) => void woken.push(at),
      },
      { fetch: () => assert.fail("nothing is fetched"), clock: () => time.now, random: () => 1 },
      receivers,
    );
  return { sql, told, woken, time, view, open, outbox: open() };
}

const whats = (sent: OutboxMessage[]) => sent.map(({ news }) => news.join("+"));

describe("the outbox", () => {
  test("wakes its object for what is added, sends it when it runs, and has no deadline then", async () => {
    const slack = receiver("slack");
    const { outbox, woken, told } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    assert.deepEqual([woken, outbox.deadline(), slack.sent.length], [[ASKED], ASKED, 0]);
    await outbox.run(ASKED);
    assert.deepEqual(slack.sent[0]!.approval, sampleApproval());
    assert.deepEqual(told, [["slack", true, "HTTP 200"]]);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
    await outbox.run(ASKED + 1);
    assert.equal(slack.sent.length, 1);
  });

  test("writes nothing into an object without approvals", async () => {
    const { outbox, sql } = setUp(receiver("slack"));
    await outbox.run(ASKED);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
    assert.deepEqual([...sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'approval%'")], []);
  });

  test("keeps messages through the end of its object", async () => {
    const slack = receiver("slack");
    const { outbox, open } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    const again = open();
    assert.equal(again.deadline(), ASKED);
    await again.run(ASKED);
    assert.equal(slack.sent.length, 1);
  });

  test("sends again what was under way when its object ended: at least once", async () => {
    const slack = receiver("slack");
    slack.answers.push(new Promise(() => {}));
    const { outbox, open } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    void outbox.run(ASKED);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY, "what is under way waits for nothing");
    await open().run(ASKED);
    assert.equal(slack.sent.length, 2);
  });

  test("tells at the first failure that a channel is unreached, once, and later that it is reached", async () => {
    const slack = receiver("slack");
    slack.answers.push(DOWN, DOWN);
    const { outbox, told, time } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    assert.deepEqual(told, [["slack", false, "HTTP 503"]]);
    for (let round = 0; round < 2; round++) {
      time.now = outbox.deadline();
      await outbox.run(time.now);
    }
    assert.deepEqual(told, [
      ["slack", false, "HTTP 503"],
      ["slack", true, "HTTP 200"],
    ]);
  });

  test("waits twice as long after each failure, with jitter, and gives up after so many attempts", async () => {
    const slack = receiver("slack");
    slack.answers.push(DOWN, DOWN, DOWN, DOWN, DOWN, DOWN);
    const { outbox, time, told } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    const waits: number[] = [];
    while (outbox.deadline() < Number.POSITIVE_INFINITY) {
      waits.push(outbox.deadline() - time.now);
      time.now = outbox.deadline();
      await outbox.run(time.now);
    }
    assert.deepEqual(waits, [0, 1_000, 2_000, 4_000, 8_000]);
    assert.equal(told.length, 1);
  });

  test("does not send before its time", async () => {
    const slack = receiver("slack");
    slack.answers.push(DOWN);
    const { outbox } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    await outbox.run(ASKED + 999);
    assert.equal(slack.sent.length, 1);
  });

  test("keeps to Retry-After, for all messages of that receiver and no other's", async () => {
    const slack = receiver("slack");
    const webhook = receiver("webhook");
    slack.answers.push({ ...DOWN, retryAfterMs: 30_000 });
    const { outbox } = setUp(slack, webhook);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    outbox.add(VOTED, "voted", ASKED + 1);
    await outbox.run(ASKED + 1);
    assert.deepEqual([slack.sent.length, webhook.sent.length, outbox.deadline()], [1, 2, ASKED + 30_000]);
  });

  test("gives up at once what will never be taken", async () => {
    const slack = receiver("slack");
    slack.answers.push({ outcome: "failed", detail: "HTTP 404 (no_service)", again: false });
    const { outbox, told } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    assert.deepEqual(told, [["slack", false, "HTTP 404 (no_service)"]]);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("never gives up the index, and tells nobody about it", async () => {
    const index = receiver("index", { maxAttempts: Number.POSITIVE_INFINITY });
    index.answers.push(...Array<Delivery>(50).fill(DOWN));
    const { outbox, time, told } = setUp(index);
    outbox.add(sampleApproval(), "asked", ASKED);
    for (let round = 0; round < 51; round++) {
      time.now = outbox.deadline();
      await outbox.run(time.now);
    }
    assert.deepEqual([index.sent.length, told], [51, []]);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("of a receiver that wants the newest only, sends the state as it is now, and what came since", async () => {
    const slack = receiver("slack");
    const { outbox, view } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    outbox.add(VOTED, "voted", ASKED + 1);
    view.approval = { ...VOTED, expires: 1 };
    await outbox.run(ASKED + 1);
    assert.deepEqual(whats(slack.sent), ["asked+voted"]);
    assert.equal(slack.sent[0]!.approval.expires, 1);
  });

  test("news that comes while an older message is under way is sent after it, at once", async () => {
    const slack = receiver("slack");
    const gate = Promise.withResolvers<Delivery>();
    slack.answers.push(gate.promise);
    const { outbox, time, woken } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    const first = outbox.run(ASKED);
    outbox.add(DENIED, "ended", ASKED + 5);
    await outbox.run(ASKED + 5);
    assert.equal(slack.sent.length, 1, "no two at once of one approval");
    time.now = ASKED + 6;
    gate.resolve(OK);
    await first;
    assert.equal(woken.at(-1), ASKED + 6);
    await outbox.run(ASKED + 6);
    assert.deepEqual(whats(slack.sent), ["asked", "ended"]);
  });

  test("a question that failed while its end came is not lost on the one that wants the newest only", async () => {
    const slack = receiver("slack");
    const gate = Promise.withResolvers<Delivery>();
    slack.answers.push(gate.promise);
    const { outbox } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    const first = outbox.run(ASKED);
    outbox.add(DENIED, "ended", ASKED + 5);
    gate.resolve(DOWN);
    await first;
    await outbox.run(ASKED + 5);
    assert.deepEqual(whats(slack.sent), ["asked", "asked+ended"]);
  });

  test("of a receiver that wants each, sends them in order, under keys that stay and differ", async () => {
    const webhook = receiver("webhook");
    webhook.answers.push(DOWN);
    const { outbox, time } = setUp(webhook);
    outbox.add(sampleApproval(), "asked", ASKED);
    outbox.add(VOTED, "voted", ASKED);
    for (let round = 0; round < 3; round++) {
      time.now = outbox.deadline();
      await outbox.run(time.now);
    }
    assert.deepEqual(whats(webhook.sent), ["asked", "asked", "voted"]);
    const keys = webhook.sent.map(({ key }) => key);
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[1], keys[2]);
    for (const key of keys) assert.doesNotMatch(key, /\./);
  });

  test("keys don't come again after all messages are gone", async () => {
    const webhook = receiver("webhook");
    const { outbox } = setUp(webhook);
    for (const time of [ASKED, ASKED + 1]) {
      outbox.add(VOTED, "voted", time);
      await outbox.run(time);
    }
    assert.notEqual(webhook.sent[0]!.key, webhook.sent[1]!.key);
  });

  test("what was asked is not told any more when it has ended, but its end is", async () => {
    const webhook = receiver("webhook");
    webhook.answers.push(DOWN);
    const { outbox } = setUp(webhook);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    outbox.add(DENIED, "ended", ASKED + 10);
    await outbox.run(ASKED + 10);
    assert.deepEqual(whats(webhook.sent), ["asked", "ended"]);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("what was asked and under way when it ended is not tried again", async () => {
    const webhook = receiver("webhook");
    const gate = Promise.withResolvers<Delivery>();
    webhook.answers.push(gate.promise);
    const { outbox } = setUp(webhook);
    outbox.add(sampleApproval(), "asked", ASKED);
    const first = outbox.run(ASKED);
    outbox.add(DENIED, "ended", ASKED);
    gate.resolve(DOWN);
    await first;
    await outbox.run(ASKED);
    assert.deepEqual(whats(webhook.sent), ["asked", "ended"]);
  });

  test("a receiver that hangs holds up neither another one nor another approval", async () => {
    const slack = receiver("slack");
    slack.answers.push(new Promise(() => {}));
    const webhook = receiver("webhook");
    const { outbox } = setUp(slack, webhook);
    outbox.add(sampleApproval(), "asked", ASKED);
    void outbox.run(ASKED);
    outbox.add(sampleApproval({ id: `${"b".repeat(32)}-1` }), "asked", ASKED);
    const told: string[] = [];
    webhook.answers.push(OK, OK);
    slack.answers.push({ outcome: "needless" });
    await outbox.run(ASKED).catch((error: Error) => told.push(error.message));
    assert.equal(webhook.sent.length, 2);
    assert.equal(slack.sent.length, 2);
  });

  test("never asks one receiver for many approvals at once; the rest follows", async () => {
    const gates = Array.from({ length: 5 }, () => Promise.withResolvers<Delivery>());
    const webhook = receiver("webhook");
    webhook.answers.push(...gates.map(({ promise }) => promise));
    const { outbox } = setUp(webhook);
    for (let n = 1; n <= 5; n++) outbox.add(sampleApproval({ id: `${"c".repeat(32)}-${n}` }), "asked", ASKED);
    const runs = [outbox.run(ASKED), outbox.run(ASKED)];
    assert.equal(webhook.sent.length, 2);
    for (const gate of gates) {
      gate.resolve({ outcome: "needless" });
      await gate.promise;
      await new Promise(setImmediate);
      runs.push(outbox.run(ASKED));
    }
    await Promise.all(runs);
    assert.equal(webhook.sent.length, 5);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("a receiver that throws is one that failed, without a word of why in what is told", async () => {
    const slack = receiver("slack", {
      send: () => Promise.reject(new Error("https://hooks.slack.com/services/T/B/secret")),
    });
    const { outbox, told } = setUp(slack);
    outbox.add(sampleApproval(), "asked", ASKED);
    await outbox.run(ASKED);
    assert.deepEqual(told, [["slack", false, "the message could not be made or sent"]]);
    assert.equal(outbox.deadline(), ASKED + 1_000);
  });

  test("what waits for a channel that is configured no more is dropped", async () => {
    const { outbox, sql } = setUp(receiver("webhook"));
    outbox.add(sampleApproval(), "asked", ASKED);
    const without = new ApprovalOutbox(
      {} as Env,
      sql,
      { told: () => assert.fail(), view: () => null, wake: () => {} },
      { fetch: () => assert.fail(), clock: () => ASKED, random: () => 1 },
      [],
    );
    await without.run(ASKED);
    assert.equal(without.deadline(), Number.POSITIVE_INFINITY);
  });
});

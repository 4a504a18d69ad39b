import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApprovalAsk, ApprovalNews, RequestQuestion } from "../../protocol/approval/approval.ts";
import { Approvals } from "../guard/approvals.ts";
import { TestTimers } from "../guard/testing.ts";
import { HeldExchanges } from "./held-exchanges.ts";

const QUESTION: RequestQuestion = {
  kind: "request",
  account: "",
  actions: ["http:post"],
  request: {
    type: "http",
    method: "POST",
    target: "/orders",
    contentType: null,
    body: null,
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes: null,
  },
  sha256: "ab".repeat(32),
  fingerprint: "ab".repeat(32),
  policies: ["writes"],
  reason: "writes are looked at",
  approvals: [{ approvers: ["ops"], quorum: 1 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
};
const PENDING: ApprovalNews["news"] = {
  status: "pending",
  id: `${"ab".repeat(16)}-1`,
  expires: 60_000,
  votes: 0,
  needed: 1,
};
const APPROVED: ApprovalNews["news"] = { status: "approved", by: ["corp/ada"], under: null };

function rig() {
  const timers = new TestTimers();
  const asks: ApprovalAsk[] = [];
  const approvals = new Approvals({ ask: (ask) => asks.push(ask), timers, now: () => timers.now });
  const held = new HeldExchanges(approvals, timers);
  const news = (approval: number, what: ApprovalNews["news"]) =>
    approvals.news({ type: "approval", approval, news: what });
  const gone = new AbortController();
  const wait = (question = QUESTION, ms = 1_000) => held.wait(question, ms, gone.signal);
  return { timers, asks, held, news, gone, wait, trail: () => asks.map(({ event }) => event) };
}

describe("a held exchange", () => {
  test("is released when it is approved while it waits", async () => {
    const { news, wait, trail } = rig();
    const waiting = wait();
    news(1, APPROVED);
    const awaited = await waiting;
    assert.equal(awaited.state === "decided" && awaited.outcome.approved, true);
    assert.deepEqual(trail(), ["approval_asked"]);
  });

  test("that can't wait so long leaves its question, which the same request joins", async () => {
    const { timers, news, wait, trail } = rig();
    const first = wait();
    news(1, PENDING);
    timers.pass(1_000);
    assert.equal((await first).state, "waiting");
    const second = wait();
    news(1, APPROVED);
    assert.equal((await second).state, "decided");
    assert.deepEqual(trail(), ["approval_asked"]);
  });

  test("that can't wait at all is told once its question has an id", async () => {
    const { timers, news, wait } = rig();
    let awaited: string | null = null;
    const waiting = wait(QUESTION, 0).then(({ state }) => {
      awaited = state;
    });
    timers.pass(0);
    await new Promise(setImmediate);
    assert.equal(awaited, null);
    news(1, PENDING);
    await waiting;
    assert.equal(awaited, "waiting");
  });

  test("that was approved meanwhile passes when it comes again, once", async () => {
    const { timers, news, wait, held, trail } = rig();
    const first = wait();
    news(1, PENDING);
    timers.pass(1_000);
    await first;
    news(1, APPROVED);
    const second = await wait();
    assert.equal(second.state === "decided" && second.outcome.approved, true);
    if (second.state !== "decided") return;
    held.over(second.hold);
    second.hold.used();
    void wait();
    assert.deepEqual(trail(), ["approval_asked", "approval_used", "approval_asked"]);
  });

  test("whose approval nobody comes for gives it back", async () => {
    const { timers, news, wait, trail } = rig();
    const first = wait();
    news(1, PENDING);
    timers.pass(1_000);
    await first;
    news(1, APPROVED);
    await new Promise(setImmediate);
    timers.pass(60_000);
    void wait();
    assert.deepEqual(trail(), ["approval_asked", "approval_withdrawn", "approval_asked"]);
  });

  test("that was denied is asked about anew when it comes again", async () => {
    const { news, wait, trail } = rig();
    const first = wait();
    news(1, { status: "denied", by: "corp/ada", reason: "no" });
    const awaited = await first;
    assert.equal(awaited.state === "decided" && awaited.outcome.approved, false);
    void wait();
    assert.deepEqual(trail(), ["approval_asked", "approval_asked"]);
  });

  test("that was denied after its client left is told so when it comes again", async () => {
    const { timers, news, wait, trail } = rig();
    const first = wait();
    news(1, PENDING);
    timers.pass(1_000);
    await first;
    news(1, { status: "denied", by: "corp/ada", reason: "no" });
    const again = await wait();
    assert.equal(again.state === "decided" && !again.outcome.approved && again.outcome.why.why, "denied");
    assert.deepEqual(trail(), ["approval_asked"]);
  });

  test("joins no question about other bytes, nor one under other rules", async () => {
    const { wait, trail } = rig();
    void wait();
    void wait({ ...QUESTION, sha256: "cd".repeat(32) });
    void wait({ ...QUESTION, policies: ["others"] });
    void wait({ ...QUESTION, approvals: [{ approvers: ["ops"], quorum: 2 }] });
    assert.equal(trail().length, 4);
  });

  test("leaves nothing running when its session ends", async () => {
    const { timers, held, news, wait } = rig();
    const first = wait();
    news(1, PENDING);
    timers.pass(1_000);
    await first;
    news(1, APPROVED);
    await new Promise(setImmediate);
    assert.equal(timers.size, 1);
    held.end();
    assert.equal(timers.size, 0);
  });

  test("whose client is gone waits no more", async () => {
    const { gone, wait } = rig();
    const waiting = wait();
    gone.abort();
    assert.equal((await waiting).state, "gone");
  });
});

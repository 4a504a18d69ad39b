import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ApprovalAsk, type ApprovalNews, MAX_APPROVALS } from "../../protocol/approval/approval.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { type HeldWords, notApprovedWords } from "./approval-words.ts";
import { Approvals, MAX_OPEN_APPROVALS } from "./approvals.ts";
import { requestQuestion } from "./request-question.ts";
import { TestTimers } from "./testing.ts";

type News = ApprovalNews["news"];

const DECISION: Approve = {
  verdict: "approve",
  policies: ["restarts"],
  reason: "restarts are looked at",
  approvals: [{ approvers: ["ops"], quorum: 2 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
  rows: null,
  bytes: null,
};
const QUESTION = requestQuestion(DECISION, {
  account: "deploy",
  request: { type: "exec", command: "systemctl restart web", terminal: false },
  fingerprint: "",
});

function session() {
  const timers = new TestTimers();
  const asks: ApprovalAsk[] = [];
  const told: HeldWords[] = [];
  const approvals = new Approvals({ ask: (ask) => asks.push(ask), timers, now: () => timers.now });
  const ask = (warning: string | null = null) =>
    approvals.ask(QUESTION, { tell: (words) => told.push(words), warning });
  const news = (approval: number, what: News) => approvals.news({ type: "approval", approval, news: what });
  return { timers, asks, told, approvals, ask, news, trail: () => asks.map((one) => one.event) };
}

const id = (approval: number) => `${"ab".repeat(16)}-${approval}`;
const pending = (approval: number, votes = 0): News => ({
  status: "pending",
  id: id(approval),
  expires: 60_000,
  votes,
  needed: 2,
});
const APPROVED: News = { status: "approved", by: ["corp/ada"], under: null };

describe("a question", () => {
  test("is asked at once, decided by the edge, and used once", async () => {
    const { ask, news, asks, trail } = session();
    const hold = ask();
    assert.deepEqual(asks, [{ event: "approval_asked", approval: 1, question: QUESTION }]);
    assert.equal(hold.outcome.approved, false);
    news(1, APPROVED);
    assert.deepEqual(await hold.decided(), { approved: true });
    hold.used();
    assert.deepEqual(trail(), ["approval_asked", "approval_used"]);
    assert.throws(() => hold.used(), /without its approval/);
    hold.withdraw("too late");
    assert.deepEqual(trail(), ["approval_asked", "approval_used"]);
  });

  test("can't be used before it is approved, nor after it was taken back", async () => {
    const { ask, news } = session();
    const hold = ask();
    assert.throws(() => hold.used(), /without its approval/);
    news(1, APPROVED);
    await hold.decided();
    news(1, { status: "withdrawn", reason: "revoked by corp/ada" });
    assert.deepEqual(hold.outcome, {
      approved: false,
      why: { why: "withdrawn", reason: "revoked by corp/ada" },
    });
    assert.throws(() => hold.used(), /without its approval/);
  });

  for (const [said, why, words] of [
    [
      { status: "denied", by: "corp/ada", reason: "not on a Sunday" },
      { why: "denied", by: "corp/ada", reason: "not on a Sunday" },
      "refused by corp/ada: not on a Sunday",
    ],
    [
      { status: "denied", by: "", reason: null },
      { why: "denied", by: "", reason: null },
      "refused by an administrator: without a reason",
    ],
    [
      { status: "expired" },
      { why: "expired" },
      "approval expired: not enough people answered in time, which was 1 minute",
    ],
    [
      { status: "withdrawn", reason: "the session ends" },
      { why: "withdrawn", reason: "the session ends" },
      "the approval was withdrawn: the session ends",
    ],
    [
      { status: "refused", reason: "too many" },
      { why: "refused", reason: "too many" },
      "needs an approval, which can't be asked for: too many",
    ],
  ] as const) {
    test(`that is ${said.status} ends: ${words}`, async () => {
      const { ask, news, timers, trail } = session();
      const hold = ask();
      news(1, said);
      assert.deepEqual(await hold.decided(), { approved: false, why });
      assert.equal(notApprovedWords(QUESTION, why).message, words);
      news(1, APPROVED);
      assert.equal(hold.outcome.approved, false);
      hold.withdraw("once more");
      assert.deepEqual(trail(), ["approval_asked"]);
      assert.equal(timers.size, 0);
    });
  }

  test("that its agent withdraws ends at once, with a bounded reason, and no news change that", async () => {
    const { ask, news, asks, timers } = session();
    const hold = ask();
    hold.withdraw("x".repeat(5_000));
    assert.deepEqual(await hold.decided(), { approved: false, why: { why: "cancelled" } });
    news(1, APPROVED);
    assert.equal(hold.outcome.approved, false);
    const last = asks.at(-1);
    assert.ok(last?.event === "approval_withdrawn" && last.reason.length === 500);
    assert.equal(timers.size, 0);
  });

  test("of which the edge never says a word expires on this side, and the edge is told", async () => {
    const { ask, timers, trail } = session();
    const hold = ask();
    timers.pass(60_000);
    assert.deepEqual(trail(), ["approval_asked"]);
    timers.pass(30_000);
    assert.deepEqual(await hold.decided(), { approved: false, why: { why: "expired" } });
    assert.deepEqual(trail(), ["approval_asked", "approval_withdrawn"]);
  });
});

describe("the agent is told", () => {
  test("that it waits, why, of whom, for how long and how to withdraw; each vote; who approved", () => {
    const { ask, news, told } = session();
    ask("The connection is kept open.");
    for (const votes of [0, 0, 1, 1]) news(1, pending(1, votes));
    for (const _ of [1, 2]) news(1, { status: "unreached", channel: "slack" });
    news(1, APPROVED);
    const [first, ...others] = told;
    assert.deepEqual(first, {
      message: `waiting for approval ${id(1)}: restarts are looked at`,
      detail: "2 different people of ops must approve. The connection is kept open.",
      hint: `1 minute left. Who may approve runs \`sallyport approvals show ${id(1)}\`; interrupt it, or close the connection, to withdraw it.`,
    });
    assert.deepEqual(
      others.map(({ message }) => message),
      [
        `approval ${id(1)}: 1 of 2 have approved`,
        `approval ${id(1)}: slack can't be reached; the other ways to answer work`,
        `approval ${id(1)} was given by corp/ada`,
      ],
    );
  });

  test("nothing where an earlier approval covers it", async () => {
    const { ask, news, told } = session();
    const hold = ask();
    news(1, APPROVED);
    assert.ok((await hold.decided()).approved);
    assert.deepEqual(told, []);
  });

  test("no more than so much, whatever the edge says, and without what drives a terminal", () => {
    const { ask, news, told } = session();
    ask();
    for (let votes = 0; votes < 1_000; votes++) news(1, pending(1, votes));
    assert.equal(told.length, 50);
    const why = { why: "denied", by: "\u001b[2Jeve", reason: "a\nb\u202e\u0007" } as const;
    assert.equal(notApprovedWords(QUESTION, why).message, "refused by [2Jeve: a b");
  });
});

describe("the questions of a session", () => {
  test("may be open at once, each with an end of its own", async () => {
    const { ask, news, trail } = session();
    const [first, second, third] = [ask(), ask(), ask()];
    news(2, APPROVED);
    news(1, { status: "denied", by: "corp/ada", reason: null });
    assert.equal((await first.decided()).approved, false);
    assert.equal((await second.decided()).approved, true);
    news(1, APPROVED);
    assert.equal(first.outcome.approved, false);
    second.used();
    third.withdraw("gone");
    assert.deepEqual(trail().slice(3), ["approval_used", "approval_withdrawn"]);
  });

  test("are so many at once at most, and one more when one is over; approved ones count until they are used", () => {
    const { ask, news } = session();
    const holds = Array.from({ length: MAX_OPEN_APPROVALS }, () => ask());
    for (const { approval } of holds.slice(1)) news(approval, APPROVED);
    assert.throws(() => ask(), { code: "too_many" });
    holds[1]!.used();
    assert.equal(ask().approval, MAX_OPEN_APPROVALS + 1);
    assert.throws(() => ask(), { code: "too_many" });
    news(1, { status: "expired" });
    assert.equal(ask().approval, MAX_OPEN_APPROVALS + 2);
  });

  test("are so many in all", () => {
    const { ask, asks } = session();
    for (let count = 0; count < MAX_APPROVALS; count++) ask().withdraw("gone");
    assert.throws(() => ask(), { code: "too_many" });
    assert.equal(asks.length, 2 * MAX_APPROVALS);
  });

  test("end with it: who waits gets session_ended, nothing is asked or told, and no timer is left", async () => {
    const { ask, news, approvals, timers, trail, told } = session();
    const [waits, approved, alone] = [ask(), ask(), ask()];
    news(2, APPROVED);
    await approved.decided();
    const decided = assert.rejects(waits.decided(), { code: "session_ended" });
    approvals.end();
    await decided;
    await assert.rejects(alone.decided(), { code: "session_ended" });
    assert.equal(approved.outcome.approved, false);
    assert.throws(() => approved.used(), /without its approval/);
    news(1, pending(1));
    waits.withdraw("gone");
    assert.deepEqual(trail(), ["approval_asked", "approval_asked", "approval_asked"]);
    assert.deepEqual([told, timers.size], [[], 0]);
  });
});

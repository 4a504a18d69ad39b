import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type ApprovalEvent,
  type ApprovalNews,
  MAX_APPROVALS,
  type StatementQuestion,
} from "../../protocol/approval/approval.ts";
import type { Sql } from "../session/log.ts";
import { sampleAnswer, sampleConnect, sampleQuestion } from "../testing/sample-approval.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { ApprovalDesk } from "./desk.ts";
import type { Answer } from "./machine.ts";
import "../../protocol/seeded.ts";

const SESSION = "a".repeat(32);
const SUBJECT = { principal: "agent", onBehalfOf: "ada", target: "orders", session: SESSION };
const QUESTION = sampleQuestion({ expiresMs: 1_000, lastsMs: 5_000, plan: { rows: 10, cost: 5 } });

class Room {
  readonly sql: Sql & { close(): void } = sessionStorage();
  readonly events: ApprovalEvent[] = [];
  readonly news: ApprovalNews[] = [];
  readonly told: string[] = [];

  /** A desk that knows only what SQL knows. */
  desk(owner = 1, session = SESSION): ApprovalDesk {
    return new ApprovalDesk(this.sql, owner, session, {
      record: (event) => this.events.push(event),
      news: (news) => this.news.push(news),
      tell: (state, what) => this.told.push(`${what} ${state.approval} ${state.status}`),
    });
  }

  get names(): string[] {
    return this.events.map(({ event, approval }) => `${event} ${approval}`);
  }

  get heard(): string[] {
    return this.news.map(({ approval, news }) => `${approval} ${news.status}`);
  }
}

function ask(desk: ApprovalDesk, approval: number, change: Partial<StatementQuestion> = {}, now = 0): void {
  desk.ask(approval, SUBJECT, { ...QUESTION, ...change }, now);
}

const violation = { name: "SallyportError", code: "protocol_violation" };

describe("a question", () => {
  test("is opened, told, answered, decided and used, each once and in this order", () => {
    const room = new Room();
    ask(room.desk(), 1);
    assert.deepEqual([room.desk().pending, room.desk().deadline()], [true, 1_000]);
    assert.equal(room.desk().answer(1, sampleAnswer("dora", { reason: "fine" }), 5).outcome, "counted");
    assert.deepEqual([room.desk().pending, room.desk().deadline()], [false, Number.POSITIVE_INFINITY]);
    room.desk().used(1, 6);
    assert.deepEqual(room.names, ["approval_opened 1", "approval_answered 1", "approval_decided 1"]);
    assert.deepEqual(room.heard, ["1 pending", "1 approved"]);
    assert.deepEqual(room.told, ["asked 1 pending", "ended 1 approved", "ended 1 used"]);
  });

  test("is forgotten with its recording, and those of other sessions are not", () => {
    const room = new Room();
    ask(room.desk(1), 1);
    ask(room.desk(2), 1);
    room.desk(1).forget();
    assert.equal(room.desk(1).view(1), null);
    assert.equal(room.desk(2).view(1)?.status, "pending");
  });

  test("is shown as it was asked, from what is written", () => {
    const room = new Room();
    ask(room.desk(), 1, {}, 40);
    assert.deepEqual(room.desk().view(1), {
      id: `${SESSION}-1`,
      kind: "statement",
      session: SESSION,
      principal: "agent",
      onBehalfOf: "ada",
      target: "orders",
      status: "pending",
      asked: 40,
      expires: 1_040,
      question: QUESTION,
      votes: [],
      decided: null,
      until: null,
    });
    assert.equal(room.desk().view(2), null);
  });

  test("asked again under its number is not asked twice: its news are told again", () => {
    const room = new Room();
    ask(room.desk(), 1);
    ask(room.desk(), 1, {}, 500);
    room.desk().answer(1, sampleAnswer("dora"), 600);
    ask(room.desk(), 1, {}, 700);
    room.desk().used(1, 800);
    ask(room.desk(), 1, {}, 900);
    assert.deepEqual(room.heard, ["1 pending", "1 pending", "1 approved", "1 approved"]);
    assert.deepEqual(room.names, ["approval_opened 1", "approval_answered 1", "approval_decided 1"]);
    assert.equal(room.desk().view(1)?.asked, 0);
  });

  test("can't be exchanged for another under its number, before or after it was approved", () => {
    const room = new Room();
    ask(room.desk(), 1);
    const others = [
      { statement: "DROP TABLE orders" },
      { sha256: "1".repeat(64) },
      { parameters: ["8", null] },
    ];
    for (const change of others) assert.throws(() => ask(room.desk(), 1, change), violation);
    room.desk().answer(1, sampleAnswer("dora"), 1);
    for (const change of others) assert.throws(() => ask(room.desk(), 1, change), violation);
    assert.equal(room.events.length, 3);
  });

  test("must have the next number", () => {
    const room = new Room();
    for (const number of [2, 0, -1, 1.5, Number.NaN])
      assert.throws(() => ask(room.desk(), number), violation);
    ask(room.desk(), 1);
    assert.throws(() => ask(room.desk(), 3), violation);
    assert.equal(room.events.length, 1);
  });

  test("that was never asked can be neither used nor withdrawn; an answer to it finds nothing", () => {
    const room = new Room();
    assert.throws(() => room.desk().used(1, 0), violation);
    assert.throws(() => room.desk().withdraw(1, "cancelled", 0), violation);
    const outcome = room.desk().answer(1, sampleAnswer("dora"), 0);
    assert.ok(outcome.outcome === "rejected" && outcome.code === "not_found");
    room.desk().reject(1, "mallory", "slack", "forged", 0);
    room.desk().told(1, "slack", true, "", 0);
    assert.equal(room.desk().revoke(1, "boss", "", 0), false);
    assert.deepEqual([room.events, room.news], [[], []]);
  });

  test("that is pending, denied or used already can't be used", () => {
    const room = new Room();
    ask(room.desk(), 1);
    assert.throws(() => room.desk().used(1, 0), violation);
    room.desk().answer(1, sampleAnswer("dora", { answer: "deny" }), 1);
    assert.throws(() => room.desk().used(1, 2), violation);
    ask(room.desk(), 2);
    room.desk().answer(2, sampleAnswer("dora"), 3);
    room.desk().used(2, 4);
    assert.throws(() => room.desk().used(2, 5), violation);
  });
});

describe("what ends a question", () => {
  test("a withdrawal, once, whether it was approved or not", () => {
    const room = new Room();
    ask(room.desk(), 1);
    ask(room.desk(), 2);
    room.desk().answer(2, sampleAnswer("dora"), 1);
    for (const number of [1, 2]) {
      assert.equal(room.desk().withdraw(number, "the agent cancelled it", 2), true);
      assert.equal(room.desk().withdraw(number, "the agent cancelled it", 3), false);
      assert.equal(room.desk().view(number)?.status, "withdrawn");
    }
    assert.throws(() => room.desk().used(2, 4), violation);
  });

  test("time, at the alarm and not before", () => {
    const room = new Room();
    ask(room.desk(), 1);
    ask(room.desk(), 2, { expiresMs: 2_000 });
    room.desk().expire(999);
    assert.deepEqual(room.heard, ["1 pending", "2 pending"]);
    room.desk().expire(1_000);
    assert.deepEqual(room.heard, ["1 pending", "2 pending", "1 expired"]);
    assert.deepEqual([room.desk().deadline(), room.desk().pending], [2_000, true]);
    assert.equal(room.desk().withdraw(1, "late", 1_001), false);
  });

  test("the session's end: all of them, in silence towards the connector", () => {
    const room = new Room();
    ask(room.desk(), 1, { scope: "session", statement: "first", policies: ["a"] });
    room.desk().answer(1, sampleAnswer("dora"), 1);
    room.desk().used(1, 1);
    ask(room.desk(), 2, { policies: ["b"] });
    ask(room.desk(), 3, { policies: ["c"] });
    room.desk().answer(3, sampleAnswer("dora"), 1);
    room.news.length = 0;
    room.desk().end("the agent has gone", 2);
    const statuses = [1, 2, 3].map((number) => room.desk().view(number)?.status);
    assert.deepEqual(statuses, ["lapsed", "withdrawn", "withdrawn"]);
    assert.deepEqual(
      [room.news, room.desk().pending, room.desk().deadline()],
      [[], false, Number.POSITIVE_INFINITY],
    );
    const before = room.events.length;
    room.desk().end("again", 3);
    assert.equal(room.events.length, before);
    const late = room.desk().answer(2, sampleAnswer("dora"), 4);
    assert.ok(late.outcome === "rejected" && late.code === "conflict");
  });

  test("a revocation, which says whether there was something to revoke", () => {
    const room = new Room();
    ask(room.desk(), 1);
    ask(room.desk(), 2);
    room.desk().answer(2, sampleAnswer("dora"), 1);
    assert.equal(room.desk().revoke(1, "boss", "no", 2), true);
    assert.equal(room.desk().revoke(2, "boss", "no", 2), true);
    assert.equal(room.desk().revoke(2, "boss", "no", 3), false);
    assert.deepEqual(room.heard.slice(-2), ["1 denied", "2 denied"]);
    ask(room.desk(), 3);
    assert.equal(room.desk().revoke(3, "boss", "no", 1_000), false);
    assert.equal(room.desk().view(3)?.status, "expired");
  });
});

describe("a scope", () => {
  /** Question 1, approved for a time and used. */
  function given(scope: "fingerprint" | "session"): Room {
    const room = new Room();
    ask(room.desk(), 1, { scope });
    room.desk().answer(1, sampleAnswer("dora"), 100);
    room.desk().used(1, 101);
    room.events.length = room.news.length = room.told.length = 0;
    return room;
  }

  test("answers a later question at once, under the earlier one, and asks nobody", () => {
    const room = given("fingerprint");
    ask(room.desk(), 2, { scope: "fingerprint", parameters: ["8"], sha256: "1".repeat(64) }, 200);
    assert.deepEqual(room.events, [
      {
        event: "approval_decided",
        approval: 2,
        status: "approved",
        by: ["dora"],
        reason: null,
        until: 5_100,
        under: 1,
      },
    ]);
    assert.deepEqual(room.news, [
      { type: "approval", approval: 2, news: { status: "approved", by: ["dora"], under: 1 } },
    ]);
    assert.deepEqual(room.told, []);
    room.desk().used(2, 201);
    assert.throws(() => room.desk().used(2, 202), violation);
    assert.equal(room.desk().view(2)?.status, "used");
    assert.equal(room.desk().view(1)?.status, "approved");
  });

  const attacks: [string, Partial<StatementQuestion>][] = [
    ["a larger plan", { plan: { rows: 21, cost: 5 } }],
    ["another database", { database: "customers" }],
    ["another rule", { approvals: [{ approvers: ["security"], quorum: 1 }] }],
    ["another statement", { fingerprint: "e".repeat(32) }],
    ["another policy", { policies: ["drop"] }],
    ["scope once", { scope: "once" }],
  ];
  for (const [what, change] of attacks) {
    test(`fingerprint is asked anew for ${what}`, () => {
      const room = given("fingerprint");
      ask(room.desk(), 2, { scope: "fingerprint", ...change }, 200);
      assert.deepEqual(room.heard, ["2 pending"]);
    });
  }

  test("session is asked anew when it is asked later with more approvers", () => {
    const room = given("session");
    const more = [...QUESTION.approvals, { approvers: ["security"], quorum: 1 }];
    ask(room.desk(), 2, { scope: "session", approvals: more }, 200);
    assert.deepEqual(room.heard, ["2 pending"]);
  });

  test("covers nothing after its time, whether the alarm came or not", () => {
    const room = given("session");
    ask(room.desk(), 2, { scope: "session" }, 5_099);
    ask(room.desk(), 3, { scope: "session" }, 5_100);
    assert.deepEqual(room.heard, ["2 approved", "3 pending"]);
  });

  test("is not made longer by what it covered", () => {
    const room = given("session");
    ask(room.desk(), 2, { scope: "session", lastsMs: 600_000 }, 5_000);
    ask(room.desk(), 3, { scope: "session" }, 5_200);
    assert.deepEqual(room.heard, ["2 approved", "3 pending"]);
  });

  test("that is revoked covers nothing, and takes back what it covered and what has not run", () => {
    const room = given("session");
    ask(room.desk(), 2, { scope: "session" }, 200);
    ask(room.desk(), 3, { scope: "session" }, 200);
    room.desk().used(2, 201);
    assert.equal(room.desk().revoke(1, "boss", "a mistake", 202), true);
    ask(room.desk(), 4, { scope: "session" }, 203);
    assert.deepEqual(room.heard, ["2 approved", "3 approved", "3 denied", "4 pending"]);
    assert.deepEqual(
      [1, 2, 3].map((number) => room.desk().view(number)?.status),
      ["lapsed", "used", "lapsed"],
    );
  });

  test("ends with its time for what it covered and has not run", () => {
    const room = given("session");
    ask(room.desk(), 2, { scope: "session" }, 200);
    assert.equal(room.desk().deadline(), 5_100);
    room.desk().expire(5_100);
    assert.deepEqual(room.heard, ["2 approved", "2 withdrawn"]);
  });

  test("of one session covers nothing in another that shares its table", () => {
    const room = given("session");
    const other = "b".repeat(32);
    const desk = room.desk(2, other);
    desk.ask(1, { ...SUBJECT, session: other }, { ...QUESTION, scope: "session" }, 200);
    assert.deepEqual(room.heard, ["1 pending"]);
    desk.end("over", 201);
    assert.equal(room.desk().view(1)?.status, "approved");
    assert.equal(room.desk().view(1)?.id, `${SESSION}-1`);
  });
});

describe("a connector that is back", () => {
  test("hears of all that has not run", () => {
    const room = new Room();
    for (let number = 1; number <= 6; number++) ask(room.desk(), number);
    room.desk().answer(2, sampleAnswer("dora"), 1);
    room.desk().answer(3, sampleAnswer("dora", { answer: "deny", reason: "no" }), 1);
    room.desk().withdraw(4, "cancelled", 1);
    room.desk().answer(5, sampleAnswer("dora"), 1);
    room.desk().used(5, 1);
    room.desk().answer(6, sampleAnswer("dora"), 1);
    room.desk().revoke(6, "boss", "stop", 2);
    const news = room.desk().replay();
    assert.deepEqual(
      news.map(({ approval, news }) => `${approval} ${news.status}`),
      ["1 pending", "2 approved", "3 denied", "4 withdrawn", "6 denied"],
    );
    assert.deepEqual(room.desk().replay(), news);
  });

  test("hears how many of how many agree", () => {
    const room = new Room();
    const approvals = [
      { approvers: ["dba"], quorum: 2 },
      { approvers: ["security"], quorum: 1 },
    ];
    ask(room.desk(), 1, { approvals });
    room.desk().answer(1, sampleAnswer("dora", { for: [0, 1] }), 1);
    assert.deepEqual(room.desk().replay()[0]?.news, {
      status: "pending",
      id: `${SESSION}-1`,
      expires: 1_000,
      votes: 2,
      needed: 3,
    });
  });
});

describe("channels", () => {
  test("that were told are recorded; of one that can't be reached the agent hears while it waits", () => {
    const room = new Room();
    ask(room.desk(), 1);
    room.desk().told(1, "webhook", true, "200", 1);
    room.desk().told(1, "slack", false, "x".repeat(9_999), 2);
    room.desk().answer(1, sampleAnswer("dora"), 3);
    room.desk().told(1, "slack", false, "again", 4);
    assert.deepEqual(room.heard, ["1 pending", "1 unreached", "1 approved"]);
    assert.equal(room.names.filter((name) => name === "approval_told 1").length, 3);
    assert.ok(JSON.stringify(room.events).length < 2_000);
  });

  test("that bring a forged answer leave it in the recording, so many times", () => {
    const room = new Room();
    ask(room.desk(), 1);
    for (let index = 0; index < 100; index++) room.desk().reject(1, "mallory", "slack", "forged", 1);
    assert.equal(room.events.length, 21);
    assert.equal(room.desk().view(1)?.status, "pending");
  });
});

describe("too many questions", () => {
  test("are refused, in order, again after a resume, and can't be used", () => {
    const room = new Room();
    const desk = room.desk();
    for (let number = 1; number <= MAX_APPROVALS; number++) {
      ask(desk, number, { policies: [`p${number}`] });
      desk.withdraw(number, "cancelled", 0);
    }
    room.news.length = 0;
    ask(room.desk(), MAX_APPROVALS + 1);
    ask(room.desk(), MAX_APPROVALS + 1);
    assert.throws(() => ask(room.desk(), MAX_APPROVALS + 3), violation);
    assert.throws(() => room.desk().used(MAX_APPROVALS + 1, 0), violation);
    assert.equal(room.desk().withdraw(MAX_APPROVALS + 1, "cancelled", 0), false);
    assert.equal(room.desk().view(MAX_APPROVALS + 1), null);
    const late = room.desk().answer(MAX_APPROVALS + 1, sampleAnswer("dora"), 0);
    assert.ok(late.outcome === "rejected" && late.code === "not_found");
    assert.deepEqual(room.heard, [`${MAX_APPROVALS + 1} refused`, `${MAX_APPROVALS + 1} refused`]);
    assert.equal(room.desk().replay().at(-1)?.news.status, "refused");
    const again = room.desk();
    for (let number = MAX_APPROVALS + 2; number <= MAX_APPROVALS + 300; number++) ask(again, number);
    const [{ rows } = { rows: 0 }] = room.sql.exec("SELECT count(*) AS rows FROM approvals");
    assert.equal(rows, MAX_APPROVALS + 100);
    assert.equal(room.desk().replay().at(-1)?.approval, MAX_APPROVALS + 300);
  });
});

test("the one question of an access request has number 0, and its lease ends by the alarm", () => {
  const room = new Room();
  const question = sampleConnect({ expiresMs: 1_000, lastsMs: 5_000 });
  const subject = { principal: "agent", target: "orders" };
  room.desk(0).ask(0, subject, question, 0);
  room.desk(0).ask(0, subject, question, 0);
  assert.throws(() => room.desk(0).ask(0, subject, { ...question, purpose: "another" }, 0), violation);
  assert.equal(room.desk(0).view(0)?.id, `${SESSION}-0`);
  room.desk(0).answer(0, sampleAnswer("dora"), 10);
  assert.equal(room.desk(0).deadline(), 5_010);
  room.desk(0).expire(5_010);
  assert.equal(room.desk(0).view(0)?.status, "lapsed");
});

test("what is recorded is written by then: a host that fails leaves nothing that was not decided", () => {
  const room = new Room();
  ask(room.desk(), 1);
  const failing = new ApprovalDesk(room.sql, 1, SESSION, {
    record: (event) => {
      if (event.event === "approval_decided") assert.equal(room.desk().view(1)?.status, event.status);
      throw new Error("storage is full");
    },
    news: () => assert.fail("news of what is not recorded"),
    tell: () => assert.fail("told of what is not recorded"),
  });
  assert.throws(() => failing.answer(1, sampleAnswer("dora"), 1), /storage is full/);
});

type Call =
  | { call: "ask"; scope: StatementQuestion["scope"] }
  | { call: "answer"; number: number; by: string; answer: Answer["answer"] }
  | { call: "used" | "withdraw" | "revoke"; number: number }
  | { call: "expire" | "end" };

/** What the call answers, or how it fails. */
function attempt(desk: ApprovalDesk, one: Call, asked: number, now: number): unknown {
  const answered = { judged: ["dora", "sam"], standing: ["dora"] };
  try {
    switch (one.call) {
      case "ask":
        return ask(desk, asked, { scope: one.scope }, now);
      case "answer":
        return desk.answer(one.number, sampleAnswer(one.by, { answer: one.answer, ...answered }), now);
      case "used":
        return desk.used(one.number, now);
      case "withdraw":
        return desk.withdraw(one.number, "cancelled", now);
      case "revoke":
        return desk.revoke(one.number, "boss", "stop", now);
      case "expire":
        return desk.expire(now);
      case "end":
        return desk.end("over", now);
    }
  } catch (error) {
    return String(error);
  }
}

test("a desk that forgets everything between any two steps does as one that does not", (t) => {
  const number = fc.integer({ min: 1, max: 3 });
  const call: fc.Arbitrary<Call> = fc.oneof(
    fc.record({
      call: fc.constant("ask" as const),
      scope: fc.constantFrom("once" as const, "fingerprint" as const, "session" as const),
    }),
    fc.record({
      call: fc.constant("answer" as const),
      number,
      by: fc.constantFrom("dora", "sam"),
      answer: fc.constantFrom("approve" as const, "approve" as const, "deny" as const),
    }),
    fc.record({ call: fc.constantFrom("used" as const, "withdraw" as const, "revoke" as const), number }),
    fc.record({ call: fc.constantFrom("expire" as const, "end" as const) }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(call, fc.nat(900)), { maxLength: 15 }), (calls) => {
      const [kept, lost] = [new Room(), new Room()];
      const keeper = kept.desk();
      let [asked, now] = [0, 0];
      for (const [one, later] of calls) {
        now += later;
        if (one.call === "ask") asked++;
        const results = [keeper, lost.desk()].map((desk) => attempt(desk, one, asked, now));
        assert.deepEqual(results[0], results[1]);
        assert.equal(keeper.deadline(), lost.desk().deadline());
        assert.equal(keeper.pending, lost.desk().pending);
      }
      assert.deepEqual(kept.events, lost.events);
      assert.deepEqual(kept.news, lost.news);
      assert.deepEqual(kept.told, lost.told);
      assert.deepEqual(keeper.replay(), lost.desk().replay());
      kept.sql.close();
      lost.sql.close();
    }),
    {
      numRuns: 200,
      reporter: (run) => {
        t.diagnostic(`seed ${run.seed}, ${run.numRuns} runs`);
        if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
      },
    },
  );
});

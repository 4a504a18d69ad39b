import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  ApprovalSubject,
  HeldQuestion,
  RequestQuestion,
  StatementQuestion,
} from "../../protocol/approval/approval.ts";
import {
  sampleAnswer,
  sampleConnect,
  sampleQuestion,
  sampleRequestQuestion,
} from "../testing/sample-approval.ts";
import { covers } from "./coverage.ts";
import { type ApprovalState, opened, step } from "./machine.ts";

const SUBJECT: ApprovalSubject = {
  principal: "agent",
  onBehalfOf: "ada",
  target: "orders",
  session: "a".repeat(32),
};
const QUESTION = sampleQuestion({
  policies: ["mass-write", "night"],
  approvals: [
    { approvers: ["dba", "platform"], quorum: 1 },
    { approvers: ["security"], quorum: 1 },
  ],
  expiresMs: 1_000,
  lastsMs: 10_000,
  scope: "fingerprint",
  statement: "DELETE FROM orders WHERE id < 10",
  fingerprint: "f".repeat(32),
  plan: { rows: 10, cost: 5 },
});

/** An approval of the question, given at 100. */
function given(change: Partial<StatementQuestion> = {}): ApprovalState {
  return approved({ ...QUESTION, ...change });
}

function approved(question: HeldQuestion): ApprovalState {
  const asked = opened({ approval: 1, id: `${SUBJECT.session}-1`, subject: SUBJECT, question }, 0).state;
  const rules = question.approvals.map((_, rule) => rule);
  const by = ["dora", "sam", "tom"].slice(0, Math.max(...question.approvals.map(({ quorum }) => quorum)));
  let state = asked;
  for (const name of by) {
    const before = state.votes.map((vote) => vote.by);
    const said = sampleAnswer(name, { for: [...rules], judged: before, standing: before });
    state = step(state, { type: "answer", answer: said }, 100).state;
  }
  assert.equal(state.status, "approved");
  return state;
}

const later = (change: Partial<StatementQuestion> = {}): StatementQuestion => ({
  ...QUESTION,
  statement: "DELETE FROM orders WHERE id < 11",
  sha256: "1".repeat(64),
  ...change,
});

describe("an approval of scope fingerprint", () => {
  test("covers the same shape of statement with other values, until its time has run out", () => {
    assert.ok(covers(given(), SUBJECT, later(), 101));
    assert.ok(covers(given(), SUBJECT, later(), 10_099));
    assert.ok(!covers(given(), SUBJECT, later(), 10_100));
  });

  test("covers fewer rules and policies than it was given for, in whatever order they name their groups", () => {
    const rule = { approvers: ["platform", "dba"], quorum: 1 };
    assert.ok(covers(given(), SUBJECT, later({ approvals: [rule], policies: ["night"] }), 101));
  });

  test("covers a plan of twice the rows that were shown, whatever it costs", () => {
    assert.ok(covers(given(), SUBJECT, later({ plan: { rows: 20, cost: 1e9 } }), 101));
    assert.ok(
      covers(given({ plan: { rows: 0, cost: 1 } }), SUBJECT, later({ plan: { rows: 0, cost: 1 } }), 101),
    );
    assert.ok(covers(given({ plan: null }), SUBJECT, later({ plan: null }), 101));
  });

  const attacks: [string, Partial<StatementQuestion>][] = [
    ["another statement", { fingerprint: "e".repeat(32) }],
    [
      "the same statement with a further one behind it",
      { fingerprint: `${"f".repeat(32)} ${"e".repeat(32)}` },
    ],
    ["a plan of more than twice the rows", { plan: { rows: 21, cost: 5 } }],
    ["a plan that is not known any more", { plan: null }],
    ["another database", { database: "customers" }],
    ["scope once", { scope: "once" }],
    ["the same groups with a larger quorum", { approvals: [{ approvers: ["dba", "platform"], quorum: 2 }] }],
    [
      "the same groups with a smaller quorum, which is another rule",
      { approvals: [{ approvers: ["security"], quorum: 2 }] },
    ],
    ["other approvers", { approvals: [{ approvers: ["legal"], quorum: 1 }] }],
    ["some of the groups that could agree", { approvals: [{ approvers: ["dba"], quorum: 1 }] }],
    [
      "groups whose names run together to the same",
      { approvals: [{ approvers: ["dba,platform"], quorum: 1 }] },
    ],
    ["a further rule", { approvals: [...QUESTION.approvals, { approvers: ["legal"], quorum: 1 }] }],
    ["no rule at all", { approvals: [] }],
    ["another policy with the same approvers", { policies: ["mass-write", "personal-data"] }],
  ];
  for (const [what, change] of attacks) {
    test(`does not cover ${what}`, () => assert.ok(!covers(given(), SUBJECT, later(change), 101)));
  }

  test("covers no rows where none were planned, and no known plan where none was shown", () => {
    const one = later({ plan: { rows: 1, cost: 1 } });
    assert.ok(!covers(given({ plan: { rows: 0, cost: 1 } }), SUBJECT, one, 101));
    assert.ok(!covers(given({ plan: null }), SUBJECT, one, 101));
  });

  test("of a statement without a fingerprint covers nothing", () => {
    assert.ok(!covers(given({ fingerprint: "" }), SUBJECT, later({ fingerprint: "" }), 101));
  });

  test("covers nobody else's questions", () => {
    const { onBehalfOf: _, ...alone } = SUBJECT;
    const { session: __, ...elsewhere } = SUBJECT;
    for (const subject of [
      { ...SUBJECT, principal: "other" },
      { ...SUBJECT, onBehalfOf: "bob" },
      { ...SUBJECT, target: "billing" },
      { ...SUBJECT, session: "b".repeat(32) },
      alone,
      elsewhere,
    ])
      assert.ok(!covers(given(), subject, later(), 101), JSON.stringify(subject));
  });

  test("covers nothing that is asked within scope session, unless it is the same statement", () => {
    assert.ok(covers(given(), SUBJECT, later({ scope: "session" }), 101));
    assert.ok(!covers(given(), SUBJECT, later({ scope: "session", fingerprint: "e".repeat(32) }), 101));
    const whole = given({ scope: "session" });
    assert.ok(!covers(whole, SUBJECT, later({ fingerprint: "e".repeat(32) }), 101));
  });
});

describe("an approval of scope session", () => {
  const state = given({ scope: "session" });
  const asked = (change: Partial<StatementQuestion>) =>
    covers(state, SUBJECT, later({ scope: "session", fingerprint: "e".repeat(32), ...change }), 101);

  test("covers another statement of the same policies", () => {
    assert.ok(asked({ plan: { rows: 1e9, cost: 1 } }));
  });

  test("does not cover one that is asked later with more approvers", () => {
    assert.ok(!asked({ approvals: [...QUESTION.approvals, { approvers: ["legal"], quorum: 1 }] }));
    assert.ok(!asked({ approvals: [{ approvers: ["security"], quorum: 2 }] }));
  });

  test("does not cover another policy, another database, or what must be asked each time", () => {
    assert.ok(!asked({ policies: ["drop"] }));
    assert.ok(!asked({ database: "customers" }));
    assert.ok(!asked({ scope: "once" }));
  });
});

describe("what covers nothing", () => {
  test("an approval that is pending, or has ended", () => {
    const state = given();
    const pending = { ...state, status: "pending" as const, until: null };
    assert.ok(!covers(pending, SUBJECT, later(), 101));
    const revoked = step(state, { type: "revoke", by: "dora", reason: "a mistake" }, 101).state;
    const over = step(state, { type: "end", reason: "closed" }, 101).state;
    const withdrawn = step(state, { type: "withdraw", reason: "cancelled" }, 101).state;
    for (const one of [revoked, over, withdrawn]) {
      assert.notEqual(one.status, "approved");
      assert.ok(!covers(one, SUBJECT, later(), 101));
    }
  });

  test("an approval of scope once, used or not", () => {
    const state = given({ scope: "once" });
    assert.ok(!covers(state, SUBJECT, later(), 101));
    assert.ok(!covers(state, SUBJECT, later({ scope: "once" }), 101));
  });

  test("what was itself covered: a scope does not grow by being used", () => {
    assert.ok(!covers({ ...given(), under: 1 }, SUBJECT, later(), 101));
  });

  test("the approval of a connection", () => {
    const { policies, approvals, expiresMs, lastsMs } = QUESTION;
    const question = sampleConnect({ policies, approvals, expiresMs, lastsMs, scope: "session" });
    assert.ok(!covers({ ...given(), question }, SUBJECT, later({ scope: "session" }), 101));
  });
});

describe("an approval of a request", () => {
  const { policies, approvals, expiresMs, lastsMs } = QUESTION;
  const exec = (command: string, terminal = false) => ({ type: "exec" as const, command, terminal });
  const request = (change: Partial<RequestQuestion> = {}) =>
    sampleRequestQuestion({
      policies,
      approvals,
      expiresMs,
      lastsMs,
      scope: "fingerprint",
      request: exec("systemctl restart web"),
      ...change,
    });
  const OTHER = "e".repeat(64);

  test("of scope fingerprint covers the same shape, until its time has run out", () => {
    const later = request({ request: exec("systemctl  restart web # again") });
    assert.ok(covers(approved(request()), SUBJECT, later, 101));
    assert.ok(!covers(approved(request()), SUBJECT, later, 10_100));
  });

  test("of a response covers one of the same content type alone", () => {
    const response = (unreadable?: string) =>
      request({ actions: ["http:unreadable"], ...(unreadable !== undefined && { unreadable }) });
    const given = approved(response("image/png"));
    assert.ok(covers(given, SUBJECT, response("image/png"), 101));
    assert.ok(!covers(given, SUBJECT, response("application/zip"), 101));
    assert.ok(!covers(given, SUBJECT, response(), 101));
  });

  const attacks: [string, Partial<RequestQuestion>][] = [
    ["another shape", { fingerprint: OTHER }],
    ["what is like nothing else", { fingerprint: "" }],
    ["another account", { account: "root" }],
    ["one with a terminal", { request: exec("systemctl restart web", true) }],
    ["a request of another type", { request: { type: "shell", terminal: false } }],
    ["a further action", { actions: ["ssh:exec", "ssh:shell"] }],
    ["what must be asked each time", { scope: "once" }],
    ["other approvers", { approvals: [{ approvers: ["legal"], quorum: 1 }] }],
    ["another policy", { policies: ["files"] }],
  ];
  for (const [what, change] of attacks) {
    test(`of scope fingerprint does not cover ${what}`, () => {
      assert.ok(!covers(approved(request()), SUBJECT, request(change), 101));
    });
  }

  test("without a fingerprint covers nothing of that scope", () => {
    const none = request({ fingerprint: "" });
    assert.ok(!covers(approved(none), SUBJECT, none, 101));
  });

  test("of scope session covers other requests of the same account and actions, and no others", () => {
    const whole = approved(request({ scope: "session" }));
    const asked = (change: Partial<RequestQuestion>) =>
      covers(whole, SUBJECT, request({ scope: "session", fingerprint: OTHER, ...change }), 101);
    assert.ok(asked({ request: exec("reboot", true) }));
    assert.ok(!asked({ account: "root" }));
    assert.ok(!asked({ actions: ["ssh:shell"], request: { type: "shell", terminal: true } }));
    assert.ok(!asked({ policies: ["files"] }));
    assert.ok(!covers(whole, { ...SUBJECT, session: "b".repeat(32) }, request({ scope: "session" }), 101));
  });

  test("covers no statement, and is covered by none's, whatever else is alike", () => {
    const shared = { policies, approvals, scope: "session", fingerprint: "f".repeat(32) } as const;
    const statement = { ...QUESTION, ...shared, database: "deploy", actions: ["ssh:exec"] };
    const held = request({ ...shared, account: "deploy" });
    assert.ok(!covers(approved(held), SUBJECT, statement, 101));
    assert.ok(!covers(approved(statement), SUBJECT, held, 101));
    assert.ok(covers(approved(held), SUBJECT, held, 101));
    const connect = { ...given(), question: sampleConnect({ policies, approvals, scope: "session" }) };
    assert.ok(!covers(connect, SUBJECT, held, 101));
  });
});

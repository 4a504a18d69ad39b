import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ApprovalStatus, StatementQuestion } from "../../protocol/approval/approval.ts";
import { MAX_APPROVAL_REASON } from "../../protocol/approval/approval.ts";
import { isApprovalEvent } from "../../protocol/approval/reading.ts";
import { isMet } from "../../protocol/approval/votes.ts";
import { sampleAnswer, sampleConnect, sampleQuestion } from "../testing/sample-approval.ts";
import {
  type Answer,
  type ApprovalInput,
  type ApprovalState,
  type ApprovalStep,
  due,
  MAX_REJECTED,
  newsOf,
  opened,
  step,
  viewOf,
} from "./machine.ts";
import "../../protocol/seeded.ts";

const SESSION = "a".repeat(32);
const SUBJECT = { principal: "agent", onBehalfOf: "ada", target: "orders", session: SESSION };
const TIMES = { expiresMs: 1_000, lastsMs: 5_000 };
const STATEMENT = sampleQuestion({ ...TIMES, approvals: [{ approvers: ["dba"], quorum: 2 }] });
const CONNECT = sampleConnect(TIMES);

function ask(change: Partial<StatementQuestion> = {}): ApprovalState {
  const question = { ...STATEMENT, ...change };
  return opened({ approval: 1, id: `${SESSION}-1`, subject: SUBJECT, question }, 0).state;
}

/** An answer in which everybody's right was judged and stands. */
function answer(state: ApprovalState, by: string, change: Partial<Answer> = {}, now = 1): ApprovalStep {
  const before = state.votes.map((vote) => vote.by);
  const said = sampleAnswer(by, { judged: before, standing: before, ...change });
  return step(state, { type: "answer", answer: said }, now);
}

function approvedBy(state: ApprovalState, ...by: string[]): ApprovalState {
  return by.reduce((before, name) => answer(before, name).state, state);
}

const rejection = ({ outcome }: ApprovalStep) =>
  outcome?.outcome === "rejected" ? outcome.code : outcome?.outcome;
const entries = ({ effects }: ApprovalStep) =>
  effects.flatMap((one) => (one.effect === "record" ? [one.event.event] : []));

describe("a quorum is of different people", () => {
  test("who answer each once", () => {
    const first = answer(ask(), "dora");
    assert.equal(first.state.status, "pending");
    const second = answer(first.state, "sam");
    assert.equal(second.state.status, "approved");
    assert.deepEqual(newsOf(second.state)?.news, { status: "approved", by: ["dora", "sam"], under: null });
  });

  test("one principal's second answer, by whatever channel, is the first one again", () => {
    const first = answer(ask(), "dora").state;
    const again = answer(first, "dora", { channel: "slack", reason: "please" });
    assert.deepEqual([again.outcome?.outcome, again.effects, again.state], ["counted", [], first]);
  });

  test("any number of agents of one user are that user, whoever of them came first", () => {
    let state = answer(ask(), "bot-1", { onBehalfOf: "dora" }).state;
    for (const [by, onBehalfOf] of [
      ["bot-2", "dora"],
      ["dora", undefined],
      ["bot-3", "bot-1"],
      ["x", "dora"],
    ] as const) {
      const next = answer(state, by, onBehalfOf === undefined ? {} : { onBehalfOf });
      assert.equal(rejection(next), "conflict", by);
      assert.deepEqual(next.state.votes, state.votes);
      state = next.state;
    }
    assert.equal(answer(state, "sam").state.status, "approved");
  });

  test("one agent of two users is one voter", () => {
    const state = answer(ask(), "bot", { onBehalfOf: "dora" }).state;
    assert.equal(rejection(answer(state, "bot", { onBehalfOf: "sam" })), "conflict");
    assert.equal(rejection(answer(state, "bot")), "conflict");
  });

  test("a bot that has answered for one rule leaves the other to its user", () => {
    const approvals = [
      { approvers: ["dba"], quorum: 1 },
      { approvers: ["security"], quorum: 1 },
    ];
    const state = answer(ask({ approvals }), "bot", { onBehalfOf: "dora" }).state;
    assert.equal(answer(state, "dora", { for: [0, 1] }).state.status, "approved");
  });

  test("whoever answers in whatever order, it is approved with two persons of one rule each and not before", (t) => {
    const people = ["p0", "p1", "p2", "p3"];
    const voter = fc.record({
      by: fc.constantFrom(...people, "b0", "b1", "b2"),
      onBehalfOf: fc.option(fc.constantFrom(...people), { nil: undefined }),
      for: fc.uniqueArray(fc.constantFrom(0, 1), { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.array(voter, { maxLength: 12 }), (voters) => {
        const approvals = [
          { approvers: ["dba"], quorum: 2 },
          { approvers: ["security"], quorum: 2 },
        ];
        let state = ask({ approvals });
        const counted: typeof voters = [];
        for (const one of voters) {
          if (state.status !== "pending") break;
          const { onBehalfOf, ...rest } = one;
          const next = answer(state, one.by, {
            ...rest,
            ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
          });
          state = next.state;
          if (next.outcome?.outcome === "counted") counted.push(one);
        }
        // The specification: of some two votes of each rule no name is in both.
        const apart = (rule: 0 | 1) =>
          counted.some((a) =>
            counted.some((b) => {
              const names = [a.by, a.onBehalfOf, b.by, b.onBehalfOf].filter((name) => name !== undefined);
              const own = (one: typeof a) =>
                new Set([one.by, one.onBehalfOf].filter((name) => name !== undefined)).size;
              return (
                a !== b &&
                a.for.includes(rule) &&
                b.for.includes(rule) &&
                new Set(names).size === own(a) + own(b)
              );
            }),
          );
        if (state.status === "approved") assert.ok(apart(0) && apart(1));
      }),
      { numRuns: 2_000, reporter: seedTold(t) },
    );
  });
});

describe("who may answer", () => {
  const attacks: [string, Partial<Answer> & { by: string }][] = [
    ["the asker", { by: "agent" }],
    ["the user for whom it asks", { by: "ada" }],
    ["another agent of that user", { by: "bot", onBehalfOf: "ada" }],
    ["an agent of the asker", { by: "bot", onBehalfOf: "agent" }],
    ["somebody for whom no policy speaks", { by: "dora", for: [] }],
    ["somebody with a rule that there is not", { by: "dora", for: [1, -1, 0.5, Number.NaN] }],
    ["somebody without a name", { by: "" }],
    ["somebody with a name that is too long", { by: "d".repeat(256) }],
    ["somebody who acts for a name that is too long", { by: "dora", onBehalfOf: "d".repeat(256) }],
  ];
  for (const says of ["approve", "deny"] as const) {
    for (const [who, change] of attacks) {
      test(`not ${who}: ${says} is refused and recorded`, () => {
        const next = answer(ask(), change.by, { ...change, answer: says });
        assert.equal(rejection(next), "forbidden");
        assert.deepEqual([next.state.status, next.state.votes], ["pending", []]);
        assert.deepEqual(entries(next), ["approval_rejected"]);
      });
    }
  }

  test("an earlier voter who has lost the right counts no more, and the recording says so", () => {
    const first = answer(ask(), "dora").state;
    const second = answer(first, "sam", { judged: ["dora"], standing: [] });
    assert.equal(second.state.status, "pending");
    assert.deepEqual(
      second.state.votes.map(({ by }) => by),
      ["sam"],
    );
    assert.deepEqual(entries(second), ["approval_rejected", "approval_answered"]);
    assert.equal(answer(second.state, "dora").state.status, "approved");
  });

  test("a vote that was not judged again is asked for, and nothing changes", () => {
    const first = answer(ask(), "dora").state;
    const second = answer(first, "sam", { judged: [], standing: [] });
    assert.deepEqual(second.outcome, { outcome: "recheck", votes: first.votes });
    assert.deepEqual([second.state, second.effects], [first, []]);
  });

  test("standing without having been judged is no standing", () => {
    const first = answer(ask(), "dora").state;
    assert.equal(rejection(answer(first, "sam", { judged: [], standing: ["dora"] })), "recheck");
  });

  test("somebody whose rights have changed answers anew, and the newer right counts", () => {
    const approvals = [
      { approvers: ["dba"], quorum: 1 },
      { approvers: ["security"], quorum: 1 },
    ];
    const first = answer(ask({ approvals }), "dora", { for: [0] }).state;
    const other = answer(first, "dora", { for: [1] });
    assert.deepEqual([other.state.status, other.state.votes.length], ["pending", 1]);
    assert.equal(answer(first, "dora", { for: [0, 1] }).state.status, "approved");
  });

  test("where there is no rule, nobody can approve", () => {
    const next = answer(ask({ approvals: [] }), "dora");
    assert.equal(rejection(next), "forbidden");
    assert.equal(isMet([], []), false);
    assert.equal(isMet([{ approvers: ["dba"], quorum: 0 }], []), false);
  });
});

describe("time", () => {
  test("an answer at the moment of expiry is late, whether the alarm came or not", () => {
    const late = answer(ask(), "dora", {}, 1_000);
    assert.deepEqual([late.state.status, rejection(late)], ["expired", "conflict"]);
    assert.deepEqual(entries(late), ["approval_decided", "approval_rejected"]);
    assert.equal(answer(ask(), "dora", {}, 999).outcome?.outcome, "counted");
  });

  test("a denial after expiry is late as well", () => {
    assert.equal(answer(ask(), "dora", { answer: "deny" }, 1_000).state.status, "expired");
  });

  test("what is for once has no end but the session's; what lasts has one", () => {
    const once = approvedBy(ask(), "dora", "sam");
    assert.deepEqual([once.until, due(once)], [null, null]);
    for (const scope of ["fingerprint", "session"] as const) {
      const state = approvedBy(ask({ scope }), "dora", "sam");
      assert.deepEqual([state.until, due(state)], [5_001, 5_001]);
      assert.equal(step(state, { type: "time" }, 5_000).state.status, "approved");
      assert.equal(step(state, { type: "time" }, 5_001).state.status, "lapsed");
    }
  });

  test("a lease lasts, whatever scope its policy names", () => {
    const subject = { principal: "agent", target: "orders" };
    const asked = opened({ approval: 0, id: `${SESSION}-0`, subject, question: CONNECT }, 0).state;
    const state = answer(asked, "dora").state;
    assert.deepEqual([state.status, state.until], ["approved", 5_001]);
    assert.deepEqual([viewOf(state).session, viewOf(state).kind], [null, "connect"]);
    assert.equal(step(state, { type: "withdraw", reason: "not needed" }, 2).state.status, "withdrawn");
  });

  test("an approval that ran out unused refuses what still waits; one that was used leaves it be", () => {
    const unused = approvedBy(ask({ scope: "session" }), "dora", "sam");
    assert.equal(newsOf(step(unused, { type: "time" }, 9_000).state)?.news.status, "withdrawn");
    const used = step(unused, { type: "used" }, 2).state;
    assert.deepEqual([used.status, newsOf(used)], ["approved", null]);
    const over = step(used, { type: "time" }, 9_000);
    assert.deepEqual([over.state.status, newsOf(over.state)], ["lapsed", null]);
    assert.equal(over.state.decided?.by, "dora, sam");
  });

  test("a release that is told after the end of its time was one in time", () => {
    const state = approvedBy(ask({ scope: "session" }), "dora", "sam");
    assert.equal(step(state, { type: "used" }, 9_000).state.released, 9_000);
  });
});

describe("revocation", () => {
  test("refuses what is pending and what is approved, in the revoker's words", () => {
    for (const state of [ask(), approvedBy(ask(), "dora", "sam")]) {
      const { state: after } = step(state, { type: "revoke", by: "boss", reason: "not today" }, 2);
      assert.deepEqual(newsOf(after)?.news, { status: "denied", by: "boss", reason: "not today" });
    }
  });

  test("of what has run tells nobody who waits", () => {
    const used = step(approvedBy(ask({ scope: "session" }), "dora", "sam"), { type: "used" }, 2).state;
    const next = step(used, { type: "revoke", by: "boss", reason: "enough" }, 3);
    assert.deepEqual([next.state.status, newsOf(next.state)], ["lapsed", null]);
    assert.deepEqual(entries(next), ["approval_decided"]);
  });
});

describe("bounds", () => {
  test("so many refused answers are recorded, then they are refused in silence", () => {
    let state = ask();
    for (let index = 0; index < MAX_REJECTED; index++) {
      const next =
        index % 2
          ? answer(state, "agent")
          : step(state, { type: "reject", by: "?", channel: "slack", reason: "forged" }, 1);
      assert.deepEqual(entries(next), ["approval_rejected"]);
      state = next.state;
    }
    const silent = answer(state, "agent");
    assert.deepEqual([rejection(silent), silent.effects, silent.state], ["forbidden", [], state]);
    assert.deepEqual(
      step(state, { type: "reject", by: "?", channel: "slack", reason: "forged" }, 1).effects,
      [],
    );
    assert.equal(approvedBy(state, "dora", "sam").status, "approved");
  });

  test("words are cut, at a whole character", () => {
    const long = `${"x".repeat(MAX_APPROVAL_REASON - 2)}😀😀`;
    const { state } = answer(ask(), "dora", { answer: "deny", reason: long });
    assert.equal(state.decided?.reason?.length, MAX_APPROVAL_REASON);
    assert.ok(state.decided?.reason?.isWellFormed());
    const next = step(
      ask(),
      { type: "reject", by: "m".repeat(9_999), channel: "link", reason: "r".repeat(9_999) },
      1,
    );
    assert.ok(JSON.stringify(next).length < 4_000);
    const groups = Array(5_000).fill("g".repeat(200));
    assert.equal(
      answer(ask(), "dora", { groups: [...groups, "h".repeat(300)] }).state.votes[0]?.groups.length,
      200,
    );
  });

  const word = fc.oneof(fc.string(), fc.string({ unit: "binary", minLength: 200, maxLength: 700 }));
  const name = fc.oneof(fc.constantFrom("dora", "sam", "tom", "agent", "ada"), word);
  const input: fc.Arbitrary<ApprovalInput> = fc.oneof(
    fc.record({
      type: fc.constant("answer" as const),
      answer: fc.record(
        {
          answer: fc.constantFrom("approve" as const, "deny" as const),
          by: name,
          onBehalfOf: name,
          groups: fc.array(word, { maxLength: 3 }),
          for: fc.array(fc.oneof(fc.nat(2), fc.double())),
          channel: fc.constantFrom("slack" as const, "webhook" as const, "api" as const, "link" as const),
          reason: fc.option(word),
          judged: fc.array(name),
          standing: fc.array(name),
        },
        { requiredKeys: ["answer", "by", "groups", "for", "channel", "reason", "judged", "standing"] },
      ),
    }),
    fc.record({ type: fc.constant("withdraw" as const), reason: word }),
    fc.record({ type: fc.constant("revoke" as const), by: name, reason: word }),
    fc.record({ type: fc.constant("end" as const), reason: word }),
    fc.record({
      type: fc.constant("reject" as const),
      by: word,
      channel: fc.constant("slack" as const),
      reason: word,
    }),
    fc.constant({ type: "used" as const }),
    fc.constant({ type: "time" as const }),
  );

  test("whatever comes, entries read back as entries, an end stays the end, and the state survives JSON", (t) => {
    const ended: ApprovalStatus[] = ["used", "lapsed", "denied", "expired", "withdrawn"];
    fc.assert(
      fc.property(
        fc.constantFrom("once" as const, "session" as const),
        fc.array(fc.tuple(input, fc.nat(3_000)), { maxLength: 12 }),
        (scope, inputs) => {
          let state = ask({ scope });
          for (const [one, now] of inputs) {
            let next: ApprovalStep;
            try {
              next = step(state, one, now);
            } catch (error) {
              assert.equal((error as { code?: string }).code, "protocol_violation");
              assert.equal(one.type, "used");
              continue;
            }
            for (const effect of next.effects)
              if (effect.effect === "record")
                assert.ok(isApprovalEvent(JSON.parse(JSON.stringify(effect.event))));
            assert.ok(JSON.stringify(next.effects).length < 20_000);
            if (ended.includes(state.status)) assert.equal(next.state.status, state.status);
            assert.deepEqual(JSON.parse(JSON.stringify(next.state)), next.state);
            state = next.state;
          }
        },
      ),
      { numRuns: 2_000, reporter: seedTold(t) },
    );
  });
});

function seedTold(t: { diagnostic(message: string): void }) {
  return <T>(run: fc.RunDetails<T>) => {
    t.diagnostic(`seed ${run.seed}, ${run.numRuns} runs`);
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
  };
}

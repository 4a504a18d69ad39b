import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import {
  type ApprovalAsk,
  type ApprovalEvent,
  MAX_APPROVAL_REASON,
  MAX_APPROVAL_TEXT,
  type StatementQuestion,
} from "./approval.ts";
import { isApprovalAsk, isApprovalEvent, isLease, readApprovalAsk } from "./reading.ts";
import "../seeded.ts";

const SECRET = "hunter2";
const question: StatementQuestion = {
  kind: "statement",
  policies: ["mass-write"],
  reason: "it writes many rows",
  approvals: [
    { approvers: ["dba"], quorum: 2 },
    { approvers: ["security", "legal"], quorum: 1 },
  ],
  expiresMs: 900_000,
  lastsMs: 3_600_000,
  scope: "fingerprint",
  database: "orders",
  actions: ["postgres:delete", "postgres:select"],
  statement: `DELETE FROM orders WHERE note = '${SECRET}' AND id = $1`,
  parameters: ["7", null, "\\x00ff"],
  sha256: "ab".repeat(32),
  fingerprint: `${"01".repeat(16)} ${"ef".repeat(16)}`,
  plan: { rows: 1e30, cost: 12 },
};
const asked: ApprovalAsk = { event: "approval_asked", approval: 1, question };
const GOOD: ApprovalAsk[] = [
  asked,
  { ...asked, question: { ...question, plan: null, parameters: [], fingerprint: "", statement: "" } },
  { event: "approval_withdrawn", approval: 2, reason: "the agent cancelled it" },
  { event: "approval_used", approval: 999_999_999 },
];
const asking = (change: object) => ({ ...asked, question: { ...question, ...change } });

/** Every refusal is the one error, and tells nothing of what was sent. */
function refuses(value: unknown): void {
  assert.throws(
    () => readApprovalAsk(value),
    (error) =>
      error instanceof SallyportError &&
      error.code === "protocol_violation" &&
      !error.message.includes(SECRET) &&
      error.message.length < 300,
  );
}

describe("what a connector asks", () => {
  for (const ask of GOOD) {
    test(`${ask.event} ${ask.approval} reads back as it was written, parsed or as bytes`, () => {
      assert.deepEqual(readApprovalAsk(structuredClone(ask)), ask);
      assert.deepEqual(readApprovalAsk(Buffer.from(JSON.stringify(ask))), ask);
    });
  }

  test("has the same JSON in whatever order its members came", () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([name, one]) => [name, reversed(one)]),
            )
          : value;
    assert.equal(JSON.stringify(readApprovalAsk(reversed(asked))), JSON.stringify(asked));
  });

  const attacks: [string, unknown][] = [
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
    ["bytes that are no JSON", Buffer.from("{")],
    ["null", null],
    ["a list", [asked]],
    ["an event of another name", { event: "facts", approval: 1 }],
    ["an event that every object inherits", { event: "constructor", approval: 1 }],
    ["the edge's own entry", { event: "approval_decided", approval: 1, status: "approved", by: ["me"] }],
    ["question 0, as access requests have it", { ...asked, approval: 0 }],
    ["a number that no id can hold", { ...asked, approval: 1_000_000_000 }],
    ["a number and a half", { ...asked, approval: 1.5 }],
    ["a number as text", { ...asked, approval: "1" }],
    ["a question that is a connection", asking({ kind: "connect" })],
    ["a member that people would not be shown", asking({ alsoRuns: "DROP TABLE orders" })],
    ["a further member of the ask", { ...asked, approved: true }],
    ["a further member of a rule", asking({ approvals: [{ approvers: ["dba"], quorum: 1, any: true }] })],
    ["a further member of the plan", asking({ plan: { rows: 1, cost: 1, loops: 2 } })],
    ["no rule: nobody to be asked", asking({ approvals: [] })],
    ["a rule of nobody", asking({ approvals: [{ approvers: [], quorum: 1 }] })],
    ["a quorum of none", asking({ approvals: [{ approvers: ["dba"], quorum: 0 }] })],
    ["a quorum below none", asking({ approvals: [{ approvers: ["dba"], quorum: -1 }] })],
    ["a quorum that nobody reaches", asking({ approvals: [{ approvers: ["dba"], quorum: 11 }] })],
    ["101 rules", asking({ approvals: Array(101).fill({ approvers: ["dba"], quorum: 1 }) })],
    ["21 groups in a rule", asking({ approvals: [{ approvers: Array(21).fill("dba"), quorum: 1 }] })],
    ["a group of 256 characters", asking({ approvals: [{ approvers: ["g".repeat(256)], quorum: 1 }] })],
    ["no policy", asking({ policies: [] })],
    ["1,001 policies", asking({ policies: Array(1_001).fill("p") })],
    ["a reason of 4,001 characters", asking({ reason: "r".repeat(4_001) })],
    ["a question that never expires", asking({ expiresMs: Number.MAX_SAFE_INTEGER })],
    ["a question that expires at once", asking({ expiresMs: 0 })],
    ["an approval for longer than a week", asking({ lastsMs: 7 * 24 * 3_600_000 + 1 })],
    ["a scope that there is not", asking({ scope: "forever" })],
    ["a database of 256 characters", asking({ database: "d".repeat(256) })],
    ["no action", asking({ actions: [] })],
    ["an action that there is not", asking({ actions: ["postgres:pray"] })],
    ["the right to approve, as if it were held", asking({ actions: ["approve"] })],
    ["a statement that is none", asking({ statement: null })],
    ["a statement that can't be shown as it is", asking({ statement: "\ud800" })],
    ["a value that is a number", asking({ parameters: [7] })],
    ["65,536 values", asking({ parameters: Array(65_536).fill(null) })],
    ["a digest of 63 digits", asking({ sha256: "a".repeat(63) })],
    ["a digest in capitals", asking({ sha256: "A".repeat(64) })],
    ["fingerprints with two blanks", asking({ fingerprint: `${"0".repeat(32)}  ${"0".repeat(32)}` })],
    ["1,001 fingerprints", asking({ fingerprint: Array(1_001).fill("0".repeat(32)).join(" ") })],
    ["a plan below nothing", asking({ plan: { rows: -1, cost: 0 } })],
    ["a withdrawal without a reason", { event: "approval_withdrawn", approval: 1 }],
    [
      "a withdrawal with a reason that is too long",
      { event: "approval_withdrawn", approval: 1, reason: "r".repeat(MAX_APPROVAL_REASON + 1) },
    ],
    ["a use that brings its own approval", { event: "approval_used", approval: 1, by: ["me"] }],
  ];
  for (const [what, value] of attacks) test(`${what} is refused`, () => refuses(value));

  test("the statement and its values have so many bytes of UTF-8 together, and not one more", () => {
    const half = MAX_APPROVAL_TEXT / 2;
    const full = { statement: "é".repeat(half / 2), parameters: ["x".repeat(half - 3), null, "\u20ac"] };
    assert.deepEqual(readApprovalAsk(asking(full)), asking(full));
    refuses(asking({ ...full, parameters: [...full.parameters, "x"] }));
    refuses(asking({ statement: `${"é".repeat(half)}x`, parameters: [] }));
    refuses(asking({ statement: "", parameters: Array(65_535).fill("four") }));
  });

  test("is read from its own members alone, whatever it inherits", () => {
    const { statement: _, ...rest } = question;
    refuses({ ...asked, question: Object.assign(Object.create({ statement: "SELECT 1" }), rest) });
    const foreign = Object.assign(Object.create({ statement: "SELECT 1" }), rest, { other: 1 });
    refuses({ ...asked, question: foreign });
    refuses(Object.create(asked));
  });

  test("without any one of its members is refused", () => {
    for (const ask of GOOD) {
      for (const name of Object.keys(ask)) {
        const { [name as "event"]: _, ...rest } = ask;
        refuses(rest);
      }
    }
    for (const name of Object.keys(question)) {
      const { [name as "kind"]: _, ...rest } = question;
      refuses({ ...asked, question: rest });
    }
  });

  test("whatever replaces a member, the answer is an ask within the bounds or the one error", (t) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GOOD),
        fc.constantFrom(...Object.keys(question), "event", "approval", "question"),
        fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.integer(), fc.array(fc.string())),
        fc.boolean(),
        (ask, member, value, inside) => {
          const changed =
            inside && ask.event === "approval_asked"
              ? { ...ask, question: { ...ask.question, [member]: value } }
              : { ...ask, [member]: value };
          let read: ApprovalAsk;
          try {
            read = readApprovalAsk(changed);
          } catch {
            refuses(changed);
            return;
          }
          assert.deepEqual(read, changed);
          assert.ok(isApprovalAsk(JSON.parse(JSON.stringify(read))));
        },
      ),
      { numRuns: 3_000, reporter: seedTold(t) },
    );
  });

  test("any JSON and any bytes are refused with the one error", (t) => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.uint8Array()), (value) => refuses(value)),
      { numRuns: 2_000, reporter: seedTold(t) },
    );
  });
});

const id = `${"a".repeat(32)}-7`;
const vote = { for: [0], by: "dora", groups: ["dba"], channel: "slack" as const, reason: null, at: 1_000 };
const EVENTS: ApprovalEvent[] = [
  { event: "approval_opened", approval: 7, id, expires: 900_000 },
  { event: "approval_told", approval: 7, channel: "webhook", reached: false, detail: "timed out" },
  { event: "approval_answered", approval: 7, answer: "approve", vote },
  {
    event: "approval_answered",
    approval: 7,
    answer: "deny",
    vote: { ...vote, onBehalfOf: "dan", reason: "no" },
  },
  { event: "approval_rejected", approval: 7, by: "mallory", channel: "link", reason: "forged" },
  {
    event: "approval_decided",
    approval: 7,
    status: "approved",
    by: ["dora"],
    reason: null,
    until: 5_000,
    under: 3,
  },
  {
    event: "approval_decided",
    approval: 7,
    status: "expired",
    by: [],
    reason: null,
    until: null,
    under: null,
  },
];

describe("entries of a recording about approvals", () => {
  test("are what the types say", () => {
    for (const event of EVENTS) assert.ok(isApprovalEvent(JSON.parse(JSON.stringify(event))), event.event);
    for (const ask of GOOD) assert.ok(isApprovalAsk(ask), ask.event);
  });

  test("with a member that was added since can still be read", () => {
    for (const event of EVENTS) assert.ok(isApprovalEvent({ ...event, since: 2 }));
    assert.ok(isApprovalAsk(asking({ since: 2 })));
  });

  test("without a member are none, but for whom a voter acted", () => {
    for (const whole of [...EVENTS, ...GOOD]) {
      for (const name of Object.keys(whole)) {
        const { [name as "event"]: _, ...rest } = whole;
        assert.ok(!isApprovalEvent(rest) && !isApprovalAsk(rest), `${whole.event} without ${name}`);
      }
    }
    for (const name of Object.keys(vote)) {
      const { [name as "by"]: _, ...rest } = vote;
      assert.ok(!isApprovalEvent({ ...EVENTS[2], vote: rest }), name);
    }
    for (const name of Object.keys(question)) {
      const { [name as "kind"]: _, ...rest } = question;
      assert.ok(!isApprovalAsk({ ...asked, question: rest }), name);
    }
  });

  const bad: [string, object][] = [
    ["an id of another shape", { ...EVENTS[0], id: "../../etc/passwd" }],
    ["a time that is none", { ...EVENTS[0], expires: 1e300 }],
    ["a channel that there is not", { ...EVENTS[1], channel: "pigeon" }],
    ["an answer that is neither", { ...EVENTS[2], answer: "maybe" }],
    ["a voter for whom there is no name", { ...EVENTS[2], vote: { ...vote, onBehalfOf: 1 } }],
    ["a decision that decides nothing", { ...EVENTS[5], status: "pending" }],
    ["a decision that is the connector's to tell", { ...EVENTS[5], status: "used" }],
    ["a decision by no list", { ...EVENTS[5], by: "dora" }],
  ];
  for (const [what, event] of bad) test(`${what} is no event`, () => assert.ok(!isApprovalEvent(event)));

  test("whatever a member is replaced by, there is an answer", (t) => {
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS, ...GOOD), fc.string(), fc.jsonValue(), (whole, name, value) => {
        for (const member of [...Object.keys(whole), name]) {
          const changed = { ...whole, [member]: value };
          assert.equal(typeof isApprovalEvent(changed), "boolean");
          assert.equal(typeof isApprovalAsk(changed), "boolean");
          assert.ok(!isApprovalEvent(value) && !isApprovalAsk(value) && !isLease(value));
        }
      }),
      { numRuns: 500, reporter: seedTold(t) },
    );
  });

  test("a lease tells its approval, its end and who gave it", () => {
    const lease = { id: `${"a".repeat(32)}-0`, until: 5_000, by: ["dora"] };
    assert.ok(isLease(lease));
    for (const change of [{ id: "x" }, { until: "soon" }, { until: 1e300 }, { by: "dora" }, { by: [1] }])
      assert.ok(!isLease({ ...lease, ...change }), JSON.stringify(change));
  });
});

/** Runs as fast-check would, and tells the seed, with which a failure can be had again. */
function seedTold(t: { diagnostic(message: string): void }) {
  return <T>(run: fc.RunDetails<T>) => {
    t.diagnostic(`seed ${run.seed}, ${run.numRuns} runs`);
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance });
  };
}

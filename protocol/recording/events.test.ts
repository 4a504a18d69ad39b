import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ApprovalAsk, ApprovalEvent } from "../approval/approval.ts";
import type { ConnectorEvent, EdgeEvent, SessionFacts } from "../control.ts";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import type { Approve, Block } from "../policy/decision.ts";
import { generateKey } from "../signatures.ts";
import type { StatementFacts } from "../sql/facts.ts";
import { connectorEvent, edgeEvent } from "./events.ts";
import { Composer } from "./testing.ts";
import "../seeded.ts";

const facts: StatementFacts = {
  tag: "DELETE",
  actions: ["postgres:delete"],
  opaque: [],
  reads: ["public.orders"],
  writes: ["public.orders"],
  readColumns: ["public.orders.id"],
  writeColumns: [],
  functions: [],
  effects: [],
  settings: [],
  where: "condition",
  limit: null,
  fingerprint: "0123456789abcdef0123456789abcdef",
};
const approve: Approve = {
  verdict: "approve",
  policies: ["mass-write"],
  reason: "it writes many rows",
  approvals: [{ approvers: ["dba"], quorum: 1 }],
  expiresMs: 900_000,
  lastsMs: 60_000,
  scope: "once",
  rows: null,
  bytes: null,
};
const block: Block = { verdict: "block", policies: [], reason: "no policy permits it" };

const masked = { fingerprint: facts.fingerprint, text: "SELECT NULL", fields: { "pii.email": 3 } };
const many = Array.from({ length: 1_001 }, (_, index) => `label${index}`);

const read = (event: unknown) =>
  connectorEvent(encodeFrame(FrameType.event, 0, 0, Buffer.from(JSON.stringify(event))));

describe("events of the guard", () => {
  const good: ConnectorEvent[] = [
    { event: "policy", version: "ab".repeat(32), revision: 3 },
    { event: "facts", statements: [{ facts, plan: null }] },
    { event: "facts", statements: [{ facts, plan: { rows: 1e30, cost: 12 } }] },
    { event: "judged", decision: approve, text: "DELETE FROM orders", facts },
    { event: "judged", decision: block, text: "not SQL", facts: null },
    { event: "judged", decision: block, text: "SELECT", facts, plan: { rows: 1, cost: 1e9 } },
    { event: "cut", limit: "rows", value: 10_000 },
    {
      event: "masked",
      statements: [
        { fingerprint: facts.fingerprint, text: "SELECT NULL", fields: { "pii.email": 3, "hr.salary": 0 } },
        { fingerprint: facts.fingerprint, text: null, fields: {} },
      ],
    },
    { event: "detected", found: { card: { masked: 2, reported: 0 }, email: { masked: 0, reported: 7 } } },
    { event: "detected", found: {} },
  ];
  for (const event of good) {
    test(`${event.event} reads back as it was written`, () => assert.deepEqual(read(event), event));
  }

  const bad: [string, object][] = [
    ["a policy without its hash", { event: "policy", version: "latest", revision: 3 }],
    ["a revision below zero", { event: "policy", version: "ab".repeat(32), revision: -1 }],
    ["facts that are no list", { event: "facts", statements: { facts } }],
    ["facts without a plan", { event: "facts", statements: [{ facts }] }],
    [
      "facts without an action",
      { event: "facts", statements: [{ facts: { ...facts, actions: [] }, plan: null }] },
    ],
    [
      "facts with an action that there is not",
      { event: "facts", statements: [{ facts: { ...facts, actions: ["postgres:pray"] }, plan: null }] },
    ],
    [
      "facts without what they write",
      { event: "judged", decision: block, text: "", facts: { ...facts, writes: 1 } },
    ],
    [
      "a judgement that allowed",
      {
        event: "judged",
        decision: { verdict: "allow", policies: [], rows: null, bytes: null },
        text: "",
        facts: null,
      },
    ],
    [
      "a judgement without a reason",
      { event: "judged", decision: { verdict: "block", policies: [] }, text: "", facts },
    ],
    ["a judgement with a plan that is none", { event: "judged", decision: block, text: "", facts, plan: 7 }],
    ["a judgement without facts or their absence", { event: "judged", decision: block, text: "" }],
    [
      "an approval by nobody known",
      { event: "judged", decision: { ...approve, approvals: [null] }, text: "", facts },
    ],
    ["masking of no list", { event: "masked", statements: masked }],
    ["masking of nothing", { event: "masked", statements: [null] }],
    [
      "masking without a text or its absence",
      { event: "masked", statements: [{ ...masked, text: undefined }] },
    ],
    ["masking of no shape", { event: "masked", statements: [{ ...masked, fingerprint: "x" }] }],
    ["masking without counts", { event: "masked", statements: [{ ...masked, fields: null }] }],
    ["masking with counts in a list", { event: "masked", statements: [{ ...masked, fields: [1] }] }],
    ["masking of less than nothing", { event: "masked", statements: [{ ...masked, fields: { a: -1 } }] }],
    ["masking of half a value", { event: "masked", statements: [{ ...masked, fields: { a: 0.5 } }] }],
    ["masking of a value in words", { event: "masked", statements: [{ ...masked, fields: { a: "1" } }] }],
    [
      "masking of an endless name",
      { event: "masked", statements: [{ ...masked, fields: { ["x".repeat(201)]: 1 } }] },
    ],
    [
      "masking of too many labels",
      { event: "masked", statements: [{ ...masked, fields: Object.fromEntries(many.map((i) => [i, 1])) }] },
    ],
    ["findings in a list", { event: "detected", found: [] }],
    ["findings that are no counts", { event: "detected", found: { card: 1 } }],
    ["findings without those reported", { event: "detected", found: { card: { masked: 1 } } }],
    ["findings of less than nothing", { event: "detected", found: { card: { masked: 1, reported: -1 } } }],
    ["a cut of another measure", { event: "cut", limit: "pages", value: 1 }],
  ];
  for (const [what, event] of bad) test(`${what} is no event`, () => assert.equal(read(event), null));

  test("whatever a member is replaced by, reading answers an event or null", () => {
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.string(), fc.jsonValue(), (event, name, value) => {
        const members = [...Object.keys(event), name];
        for (const member of members) read({ ...event, [member]: value });
      }),
    );
  });
});

describe("events about approvals", () => {
  const asks: ApprovalAsk[] = [
    {
      event: "approval_asked",
      approval: 1,
      question: {
        kind: "statement",
        policies: approve.policies,
        reason: approve.reason,
        approvals: approve.approvals,
        expiresMs: approve.expiresMs,
        lastsMs: approve.lastsMs,
        scope: "once",
        database: "orders",
        actions: facts.actions,
        statement: "DELETE FROM orders WHERE id = $1",
        parameters: ["7"],
        sha256: "ab".repeat(32),
        fingerprint: facts.fingerprint,
        plan: null,
      },
    },
    { event: "approval_withdrawn", approval: 1, reason: "the agent cancelled it" },
    { event: "approval_used", approval: 1 },
  ];
  const framed = (event: object, flags: number) =>
    connectorEvent(encodeFrame(FrameType.event, flags, 0, Buffer.from(JSON.stringify(event))));

  test("that the edge acted on read back as they were asked", () => {
    for (const ask of asks) assert.deepEqual(framed(ask, FrameFlag.ask), ask);
  });

  test("that the edge did not act on are none: a use is not shown where no use was accepted", () => {
    for (const ask of asks) assert.equal(framed(ask, 0), null);
    assert.equal(framed({ event: "cut", limit: "rows", value: 1 }, FrameFlag.ask), null);
  });

  test("without what they say are none", () => {
    assert.equal(framed({ ...asks[0], question: null }, FrameFlag.ask), null);
    assert.equal(framed({ ...asks[1], reason: 7 }, FrameFlag.ask), null);
    assert.equal(framed({ ...asks[2], approval: "1" }, FrameFlag.ask), null);
  });

  test("by the edge read back as they were written, or are none", () => {
    const opened: ApprovalEvent = {
      event: "approval_opened",
      approval: 1,
      id: `${"a".repeat(32)}-1`,
      expires: 9,
    };
    assert.deepEqual(edgeEvent(Buffer.from(JSON.stringify(opened))), opened);
    assert.equal(edgeEvent(Buffer.from(JSON.stringify({ ...opened, expires: "late" }))), null);
    assert.equal(edgeEvent(Buffer.from(JSON.stringify({ ...opened, event: "approval_decided" }))), null);
  });
});

const composer = new Composer("0".repeat(32), await generateKey(), await generateKey()).opened();

describe("a session's opening", () => {
  const opened = JSON.parse(Buffer.from(composer.entries[0]!.frame).toString()) as EdgeEvent & {
    facts: SessionFacts;
  };
  const openedWith = (change: object) =>
    edgeEvent(Buffer.from(JSON.stringify({ ...opened, facts: { ...opened.facts, ...change } })));

  test("tells the policy set that was in force", () => {
    const event = openedWith({});
    assert.ok(event?.event === "opened");
    assert.deepEqual(event.facts, composer.facts);
    assert.equal(openedWith({ policy: { version: "", revision: 0 } }), null);
    assert.equal(openedWith({ listed: 1 }), null);
  });

  test("from before there were policies can still be read", () => {
    const event = openedWith({ policy: undefined, listed: undefined });
    assert.ok(event?.event === "opened");
    assert.deepEqual([event.facts.policy, event.facts.listed], [{ version: "", revision: 0 }, true]);
  });

  test("tells the approval that it needed", () => {
    const lease = { id: `${"a".repeat(32)}-0`, until: 1_700_000_000_000, by: ["dora"] };
    const event = openedWith({ lease });
    assert.ok(event?.event === "opened");
    assert.deepEqual(event.facts.lease, lease);
    assert.equal(openedWith({ lease: { ...lease, by: "dora" } }), null);
    assert.equal(openedWith({ lease: null }), null);
  });
});

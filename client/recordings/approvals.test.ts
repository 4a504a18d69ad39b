import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApprovalAsk, ApprovalEvent, ApprovalVote } from "../../protocol/approval/approval.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { HeldStatements } from "../../protocol/postgres/transcript/held.ts";
import { done, error, START } from "../../protocol/postgres/transcript/testing.ts";
import type { Happening, TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { Transcript } from "../../protocol/postgres/transcript.ts";
import { Composer, inChunks } from "../../protocol/recording/testing.ts";
import { verifyRecording } from "../../protocol/recording/verify.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { HELD, questionOf } from "../policy-replay/testing.ts";
import { Narrator } from "./narrate.ts";
import { Summarizer } from "./summary.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const TIME = Date.UTC(2026, 10, 22, 8);
const VOTE: Omit<ApprovalVote, "reason"> = {
  for: [0],
  by: "corp/dana",
  groups: ["dba"],
  channel: "slack",
  at: TIME,
};

/** What happens, and how long after the beginning. */
type Dated = [ms: number, happening: Happening];

const edge = (event: ApprovalEvent): Happening => ({ type: "edge", event });
const asks = (event: ApprovalAsk): Happening => ({ type: "connector", event });
const asked = (approval: number, text: string) =>
  asks({ event: "approval_asked", approval, question: questionOf(text) });
const decided = (approval: number, part: Partial<Extract<ApprovalEvent, { event: "approval_decided" }>>) =>
  edge({
    event: "approval_decided",
    approval,
    status: "approved",
    by: ["corp/dana"],
    reason: null,
    until: null,
    under: null,
    ...part,
  });
const result = (statement: number, tag: string, duration: number): Happening => ({
  type: "result",
  statement,
  outcome: "complete",
  tag,
  rows: 0,
  duration,
});

function statement(number: number, text: string): Happening {
  return { type: "statement", statement: number, protocol: "simple", text, bytes: text.length, cut: false };
}

function at(events: Dated[]): TranscriptEvent[] {
  return events.map(([ms, happening], index) => ({ seq: index + 1, time: TIME + ms, ...happening }));
}

function told(events: Dated[]): string[] {
  const narrator = new Narrator((_, text) => text, 10);
  return [...at(events).flatMap((event) => narrator.tell(event)), ...narrator.end()].slice(1);
}

function summed(events: Dated[]) {
  const summarizer = new Summarizer(10);
  for (const event of at(events)) summarizer.take(event);
  return summarizer.summary;
}

const APPROVED: Dated[] = [
  [0, statement(1, "DELETE FROM c")],
  [1, asked(1, "DELETE FROM c")],
  [2, edge({ event: "approval_opened", approval: 1, id: `${SESSION}-1`, expires: TIME + 60_000 })],
  [3, edge({ event: "approval_told", approval: 1, channel: "slack", reached: true, detail: "#dba" })],
  [4, edge({ event: "approval_told", approval: 1, channel: "webhook", reached: false, detail: "HTTP 503" })],
  [
    5_000,
    edge({
      event: "approval_rejected",
      approval: 1,
      by: "corp/eve",
      channel: "link",
      reason: "not entitled",
    }),
  ],
  [
    42_000,
    edge({ event: "approval_answered", approval: 1, answer: "approve", vote: { ...VOTE, reason: "ok" } }),
  ],
  [42_001, decided(1, {})],
  [42_002, asks({ event: "approval_used", approval: 1 })],
  [42_010, result(1, "DELETE 9", 42_010)],
];

const DENIED: Dated[] = [
  [0, statement(1, "DELETE FROM c")],
  [1, asked(1, "DELETE FROM c")],
  [
    9_001,
    edge({
      event: "approval_answered",
      approval: 1,
      answer: "deny",
      vote: { ...VOTE, reason: "not on a Friday" },
    }),
  ],
  [9_001, decided(1, { status: "denied", reason: "not on a Friday" })],
  [
    9_002,
    { type: "connector", event: { event: "judged", decision: HELD, text: "DELETE FROM c", facts: null } },
  ],
  [
    9_003,
    {
      type: "error",
      statement: 1,
      duration: 9_003,
      from: "target",
      severity: "ERROR",
      sqlstate: "42501",
      message: "denied",
    },
  ],
];

test("every step of an approval is told at its place; the server's time is without the wait", () => {
  assert.deepEqual(told(APPROVED), [
    "08:00:00.000 #1 DELETE FROM c",
    "08:00:00.001 #1 HELD: ask · by ask",
    "             │ approval 1: approval by 1 of dba, within 1m, for this time only",
    `08:00:00.002 #1 approval 1: asked as ${SESSION}-1, until 2026-11-22T08:01:00Z`,
    "08:00:00.003 #1 approval 1: told in Slack (#dba)",
    "08:00:00.004 #1 approval 1: the webhook could not be reached (HTTP 503)",
    "08:00:05.000 #1 approval 1: an answer of corp/eve by the link does not count: not entitled",
    '08:00:42.000 #1 approval 1: corp/dana approved by Slack: "ok"',
    "08:00:42.001 #1 approval 1: approved by corp/dana after 42s",
    "08:00:42.002 #1 approval 1: released after 42s",
    "08:00:42.010 #1 DELETE 9 · 9 ms",
  ]);
});

test("a denial is told with who and why, and its error as Sallyport's", () => {
  assert.deepEqual(told(DENIED).slice(3), [
    '08:00:09.001 #1 approval 1: corp/dana denied by Slack: "not on a Friday"',
    "08:00:09.001 #1 approval 1: denied by corp/dana after 9s: not on a Friday",
    "08:00:09.002 #1 NOT RUN: ask · by ask",
    "08:00:09.003 #1 ERROR 42501: denied (by Sallyport) · 3 ms",
  ]);
});

test("what expires, is withdrawn, is covered by an earlier approval, and lapses is told as that", () => {
  const lines = told([
    [0, asked(1, "SELECT 1")],
    [10, decided(1, { status: "expired", by: [] })],
    [20, asked(2, "SELECT 2")],
    [30, asks({ event: "approval_withdrawn", approval: 2, reason: "the agent cancelled it" })],
    [30, decided(2, { status: "withdrawn", by: [], reason: "the agent cancelled it" })],
    [40, asked(3, "SELECT 3")],
    [41, decided(3, { under: 9, until: TIME + 60_000 })],
    [50, decided(3, { status: "lapsed", by: ["corp/dana"], reason: "revoked" })],
  ]);
  assert.deepEqual(
    lines.filter((line) => /approval \d: (?!approval by)/.test(line) && !line.includes("│")),
    [
      "08:00:00.010 approval 1: expired after 10 ms",
      "08:00:00.030 approval 2: no longer asked after 10 ms: the agent cancelled it",
      "08:00:00.030 approval 2: withdrawn after 10 ms: the agent cancelled it",
      "08:00:00.041 approval 3: approved by corp/dana after 1 ms, covered by approval 9, holds until 2026-11-22T08:01:00Z",
      "08:00:00.050 approval 3: lapsed by corp/dana: revoked",
    ],
  );
});

test("a statement that is sent again behind one that was released is another one", () => {
  const judged: Happening = {
    type: "connector",
    event: { event: "judged", decision: HELD, text: "DELETE FROM c", facts: null },
  };
  const lines = told([
    [0, statement(1, "DELETE FROM c")],
    [0, statement(2, "DELETE FROM c")],
    [1, asked(1, "DELETE FROM c")],
    [2, asks({ event: "approval_used", approval: 1 })],
    [3, asked(2, "DELETE FROM c")],
    [4, decided(2, { status: "expired", by: [] })],
    [5, judged],
  ]);
  assert.deepEqual(
    lines.flatMap((line) => /#\d (HELD|NOT RUN|approval \d: \w+)/.exec(line)?.[0] ?? []),
    ["#1 HELD", "#1 approval 1: released", "#2 HELD", "#2 approval 2: expired", "#2 NOT RUN"],
  );
});

test("a summary counts what became of questions, and each statement says it", () => {
  const approved = summed(APPROVED);
  assert.deepEqual(approved.approvals, {
    asked: 1,
    approved: 1,
    covered: 0,
    denied: 0,
    expired: 0,
    withdrawn: 0,
    used: 1,
    rejected: 1,
  });
  const { outcome, failed, duration } = approved.listed[0]!;
  assert.deepEqual([outcome, failed, duration], ["held: ask; approved by corp/dana; DELETE 9", false, 9]);
  const denied = summed(DENIED);
  assert.deepEqual([denied.held, denied.blocked, denied.approvals.denied], [1, 0, 1]);
  assert.deepEqual(
    denied.listed.map(({ outcome, failed, duration }) => [outcome, failed, duration]),
    [["held: ask; denied by corp/dana; 42501 denied", true, 3]],
  );
});

test("nothing that approvals say can drive the terminal or pass for a line of ours", () => {
  const evil = "\u001b[2J\r\u009b31m\u202eevil\n08:00:00.000 #9 SELECT forged";
  const rules = { policies: [evil], reason: evil, approvals: [{ approvers: [evil], quorum: 1 }] };
  const question = questionOf(evil, { ...rules, parameters: [evil] });
  const lines = told([
    [0, asks({ event: "approval_asked", approval: 1, question })],
    [0, edge({ event: "approval_opened", approval: 1, id: evil, expires: TIME })],
    [0, edge({ event: "approval_told", approval: 1, channel: "slack", reached: true, detail: evil })],
    [0, edge({ event: "approval_rejected", approval: 1, by: evil, channel: "api", reason: evil })],
    [
      0,
      edge({
        event: "approval_answered",
        approval: 1,
        answer: "deny",
        vote: { ...VOTE, by: evil, reason: evil },
      }),
    ],
    [0, decided(1, { status: "lapsed", by: [evil], reason: evil })],
    [0, asks({ event: "approval_withdrawn", approval: 1, reason: evil })],
  ]);
  assert.ok(lines.filter((line) => line.includes("forged")).length >= 7);
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
    assert.ok(!line.startsWith("08:00:00.000 #9"), line);
  }
});

test("only so many questions are remembered, however many a recording has", () => {
  const held = new HeldStatements();
  const take = (happening: Happening) => held.take({ seq: 1, time: TIME, ...happening });
  for (let approval = 1; approval <= 1_001; approval++) take(asked(approval, "SELECT 1"));
  assert.equal(take(asks({ event: "approval_used", approval: 1 }))?.question, null);
  assert.notEqual(take(asks({ event: "approval_used", approval: 1_001 }))?.question, null);
});

test("a whole recording with approvals verifies, and its session began under a lease", async () => {
  const composer = new Composer(SESSION, await generateKey(), await generateKey());
  const lease: NonNullable<SessionFacts["lease"]> = { id: `${SESSION}-0`, until: TIME, by: ["corp/dana"] };
  Object.assign(composer.facts, { lease });
  composer.opened().joined().agent(START).target(pg.readyForQuery("I")).agent(pg.query("DELETE FROM c"));
  composer.ask({ event: "approval_asked", approval: 1, question: questionOf("DELETE FROM c") });
  composer.edge({ event: "approval_opened", approval: 1, id: `${SESSION}-1`, expires: TIME });
  composer.edge({
    event: "approval_decided",
    approval: 1,
    status: "expired",
    by: [],
    reason: null,
    until: null,
    under: null,
  });
  composer.target(Buffer.concat([error("42501", "no"), pg.readyForQuery("I")]));
  composer.agent(pg.query("SELECT 1")).target(Buffer.concat([done("SELECT 1"), pg.readyForQuery("I")]));
  const file = await composer.ended().file();
  assert.equal((await verifyRecording(inChunks(file), composer.keys)).verdict, "verified");
  const transcript = new Transcript();
  const narrator = new Narrator((_, text) => text, 10);
  const lines = composer.entries
    .flatMap((entry) => transcript.push(entry))
    .flatMap((one) => narrator.tell(one));
  assert.match(
    lines[1]!,
    new RegExp(`under approval ${SESSION}-0, approved by corp/dana, until 2026-11-22T08:00:00Z$`),
  );
  assert.ok(lines.some((line) => / #1 approval 1: expired after 0 ms$/.test(line)));
});

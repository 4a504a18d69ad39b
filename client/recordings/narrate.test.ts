import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approve, Block } from "../../protocol/policy/decision.ts";
import { Unanswered } from "../../protocol/postgres/transcript/unanswered.ts";
import type { Happening, TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { factsOf, type StatementFacts } from "../../protocol/sql/facts.ts";
import { Narrator } from "./narrate.ts";
import { RowTable } from "./rows.ts";
import { Summarizer } from "./summary.ts";

const START = Date.UTC(2026, 10, 21, 8);

test("a session is told with times, parameters, a table and changes of transaction", () => {
  assert.deepEqual(
    told(
      { type: "ready", status: "I" },
      statement(1, "BEGIN"),
      { type: "result", statement: 1, outcome: "complete", tag: "BEGIN", rows: 0, duration: 1 },
      { type: "ready", status: "T" },
      {
        ...statement(2, "SELECT id,\n  name FROM c WHERE id < $1"),
        name: "s",
        parameters: [{ type: "integer", value: value("3") }],
      },
      {
        type: "columns",
        statement: 2,
        columns: [
          { name: "id", type: "integer" },
          { name: "name", type: "text" },
        ],
      },
      { type: "row", statement: 2, values: [value("1"), value("Ada")] },
      { type: "row", statement: 2, values: [value("2"), null] },
      { type: "result", statement: 2, outcome: "complete", tag: "SELECT 2", rows: 2, duration: 12 },
      { type: "ready", status: "T" },
    ),
    [
      "2026-11-21 UTC",
      "08:00:00.000 the server is ready",
      "08:00:00.001 #1 BEGIN",
      "08:00:00.002 #1 BEGIN · 1 ms",
      "08:00:00.003 in a transaction",
      "08:00:00.004 #2 SELECT id,",
      "             │   name FROM c WHERE id < $1",
      "             $1 = 3 (integer)",
      "             -- prepared as s",
      "               id │ name",
      "               ───┼─────",
      "               1  │ Ada",
      "               2  │ NULL",
      "08:00:00.008 #2 SELECT 2 · 2 rows · 12 ms",
    ],
  );
});

test("errors are told with what explains them", () => {
  assert.deepEqual(
    told({
      type: "error",
      statement: null,
      duration: 3,
      text: "SELEC",
      from: "edge",
      severity: "FATAL",
      sqlstate: "57P01",
      message: "the session was killed",
      detail: "first\nsecond",
      hint: "ask",
      position: 1,
    }).slice(1),
    [
      "08:00:00.000 FATAL 57P01: the session was killed (by Sallyport) · 3 ms",
      "             │ SELEC",
      "             at character 1",
      "             │ Detail: first",
      "             │ second",
      "             │ Hint: ask",
    ],
  );
});

test("nothing recorded can drive the terminal or pass for a line of ours", () => {
  const evil = "\u001b[2J\r\u009b31m\u202eevil\n08:00:00.000 #9 SELECT forged";
  const words = {
    from: "target",
    severity: evil,
    sqlstate: evil,
    message: evil,
    detail: evil,
    hint: evil,
  } as const;
  const facts = {
    session: evil,
    principal: evil,
    onBehalfOf: evil,
    groups: [evil],
    target: evil,
    kind: "postgres",
    connector: evil,
    opened: START,
    until: START,
    address: evil,
    mode: "raw",
    listed: true,
    policy: { version: evil, revision: 1 },
  } as const;
  const limits = { idleMs: 1, maxMs: 1, maxBytes: 1, resumeMs: 1 };
  const events: Happening[] = [
    { type: "edge", event: { event: "opened", facts: { ...facts, groups: [evil] }, limits, edgeKey: evil } },
    { type: "edge", event: { event: "connector_joined", connector: evil, instance: evil, key: evil } },
    { type: "edge", event: { event: "ended", code: "closed", reason: evil, by: evil } },
    { type: "edge", event: { event: evil as "agent_dropped" } },
    {
      type: "connector",
      event: {
        event: "target_connected",
        host: evil,
        port: 1,
        database: evil,
        user: evil,
        tls: true,
        processId: 1,
      },
    },
    { type: "connector", event: { event: "refused", code: "forbidden", message: evil } },
    { type: "connector", event: { event: "cancel_requested", session: evil } },
    { type: "startup", version: "3.0", parameters: [[evil, evil]] },
    { type: "parameter", name: evil, value: evil },
    { ...statement(1, evil), name: evil, parameters: [{ type: null, value: value(evil) }] },
    { type: "columns", statement: 1, columns: [{ name: evil, type: "text" }] },
    { type: "row", statement: 1, values: [value(evil)] },
    { type: "result", statement: 1, outcome: "complete", tag: evil, rows: 1, duration: 1 },
    { type: "error", statement: 1, duration: 1, text: evil, ...words },
    { type: "notice", statement: 1, ...words },
    { type: "notification", processId: 1, channel: evil, payload: evil },
    {
      type: "copied",
      statement: 1,
      direction: "in",
      outcome: "failed",
      bytes: 9,
      messages: 1,
      preview: evil,
      reason: evil,
    },
    { type: "undecodable", from: "agent", reason: evil, bytes: 1, preview: "00" },
  ];
  const lines = told({ type: "ready", status: "I" }, ...events);
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
  }
  const forged = lines.filter((line) => line.startsWith("08:00:00.000 #9"));
  assert.deepEqual(forged, []);
});

test("a table's widths are those of its first rows; rows over the limit are counted", () => {
  const table = new RowTable(3);
  table.begin(["n"]);
  const lines = [1, 22, 333, 4444, 55555].flatMap((n) => table.add([value(String(n))]));
  assert.deepEqual([...lines, ...table.end()], ["n", "───", "1", "22", "333", "… 2 more rows"]);
  table.begin(["none"]);
  assert.deepEqual(table.end(), ["none", "────"]);
  table.add([{ text: "x".repeat(100), bytes: 5_000, cut: true }]);
  assert.match(table.end()[2]!, /^x{59}… \(5000 bytes\)$/);
});

test("many rows flow without waiting for the end", () => {
  const table = new RowTable(Number.POSITIVE_INFINITY);
  table.begin(["n"]);
  let lines = 0;
  for (let n = 0; n < 1000; n++) lines += table.add([value(String(n))]).length;
  assert.equal(lines, 1002);
});

test("a summary adds up results, tells what really ran, and keeps the latest", () => {
  const summarizer = new Summarizer(2);
  const events: Happening[] = [
    statement(1, "SELECT 0"),
    statement(2, "SELECT 1; SELECT 1/0"),
    { type: "result", statement: 2, outcome: "complete", tag: "SELECT 1", rows: 1, duration: 5 },
    {
      type: "error",
      statement: 2,
      duration: 7,
      from: "target",
      severity: "ERROR",
      sqlstate: "22012",
      message: "division by zero",
    },
    statement(3, "SELECT 'harmless'"),
    { ...statement(3, "DROP TABLE c"), type: "resolved" },
  ];
  for (const event of dated(events)) summarizer.take(event);
  const { statements, listed } = summarizer.summary;
  assert.equal(statements, 3);
  assert.deepEqual(
    listed.map(({ number, text, rows, duration, outcome, failed }) => [
      number,
      text,
      rows,
      duration,
      outcome,
      failed,
    ]),
    [
      [2, "SELECT 1; SELECT 1/0", 1, 12, "SELECT 1; 22012 division by zero", true],
      [3, "DROP TABLE c", 0, 0, "no answer", false],
    ],
  );
});

const FACTS = factsOf("DELETE", "postgres:delete", {
  reads: ["public.c"],
  writes: ["public.c"],
  where: "missing",
  fingerprint: "0123456789abcdef0123456789abcdef",
});
const HELD: Approve = {
  verdict: "approve",
  policies: ["mass-write", "night"],
  reason: "it writes every row",
  approvals: [{ approvers: ["dba", "leads"], quorum: 2 }],
  expiresMs: 900_000,
  lastsMs: 900_000,
  scope: "fingerprint",
  rows: null,
  bytes: null,
};
const BLOCKED: Block = { verdict: "block", policies: ["no-escape"], reason: "it leaves the database" };

function judged(decision: Approve | Block, text: string, facts: StatementFacts | null = FACTS): Happening {
  return { type: "connector", event: { event: "judged", decision, text, facts } };
}

function refusal(statement: number): Happening {
  const words = { from: "target", severity: "ERROR", sqlstate: "42501", message: "refused" } as const;
  return { type: "error", statement, duration: 1, ...words };
}

test("what was blocked or held is told at its place, and its error as Sallyport's", () => {
  assert.deepEqual(
    told(
      statement(1, "DELETE FROM c"),
      statement(2, "SELECT 1; COPY c TO PROGRAM 'sh'"),
      judged(HELD, "DELETE FROM c"),
      refusal(1),
      judged(BLOCKED, "COPY c TO PROGRAM 'sh'"),
      refusal(2),
      judged(BLOCKED, "COPY never.run TO PROGRAM 'sh'"),
    ).slice(3),
    [
      "08:00:00.002 #1 HELD: it writes every row · by mass-write, night",
      "             │ approval by 2 of dba or leads, within 15m, for statements of this shape",
      "08:00:00.003 #1 ERROR 42501: refused (by Sallyport) · 1 ms",
      "08:00:00.004 #2 BLOCKED: it leaves the database · by no-escape",
      "08:00:00.005 #2 ERROR 42501: refused (by Sallyport) · 1 ms",
      "08:00:00.006 BLOCKED: it leaves the database · by no-escape",
      "             │ COPY never.run TO PROGRAM 'sh'",
    ],
  );
});

test("an error of the target's own is not told as Sallyport's", () => {
  const lines = told(statement(1, "DELETE FROM c"), judged(BLOCKED, "another"), refusal(1));
  assert.equal(lines.at(-1), "08:00:00.002 #1 ERROR 42501: refused · 1 ms");
});

test("a statement sent twice and blocked twice is told twice, under both numbers", () => {
  const lines = told(
    statement(1, "DROP TABLE c"),
    statement(2, "DROP TABLE c"),
    judged(BLOCKED, "DROP TABLE c"),
    judged(BLOCKED, "DROP TABLE c"),
  );
  assert.deepEqual(
    lines.slice(3).map((line) => line.slice(13, 23)),
    ["#1 BLOCKED", "#2 BLOCKED"],
  );
});

test("changes of policy and cut results are told; facts only when asked for", () => {
  const events: Happening[] = [
    { type: "connector", event: { event: "policy", version: "ab".repeat(32), revision: 7 } },
    { type: "connector", event: { event: "cut", limit: "rows", value: 10_000 } },
    { type: "connector", event: { event: "facts", statements: [{ facts: FACTS, plan: null }] } },
  ];
  assert.deepEqual(told(...events).slice(1), [
    "08:00:00.000 statements are judged by policy set abababababab (revision 7) from here on",
    "08:00:00.001 the result was cut at its bound of 10000 rows",
  ]);
  const verbose = new Narrator((_, text) => text, 1, true);
  assert.deepEqual(
    dated(events)
      .flatMap((event) => verbose.tell(event))
      .slice(3),
    [
      "08:00:00.002 the parser proved of statements before:",
      "             │ DELETE (0123456789abcdef0123456789abcdef): postgres:delete · reads public.c · writes public.c · WHERE missing",
    ],
  );
});

const MASKED: Happening = {
  type: "connector",
  event: {
    event: "masked",
    statements: [
      {
        fingerprint: FACTS.fingerprint,
        text: "SELECT email\n  FROM (SELECT NULL::text AS email FROM c) AS c",
        fields: { "pii.email": 2, "hr.salary": 1 },
      },
      { fingerprint: FACTS.fingerprint, text: null, fields: { "pii.email": 3, "pii.ssn": 0 } },
    ],
  },
};
const DETECTED: Happening = {
  type: "connector",
  event: {
    event: "detected",
    found: {
      card: { masked: 2, reported: 0 },
      email: { masked: 1, reported: 4 },
      jwt: { masked: 0, reported: 0 },
    },
  },
};

test("what was masked is told by label, what the target saw only when asked for", () => {
  assert.deepEqual(told(MASKED, DETECTED).slice(1), [
    "08:00:00.000 MASKED in statements before: 5 values of pii.email, 1 of hr.salary",
    "08:00:00.001 detectors found in what the agent got: card 2 masked, email 1 masked and 4 reported, jwt none",
  ]);
  const nothing: Happening = {
    type: "connector",
    event: {
      event: "masked",
      statements: [{ fingerprint: FACTS.fingerprint, text: "UPDATE c", fields: {} }],
    },
  };
  assert.deepEqual(told(nothing).slice(1), ["08:00:00.000 MASKED in statements before: no value"]);
  const verbose = new Narrator((_, text) => text, 1, true);
  assert.deepEqual(
    dated([MASKED])
      .flatMap((event) => verbose.tell(event))
      .slice(1),
    [
      "08:00:00.000 MASKED in statements before: 5 values of pii.email, 1 of hr.salary; the target saw",
      "             │ SELECT email",
      "             │   FROM (SELECT NULL::text AS email FROM c) AS c",
      "             │ (0123456789abcdef0123456789abcdef): 2 values of pii.email, 1 of hr.salary",
      "             │ (the text as before)",
      "             │ (0123456789abcdef0123456789abcdef): 3 values of pii.email",
    ],
  );
});

test("what is counted while rows come does not break their table", () => {
  const lines = told(
    statement(1, "SELECT n"),
    { type: "columns", statement: 1, columns: [{ name: "n", type: "integer" }] },
    { type: "row", statement: 1, values: [value("1")] },
    DETECTED,
    { type: "row", statement: 1, values: [value("22")] },
    { type: "result", statement: 1, outcome: "complete", tag: "SELECT 2", rows: 2, duration: 1 },
  );
  assert.deepEqual(lines.slice(3, 7), [
    "               n",
    "               ──",
    "               1",
    "               22",
  ]);
});

test("a summary counts what was masked and what was detected", () => {
  const summarizer = new Summarizer(10);
  assert.deepEqual(
    [summarizer.summary.masked, summarizer.summary.maskedValues, summarizer.summary.detected],
    [0, {}, {}],
  );
  for (const event of dated([MASKED, DETECTED, MASKED, DETECTED])) summarizer.take(event);
  const { masked, maskedValues, detected } = summarizer.summary;
  assert.equal(masked, 4);
  assert.deepEqual(maskedValues, { "pii.email": 10, "hr.salary": 2, "pii.ssn": 0 });
  assert.deepEqual(detected, {
    card: { masked: 4, reported: 0 },
    email: { masked: 2, reported: 8 },
    jwt: { masked: 0, reported: 0 },
  });
});

test("a summary keeps so many labels only, whatever a recording names", () => {
  const summarizer = new Summarizer(1);
  const { fingerprint } = FACTS;
  for (let round = 0; round < 3; round++) {
    const fields = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`l${round}.${i}`, 1]));
    const event = { event: "masked" as const, statements: [{ fingerprint, text: null, fields }] };
    for (const one of dated([{ type: "connector", event }])) summarizer.take(one);
  }
  const { maskedValues } = summarizer.summary;
  assert.equal(Object.keys(maskedValues).length, 1_001);
  assert.equal(maskedValues.others, 1_700);
});

test("a judgement, and what was masked, can't drive the terminal or pass for a line of ours", () => {
  const evil = "\u001b[2J\r\u009b31m\u202eevil\n08:00:00.000 #9 SELECT forged";
  const lines = [true, false].flatMap((verbose) => {
    const narrator = new Narrator((_, text) => text, 1, verbose);
    const facts = { ...FACTS, tag: evil, reads: [evil], opaque: [evil], fingerprint: evil };
    const approvals = [{ approvers: [evil], quorum: 1 }];
    return dated([
      judged({ ...HELD, reason: evil, policies: [evil], approvals }, evil, facts),
      judged({ ...BLOCKED, reason: evil, policies: [evil] }, evil, null),
      { type: "connector", event: { event: "facts", statements: [{ facts, plan: null }] } },
      {
        type: "connector",
        event: {
          event: "masked",
          statements: [{ fingerprint: evil, text: evil, fields: { [evil]: 1 } }],
        },
      },
      {
        type: "connector",
        event: { event: "detected", found: { [evil]: { masked: 1, reported: 1 } } },
      },
    ]).flatMap((event) => narrator.tell(event));
  });
  assert.equal(lines.filter((line) => line.includes("forged")).length > 8, true);
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
    assert.ok(!line.startsWith("08:00:00.000 #9"));
  }
});

test("a summary counts what was blocked and held, and says why", () => {
  const summarizer = new Summarizer(10);
  const events: Happening[] = [
    { type: "connector", event: { event: "policy", version: "ab".repeat(32), revision: 7 } },
    statement(1, "DELETE FROM c"),
    judged(HELD, "DELETE FROM c"),
    refusal(1),
    statement(2, "SELECT 1"),
    { type: "result", statement: 2, outcome: "complete", tag: "SELECT 1", rows: 1, duration: 1 },
    judged(BLOCKED, "only prepared"),
  ];
  for (const event of dated(events)) summarizer.take(event);
  const { statements, blocked, held, policies, listed } = summarizer.summary;
  assert.deepEqual([statements, blocked, held], [2, 1, 1]);
  assert.deepEqual(policies, [{ version: "ab".repeat(32), revision: 7 }]);
  assert.deepEqual(
    listed.map(({ outcome, failed }) => [outcome, failed]),
    [
      ["held: it writes every row; 42501 refused", true],
      ["SELECT 1", false],
    ],
  );
});

test("of statements without end only so many are kept to find a judged one by", () => {
  const unanswered = new Unanswered();
  const long = "x".repeat(60_000);
  for (let number = 1; number <= 1_000; number++) {
    unanswered.take({ seq: number, time: START, ...statement(number, `#${number} ${long}`) });
  }
  assert.equal(unanswered.judged(`#1 ${long}`), null);
  assert.equal(unanswered.judged(`#1000 ${long}`), 1000);
});

function told(...events: Happening[]): string[] {
  const narrator = new Narrator((_, text) => text, Number.POSITIVE_INFINITY);
  return [...dated(events).flatMap((event) => narrator.tell(event)), ...narrator.end()];
}

function dated(events: Happening[]): TranscriptEvent[] {
  return events.map((event, index) => ({ seq: index + 1, time: START + index, ...event }));
}

function statement(number: number, text: string): Extract<Happening, { type: "statement" }> {
  return { type: "statement", statement: number, protocol: "extended", text, bytes: text.length, cut: false };
}

function value(text: string) {
  return { text, bytes: text.length, cut: false };
}

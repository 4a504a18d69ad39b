import assert from "node:assert/strict";
import { test } from "node:test";
import type { Happening, TranscriptEvent } from "../../protocol/postgres/transcript.ts";
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { EntryKind } from "../entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import { printedRandom } from "../recording/testing.ts";
import * as pg from "./messages.ts";
import { Transcript, type TranscriptEvent } from "./transcript.ts";
import { cstring, i32, message, u16, u32 } from "./wire.ts";

type Step = [from: "agent" | "target", ...messages: Uint8Array[]];

const START = pg.startupMessage(pg.PROTOCOL_3_0, [
  ["user", "alice"],
  ["database", "orders"],
  ["application_name", "psql"],
]);
const INT4 = 23;
const TEXT = 25;

test("startup, a simple query with its rows, and the end", () => {
  const events = play(
    ["agent", START],
    ["target", pg.authenticationOk(), pg.parameterStatus("server_version", "15.1"), pg.readyForQuery("I")],
    ["agent", pg.query("SELECT id, name FROM customers")],
    ["target", columns(["id", INT4], ["name", TEXT]), row("1", "Ada"), row("2", null), done("SELECT 2")],
    ["target", pg.readyForQuery("T")],
    ["agent", pg.terminate()],
  );
  assert.deepEqual(brief(events), [
    "startup 3.0 user=alice database=orders application_name=psql",
    "parameter server_version=15.1",
    "ready I",
    "1 statement simple SELECT id, name FROM customers",
    "1 columns id integer, name text",
    "1 row 1 | Ada",
    "1 row 2 | NULL",
    "1 result complete SELECT 2 rows 2",
    "ready T",
    "terminate",
  ]);
  const result = events.find((event) => event.type === "result");
  assert.equal(result?.duration, 10);
});

test("several statements in one query each have a result, and an error ends them", () => {
  const events = play(
    ["agent", START, pg.query("SELECT 1; SELECT 2; SELECT 1/0; SELECT 3")],
    [
      "target",
      columns(["a", INT4]),
      row("1"),
      done("SELECT 1"),
      columns(["b", INT4]),
      row("2"),
      done("SELECT 1"),
    ],
    ["target", error("22012", "division by zero"), pg.readyForQuery("I")],
    ["agent", pg.query("")],
    ["target", message(pg.BACKEND.EmptyQueryResponse), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "1 statement simple SELECT 1; SELECT 2; SELECT 1/0; SELECT 3",
    "1 columns a integer",
    "1 row 1",
    "1 result complete SELECT 1 rows 1",
    "1 columns b integer",
    "1 row 2",
    "1 result complete SELECT 1 rows 1",
    "1 error 22012 division by zero",
    "ready I",
    "2 statement simple ",
    "2 result empty  rows 0",
    "ready I",
  ]);
});

test("a pipeline's answers go to the statements that asked, with parameters of either format", () => {
  const int = Buffer.alloc(4);
  int.writeInt32BE(7);
  const events = play(
    [
      "agent",
      START,
      pg.parse({
        statement: "find",
        sql: "SELECT name FROM c WHERE id = $1 AND t = $2",
        parameterTypes: [INT4, 0],
      }),
      bindTo("find", [int, Buffer.from("x")], [1, 0]),
      pg.describe({ kind: "portal", name: "" }),
      pg.execute({ portal: "", maxRows: 0 }),
      bindTo("find", [null, null], []),
      pg.execute({ portal: "", maxRows: 1 }),
      pg.sync(),
      pg.query("SELECT 2"),
    ],
    ["target", complete("1"), complete("2"), columns(["name", TEXT]), row("Ada"), done("SELECT 1")],
    ["target", complete("2"), row("Bob"), complete("s"), pg.readyForQuery("I")],
    ["target", columns(["n", INT4]), row("2"), done("SELECT 1"), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "1 statement extended find SELECT name FROM c WHERE id = $1 AND t = $2 (integer 7, ? x)",
    "2 statement extended find SELECT name FROM c WHERE id = $1 AND t = $2 (integer NULL, ? NULL)",
    "3 statement simple SELECT 2",
    "1 columns name text",
    "1 row Ada",
    "1 result complete SELECT 1 rows 1",
    "2 row Bob",
    "2 result suspended  rows 1",
    "ready I",
    "3 columns n integer",
    "3 row 2",
    "3 result complete SELECT 1 rows 1",
    "ready I",
  ]);
});

test("a statement described once gives later rows their columns, in the format that Bind asked for", () => {
  const int = Buffer.from([0, 0, 1, 0]);
  const events = play(
    ["agent", START, pg.parse({ statement: "s", sql: "SELECT $1", parameterTypes: [] })],
    ["agent", pg.describe({ kind: "statement", name: "s" }), pg.sync()],
    ["target", complete("1"), parameterTypes(INT4), columns(["n", INT4]), pg.readyForQuery("I")],
    ["agent", bindTo("s", [int], [1], [1]), pg.execute({ portal: "", maxRows: 0 }), pg.sync()],
    ["target", complete("2"), rowOf(int), done("SELECT 1"), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(2), [
    "1 statement extended s SELECT $1 (integer 256)",
    "1 columns n integer",
    "1 row 256",
    "1 result complete SELECT 1 rows 1",
    "ready I",
  ]);
});

test("after an error everything up to Sync is told as skipped, also what is sent later", () => {
  const run = (sql: string) => [
    pg.parse({ statement: "", sql, parameterTypes: [] }),
    bindTo("", [], []),
    pg.execute({ portal: "", maxRows: 0 }),
  ];
  const events = play(
    ["agent", START, ...run("SELECT 1/0"), ...run("SELECT 1")],
    ["target", complete("1"), complete("2"), error("22012", "division by zero")],
    ["agent", ...run("SELECT 2"), pg.query("SELECT 3"), pg.sync(), ...run("SELECT 4"), pg.sync()],
    ["target", pg.readyForQuery("I"), complete("1"), complete("2"), done("SELECT 0"), pg.readyForQuery("I")],
  );
  assert.deepEqual(
    brief(events).filter((line) => !/ statement /.test(line)),
    [
      "startup 3.0 user=alice database=orders application_name=psql",
      "1 error 22012 division by zero",
      "2 skipped",
      "3 skipped",
      "4 skipped",
      "ready I",
      "5 result complete SELECT 0 rows 0",
      "ready I",
    ],
  );
});

test("a statement that fails to parse is told with its text even when nothing executes it", () => {
  const events = play(
    ["agent", START, pg.parse({ statement: "", sql: "SELEC", parameterTypes: [] }), pg.sync()],
    ["target", error("42601", "syntax error"), pg.readyForQuery("I")],
  );
  const failed = events.find((event) => event.type === "error");
  assert.deepEqual([failed?.statement, failed?.text], [null, "SELEC"]);
});

test("a failed Parse of a name in use can't dress up what runs under it", () => {
  const s = (sql: string) => pg.parse({ statement: "s", sql, parameterTypes: [] });
  const events = play(
    ["agent", START, s("DROP TABLE customers"), pg.sync()],
    ["target", complete("1"), pg.readyForQuery("I")],
    [
      "agent",
      s("SELECT 'harmless'"),
      pg.sync(),
      bindTo("s", [], []),
      pg.execute({ portal: "", maxRows: 0 }),
      pg.sync(),
    ],
    ["target", error("42P05", 'prepared statement "s" already exists'), pg.readyForQuery("I")],
    ["target", complete("2"), done("DROP TABLE"), pg.readyForQuery("I")],
  );
  const lines = brief(events);
  assert.ok(lines.includes("1 statement extended s SELECT 'harmless'"));
  assert.ok(lines.includes("1 resolved extended s DROP TABLE customers"));
  assert.ok(
    lines.indexOf("1 resolved extended s DROP TABLE customers") <
      lines.indexOf("1 result complete DROP TABLE rows 0"),
  );
});

test("a name that SQL may have given anew is told as doubtful", () => {
  const events = play(
    ["agent", START, pg.parse({ statement: "s", sql: "SELECT 1", parameterTypes: [] }), pg.sync()],
    ["target", complete("1"), pg.readyForQuery("I")],
    ["agent", pg.query("DEALLOCATE s; PREPARE s AS DROP TABLE customers")],
    ["target", done("DEALLOCATE"), done("PREPARE"), pg.readyForQuery("I")],
    ["agent", bindTo("s", [], []), pg.execute({ portal: "", maxRows: 0 }), pg.sync()],
    ["agent", bindTo("unheard of", [], []), pg.execute({ portal: "", maxRows: 0 }), pg.sync()],
  );
  const statements = events.filter((event) => event.type === "statement");
  assert.deepEqual(
    statements.map(({ text, doubtful }) => [text, doubtful]),
    [
      ["DEALLOCATE s; PREPARE s AS DROP TABLE customers", undefined],
      ["SELECT 1", true],
      [null, undefined],
    ],
  );
});

test("COPY in both ways is counted and shown by its beginning", () => {
  const copyIn = (format: number) => message(pg.BACKEND.CopyInResponse, Uint8Array.of(format), u16(0));
  const copyOut = message(pg.BACKEND.CopyOutResponse, Uint8Array.of(0), u16(0));
  const events = play(
    ["agent", START, pg.query("COPY t FROM STDIN")],
    ["target", copyIn(0)],
    ["agent", pg.copyData(Buffer.from("1\tAda\n")), pg.copyData(Buffer.from("2\tBob\n")), pg.copyDone()],
    ["target", done("COPY 2"), pg.readyForQuery("I")],
    ["agent", pg.query("COPY t TO STDOUT")],
    [
      "target",
      copyOut,
      pg.copyData(Buffer.from("1\tAda\n")),
      pg.copyDone(),
      done("COPY 1"),
      pg.readyForQuery("I"),
    ],
    ["agent", pg.query("COPY t FROM STDIN BINARY")],
    ["target", copyIn(1)],
    ["agent", pg.copyData(Buffer.from([1, 2])), pg.copyFail("changed my mind")],
    ["target", error("57014", "COPY from stdin failed"), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "1 statement simple COPY t FROM STDIN",
    "1 copy in text",
    '1 copied in done 12 bytes in 2: "1\\tAda\\n2\\tBob\\n"',
    "1 result complete COPY 2 rows 0",
    "ready I",
    "2 statement simple COPY t TO STDOUT",
    "2 copy out text",
    '2 copied out done 6 bytes in 1: "1\\tAda\\n"',
    "2 result complete COPY 1 rows 0",
    "ready I",
    "3 statement simple COPY t FROM STDIN BINARY",
    "3 copy in binary",
    '3 copied in failed 2 bytes in 1: "\\\\x0102" changed my mind',
    "3 error 57014 COPY from stdin failed",
    "ready I",
  ]);
});

test("the Sync that libpq sends before COPY data is ignored, as the server ignores it", () => {
  const events = play(
    [
      "agent",
      START,
      pg.parse({ statement: "", sql: "COPY t FROM STDIN", parameterTypes: [] }),
      bindTo("", [], []),
    ],
    ["agent", pg.execute({ portal: "", maxRows: 0 }), pg.sync()],
    ["target", complete("1"), complete("2"), message(pg.BACKEND.CopyInResponse, Uint8Array.of(0), u16(0))],
    ["agent", pg.copyData(Buffer.from("1\n")), pg.sync(), pg.copyDone(), pg.sync(), pg.query("SELECT 1")],
    ["target", done("COPY 1"), pg.readyForQuery("I"), done("SELECT 1"), pg.readyForQuery("I")],
  );
  assert.ok(brief(events).includes("1 result complete COPY 1 rows 0"));
  assert.ok(brief(events).includes("2 result complete SELECT 1 rows 0"));
});

test("a COPY that the server fails midway is told, and the data that still comes is not", () => {
  const events = play(
    ["agent", START, pg.query("COPY t FROM STDIN")],
    ["target", message(pg.BACKEND.CopyInResponse, Uint8Array.of(0), u16(0))],
    ["agent", pg.copyData(Buffer.from("x\n"))],
    ["target", error("22P02", "invalid input syntax"), pg.readyForQuery("I")],
    ["agent", pg.copyData(Buffer.from("2\n")), pg.copyDone(), pg.query("SELECT 1")],
    ["target", done("SELECT 1"), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(2), [
    "1 copy in text",
    '1 copied in failed 2 bytes in 1: "x\\n"',
    "1 error 22P02 invalid input syntax",
    "ready I",
    "2 statement simple SELECT 1",
    "2 result complete SELECT 1 rows 0",
    "ready I",
  ]);
});

test("notices, notifications, function calls and cancel requests are told", () => {
  const notice = pg.errorFields("NoticeResponse", [
    ["S", "HINWEIS"],
    ["V", "NOTICE"],
    ["C", "00000"],
    ["M", "hello"],
  ]);
  const events = play(
    ["agent", START, pg.query("DO 'x'")],
    ["target", notice, done("DO"), pg.readyForQuery("I")],
    ["target", message(pg.BACKEND.NotificationResponse, i32(9), cstring("jobs"), cstring("go"))],
    [
      "agent",
      pg.functionCall({
        function: 1598,
        argumentFormats: [],
        arguments: [Buffer.from("4")],
        resultFormat: 0,
      }),
    ],
    ["target", message(pg.BACKEND.FunctionCallResponse, i32(1), Buffer.from("2")), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "1 statement simple DO 'x'",
    "1 notice NOTICE hello",
    "1 result complete DO rows 0",
    "ready I",
    "notification jobs go",
    "2 statement function function 1598 (? 4)",
    "2 row 2",
    "2 result complete  rows 1",
    "ready I",
  ]);
  assert.deepEqual(brief(play(["agent", pg.cancelRequest(77, Buffer.from("SECRET"))])), ["cancel 77"]);
});

test("the answer to SSLRequest is taken off; agreed encryption is told as unreadable", () => {
  const refused = play(
    ["agent", pg.sslRequest()],
    ["target", Buffer.from("N")],
    ["agent", START, pg.query("SELECT 1")],
    ["target", done("SELECT 1")],
  );
  assert.equal(brief(refused)[0], "encryption ssl");
  assert.equal(brief(refused).at(-1), "1 result complete SELECT 1 rows 0");
  const agreed = play(
    ["agent", pg.sslRequest()],
    ["target", Buffer.from("S")],
    ["agent", Buffer.from("\x16\x03")],
  );
  assert.deepEqual(
    agreed.map(({ type }) => type),
    ["encryption", "undecodable", "undecodable", "undecodable"],
  );
});

test("long messages are held in part: their length is told, their beginning shown", () => {
  const long = "x".repeat(1_000_000);
  const events = play(
    ["agent", START, ...pieces(pg.query(`SELECT '${long}'`))],
    ["target", columns(["v", TEXT]), ...pieces(row(long, "after")), done("SELECT 1"), pg.readyForQuery("I")],
    ["agent", ...pieces(pg.parse({ statement: "big", sql: `SELECT $1 /*${long}*/`, parameterTypes: [] }))],
    [
      "agent",
      ...pieces(bindTo("big", [Buffer.from(long), Buffer.from("lost")], [])),
      pg.execute({ portal: "", maxRows: 0 }),
    ],
  );
  const [simple, extended] = events.filter((event) => event.type === "statement");
  assert.deepEqual([simple?.bytes, simple?.cut], [1_000_009, true]);
  assert.ok(simple!.text!.length <= 256 * 1024);
  assert.deepEqual([extended?.name, extended?.cut], ["big", true]);
  assert.equal(extended?.parameters?.[0]?.value?.bytes, 1_000_000);
  assert.equal(extended?.parameters?.[0]?.value?.text.length, 4096);
  const seen = events.find((event) => event.type === "row");
  assert.deepEqual([seen?.values[0]?.bytes, seen?.values[0]?.cut], [1_000_000, true]);
});

test("a malformed message hides nothing that comes after it", () => {
  const malformed = message(pg.FRONTEND.Describe, Buffer.from("?x\0"));
  const events = play(
    ["agent", START, malformed, pg.query("DROP TABLE customers")],
    ["agent", Buffer.from([0xff, 0, 0, 0, 9, 1, 2, 3, 4])],
    ["target", done("DROP TABLE")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "undecodable agent 3",
    "1 statement simple DROP TABLE customers",
    "undecodable agent 9",
    "1 result complete DROP TABLE rows 0",
  ]);
});

test("a query that can't be read has its place: answers don't move to the next", () => {
  const unreadable = message(pg.FRONTEND.Query, Buffer.from("no end"));
  const events = play(
    ["agent", START, unreadable, pg.query("SELECT 1")],
    ["target", error("08P01", "invalid message format"), pg.readyForQuery("I")],
    ["target", done("SELECT 1"), pg.readyForQuery("I")],
  );
  assert.deepEqual(brief(events).slice(1), [
    "undecodable agent 6",
    "1 statement simple null",
    "2 statement simple SELECT 1",
    "1 error 08P01 invalid message format",
    "ready I",
    "2 result complete SELECT 1 rows 0",
    "ready I",
  ]);
});

test("when more is asked than can be remembered, answers go to no statement rather than to a wrong one", () => {
  const transcript = new Transcript();
  const syncs = Buffer.concat(Array(50_000).fill(pg.sync()));
  transcript.push(entryOf(EntryKind.agent, START, 1));
  const events = Array.from({ length: 15 }, () => transcript.push(entryOf(EntryKind.agent, syncs, 2))).flat();
  assert.deepEqual(brief(events), ["undecodable agent 0"]);
  transcript.push(entryOf(EntryKind.agent, pg.query("SELECT 1"), 3));
  assert.deepEqual(brief(transcript.push(entryOf(EntryKind.target, done("SELECT 1"), 4))), [
    "result complete SELECT 1 rows 0",
  ]);
});

test("the edge's last word is read by itself, though the target was cut inside a message", () => {
  const transcript = new Transcript();
  const feed = (kind: EntryKind, flags: number, bytes: Uint8Array) =>
    transcript.push({ kind, seq: 1, time: 0, frame: encodeFrame(FrameType.data, flags, 0, bytes) });
  feed(EntryKind.agent, 0, Buffer.concat([START, pg.query("SELECT 1")]));
  feed(EntryKind.target, 0, row("1").subarray(0, 9));
  const events = feed(EntryKind.target, FrameFlag.edge, error("57P01", "the session was killed"));
  assert.deepEqual(brief(events), ["1 error 57P01 the session was killed"]);
  assert.equal(events[0]?.type === "error" && events[0].from, "edge");
});

test("every way to cut the same bytes into frames gives the same events", () => {
  const agent = Buffer.concat([START, pg.query("SELECT 1"), pg.terminate()]);
  const target = Buffer.concat([columns(["n", INT4]), row("1"), done("SELECT 1"), pg.readyForQuery("I")]);
  const expected = brief(play(["agent", agent], ["target", target]));
  for (let size = 1; size < target.length; size++) {
    assert.deepEqual(
      brief(play(...slices("agent", agent, size), ...slices("target", target, size))),
      expected,
    );
  }
});

test("random bytes and random conversations never throw, and keep their order", () => {
  const random = printedRandom();
  const parts = vocabulary();
  for (let round = 0; round < 3000; round++) {
    const transcript = new Transcript(64);
    if (random(4) > 0) transcript.push(entryOf(EntryKind.agent, START, 0));
    for (let step = 0; step < 40; step++) {
      const kind = 1 + random(3);
      const part = parts[random(parts.length)]!;
      const bytes = Buffer.from(random(3) > 0 ? part : part.subarray(0, random(part.length + 1)));
      if (random(4) === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256);
      for (const event of transcript.push(entryOf(kind as EntryKind, bytes, step)))
        assert.equal(event.seq, step);
    }
  }
});

function entryOf(kind: EntryKind, bytes: Uint8Array, seq: number) {
  return { kind, seq, time: 1_800_000_000_000, frame: encodeFrame(FrameType.data, 0, 0, bytes) };
}

/** One of each message, of either side. */
function vocabulary(): Buffer[] {
  return [
    pg.query("SELECT 1"),
    pg.parse({ statement: "s", sql: "SELECT $1", parameterTypes: [INT4] }),
    bindTo("s", [Buffer.from([0, 0, 0, 1])], [1], [1]),
    pg.describe({ kind: "statement", name: "s" }),
    pg.describe({ kind: "portal", name: "" }),
    pg.execute({ portal: "", maxRows: 3 }),
    pg.close({ kind: "statement", name: "s" }),
    pg.functionCall({ function: 1, argumentFormats: [1], arguments: [null], resultFormat: 1 }),
    pg.copyData(Buffer.from("1\t2\n")),
    pg.copyDone(),
    pg.copyFail("no"),
    pg.sync(),
    pg.flush(),
    pg.terminate(),
    pg.sslRequest(),
    pg.readyForQuery("T"),
    columns(["n", INT4], ["numbers", 1007], ["amount", 1700]),
    row("1", "{1,2}", "1.5"),
    rowOf(Buffer.alloc(4), Buffer.alloc(20, 1), Buffer.alloc(10, 1)),
    done("DISCARD ALL"),
    error("22012", "division by zero"),
    parameterTypes(INT4),
    message(pg.BACKEND.CopyInResponse, Uint8Array.of(1), u16(0)),
    message(pg.BACKEND.CopyOutResponse, Uint8Array.of(0), u16(0)),
    message(pg.BACKEND.FunctionCallResponse, i32(-1)),
    ...["1", "2", "3", "n", "s"].map(complete),
  ];
}

/** Plays steps 10 ms apart, each message in a frame of its own. */
function play(...steps: Step[]): TranscriptEvent[] {
  const transcript = new Transcript();
  let seq = 0;
  return steps.flatMap(([from, ...messages], step) =>
    messages.flatMap((bytes) =>
      transcript.push({
        kind: EntryKind[from],
        seq: ++seq,
        time: 1_800_000_000_000 + step * 10,
        frame: encodeFrame(FrameType.data, 0, 0, bytes),
      }),
    ),
  );
}

function slices(from: Step[0], bytes: Buffer, size: number): Step[] {
  return [[from, ...pieces(bytes, size)]];
}

function pieces(bytes: Buffer, size = 256 * 1024): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}

function bindTo(
  statement: string,
  parameters: (Buffer | null)[],
  formats: number[],
  results: number[] = [],
): Buffer {
  return pg.bind({ portal: "", statement, parameterFormats: formats, parameters, resultFormats: results });
}

function columns(...named: [name: string, type: number][]): Buffer {
  const fields = named.flatMap(([name, type]) => [
    cstring(name),
    u32(0),
    u16(0),
    u32(type),
    u16(4),
    i32(-1),
    u16(0),
  ]);
  return message(pg.BACKEND.RowDescription, u16(named.length), ...fields);
}

function row(...values: (string | null)[]): Buffer {
  return rowOf(...values.map((value) => (value === null ? null : Buffer.from(value))));
}

function rowOf(...values: (Buffer | null)[]): Buffer {
  const fields = values.flatMap((value) => (value ? [i32(value.length), value] : [i32(-1)]));
  return message(pg.BACKEND.DataRow, u16(values.length), ...fields);
}

function done(tag: string): Buffer {
  return message(pg.BACKEND.CommandComplete, cstring(tag));
}

function complete(letter: string): Buffer {
  return message({ type: letter.charCodeAt(0), min: 4, max: 4 });
}

function parameterTypes(...types: number[]): Buffer {
  return message(pg.BACKEND.ParameterDescription, u16(types.length), ...types.map(u32));
}

function error(sqlstate: string, text: string): Buffer {
  return pg.errorFields("ErrorResponse", [
    ["S", "ERROR"],
    ["V", "ERROR"],
    ["C", sqlstate],
    ["M", text],
  ]);
}

/** One line an event. */
function brief(events: TranscriptEvent[]): string[] {
  return events.map((event) => {
    const number = "statement" in event && event.statement !== null ? `${event.statement} ` : "";
    return `${number}${event.type} ${details(event)}`.trimEnd() + (emptyEnd(event) ? " " : "");
  });
}

/** Whether the line's last word is an empty text, which the trimming would hide. */
function emptyEnd(event: TranscriptEvent): boolean {
  return event.type === "statement" && event.text === "";
}

function details(event: TranscriptEvent): string {
  switch (event.type) {
    case "startup":
      return `${event.version} ${event.parameters.map((pair) => pair.join("=")).join(" ")}`;
    case "parameter":
      return `${event.name}=${event.value}`;
    case "statement":
    case "resolved": {
      const parameters = event.parameters?.map(
        ({ type, value }) => `${type ?? "?"} ${value?.text ?? "NULL"}`,
      );
      const name = event.name ? `${event.name} ` : "";
      return `${event.protocol} ${name}${event.text}${parameters ? ` (${parameters.join(", ")})` : ""}`;
    }
    case "columns":
      return event.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
    case "row":
      return event.values.map((value) => value?.text ?? "NULL").join(" | ");
    case "result":
      return `${event.outcome} ${event.tag} rows ${event.rows}`;
    case "error":
      return `${event.sqlstate} ${event.message}`;
    case "notice":
      return `${event.severity} ${event.message}`;
    case "notification":
      return `${event.channel} ${event.payload}`;
    case "copy":
      return `${event.direction} ${event.format}`;
    case "copied": {
      const { direction, outcome, bytes, messages, preview, reason = "" } = event;
      return `${direction} ${outcome} ${bytes} bytes in ${messages}: ${JSON.stringify(preview)} ${reason}`;
    }
    case "ready":
      return event.status;
    case "cancel":
      return String(event.processId);
    case "encryption":
      return event.request;
    case "undecodable":
      return `${event.from} ${event.bytes}`;
    default:
      return "";
  }
}

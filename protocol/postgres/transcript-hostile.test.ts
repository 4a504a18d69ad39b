import assert from "node:assert/strict";
import { test } from "node:test";
import { EntryKind } from "../entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import { printedRandom } from "../recording/testing.ts";
import * as pg from "./messages.ts";
import {
  bindTo,
  brief,
  columns,
  complete,
  done,
  entryOf,
  error,
  INT4,
  parameterTypes,
  pieces,
  play,
  row,
  rowOf,
  START,
  slices,
  TEXT,
} from "./transcript/testing.ts";
import { Transcript } from "./transcript.ts";
import { i32, message, u16 } from "./wire.ts";

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

import assert from "node:assert/strict";
import { test } from "node:test";
import * as pg from "./messages.ts";
import {
  bindTo,
  brief,
  columns,
  complete,
  done,
  error,
  INT4,
  parameterTypes,
  play,
  row,
  rowOf,
  START,
  TEXT,
} from "./transcript/testing.ts";
import { cstring, i32, message, u16 } from "./wire.ts";

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

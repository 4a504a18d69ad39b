import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import postgres from "postgres";
import { Extractor } from "../client/policy-replay/extract.ts";
import type { Step } from "../client/policy-replay/steps.ts";
import { Narrator } from "../client/recordings/narrate.ts";
import * as wire from "../protocol/postgres/messages.ts";
import { Transcript, type TranscriptEvent } from "../protocol/postgres/transcript.ts";
import { Composer, inChunks } from "../protocol/recording/testing.ts";
import { verifyRecording } from "../protocol/recording/verify.ts";
import { generateKey, type PrivateKey } from "../protocol/signatures.ts";
import { type PostgresServer, program, startPostgres } from "./postgres-server.ts";
import { recordRelay } from "./record-relay.ts";

/** Recordings of real clients with a real server, told by the transcript. */

let server: PostgresServer;
let edge: PrivateKey;
let connector: PrivateKey;

before(async () => {
  server = await startPostgres({ hba: ["host all all 127.0.0.1/32 trust"] });
  [edge, connector] = [await generateKey(), await generateKey()];
});

after(() => server.stop());

test("psql: queries, a COPY each way, an error, transaction states", async () => {
  const script = `
    CREATE TABLE customers (id int PRIMARY KEY, name text);
    COPY customers FROM STDIN;
1\tAda
2\tBob
\\.
    BEGIN;
    SELECT name FROM customers ORDER BY id;
    SELECT 1/0;
    ROLLBACK;
    COPY customers TO STDOUT;
    SELECT 1 AS a \\; SELECT 2 AS b;
    NOTIFY jobs;`;
  const events = await recorded(async (port) => {
    const child = promisify(execFile)(program("psql"), [
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-U",
      server.superuser,
      "-d",
      "postgres",
    ]);
    child.child.stdin!.end(script);
    await child;
  });
  const results = events.flatMap((event) =>
    event.type === "result"
      ? [`${event.statement} ${event.tag} ${event.rows}`]
      : event.type === "error"
        ? [`${event.statement} ${event.sqlstate}`]
        : [],
  );
  assert.deepEqual(results, [
    "1 CREATE TABLE 0",
    "2 COPY 2 0",
    "3 BEGIN 0",
    "4 SELECT 2 2",
    "5 22012",
    "6 ROLLBACK 0",
    "7 COPY 2 0",
    "8 SELECT 1 1",
    "8 SELECT 1 1",
    "9 NOTIFY 0",
  ]);
  assert.deepEqual(
    events.flatMap((event) =>
      event.type === "copied" ? [[event.direction, event.outcome, event.preview]] : [],
    ),
    [
      ["in", "done", "1\tAda\n2\tBob\n\\.\n"],
      ["out", "done", "1\tAda\n2\tBob\n"],
    ],
  );
  assert.equal(statuses(events), "IIITTEIIII");
  assert.ok(!events.some((event) => event.type === "undecodable"));
});

test("node-postgres: parameters, prepared statements, types, an error, a cursor's worth of rows", async () => {
  const events = await recorded(async (port) => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: server.superuser, database: "postgres" });
    await client.connect();
    await client.query("SELECT $1::int AS n, $2::text AS t, $3::timestamptz AS at", [
      7,
      "it's",
      "2024-02-29T12:00:00Z",
    ]);
    for (const n of [1, 2])
      await client.query({ name: "twice", text: "SELECT $1::int * 2 AS twice", values: [n] });
    await assert.rejects(client.query("SELECT * FROM nowhere WHERE id = $1", [1]));
    await client.end();
  });
  const statements = events.filter((event) => event.type === "statement");
  assert.deepEqual(
    statements.map(({ text, name, parameters }) => [text, name, parameters?.map(({ value }) => value?.text)]),
    [
      [
        "SELECT $1::int AS n, $2::text AS t, $3::timestamptz AS at",
        undefined,
        ["7", "it's", "2024-02-29T12:00:00Z"],
      ],
      ["SELECT $1::int * 2 AS twice", "twice", ["1"]],
      ["SELECT $1::int * 2 AS twice", "twice", ["2"]],
      ["SELECT * FROM nowhere WHERE id = $1", undefined, ["1"]],
    ],
  );
  const rows = events.flatMap((event) =>
    event.type === "row" ? [event.values.map((value) => value?.text)] : [],
  );
  assert.deepEqual(rows.slice(1), [["2"], ["4"]]);
  const error = events.find((event) => event.type === "error");
  assert.deepEqual([error?.sqlstate, error?.statement], ["42P01", 4]);
});

test("postgres.js: a pipeline in a transaction, described statements, binary never lost", async () => {
  const events = await recorded(async (port) => {
    const sql = postgres({
      host: "127.0.0.1",
      port,
      user: server.superuser,
      database: "postgres",
      max: 1,
      fetch_types: false,
    });
    await sql.begin((tx) => [
      tx`SELECT ${1}::int AS one`,
      tx`SELECT ${"x"}::text AS x, ${null}::int AS nothing`,
    ]);
    await sql`SELECT generate_series(1, 25) AS n`.cursor(10, () => {});
    await sql.end();
  });
  const outcomes = events.flatMap((event) =>
    event.type === "result" ? [`${event.outcome} ${event.tag} ${event.rows}`] : [],
  );
  assert.deepEqual(outcomes, [
    "complete BEGIN 0",
    "complete SELECT 1 1",
    "complete SELECT 1 1",
    "complete COMMIT 0",
    "suspended  10",
    "suspended  10",
    "complete SELECT 5 5",
  ]);
  assert.ok(
    !events.some(
      (event) => event.type === "resolved" || event.type === "undecodable" || event.type === "skipped",
    ),
  );
});

test("pgbench in each protocol, with libpq's pipelines", async () => {
  const bench = (port: number, ...flags: string[]) =>
    promisify(execFile)(program("pgbench"), [
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-U",
      server.superuser,
      ...flags,
      "postgres",
    ]);
  await bench(server.port, "-i", "-q", "-s", "1");
  for (const protocol of ["simple", "extended", "prepared"]) {
    const events = await recorded(
      (port) => bench(port, "-S", "-n", "-t", "20", "-c", "1", "-M", protocol).then(() => {}),
      1,
    );
    const results = events.filter((event) => event.type === "result");
    assert.equal(
      results.filter(({ rows, tag }) => rows === 1 && tag === "SELECT 1").length >= 20,
      true,
      protocol,
    );
    assert.ok(
      !events.some(({ type }) => type === "resolved" || type === "undecodable" || type === "error"),
      protocol,
    );
    const numbers = events.flatMap((event) => (event.type === "statement" ? [event.statement] : []));
    assert.deepEqual(
      results.map(({ statement }) => statement),
      numbers,
      protocol,
    );
  }
});

test("a replay of all this tells it in order, and escapes what would drive a terminal", async () => {
  const events = await recorded(async (port) => {
    const client = new pg.Client({ host: "127.0.0.1", port, user: server.superuser, database: "postgres" });
    await client.connect();
    await client.query("SELECT '\u001b]0;owned\u0007' AS \"\u001b[2J\",\n'12:00:00.000 #9 forged'");
    await client.query("DO $$ BEGIN RAISE NOTICE E'\\x1b[31mred\\nsecond line'; END $$");
    await client.end();
  });
  const narrator = new Narrator((_, text) => text, 100);
  const lines = [...events.flatMap((event) => narrator.tell(event)), ...narrator.end()];
  const text = lines.join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  assert.match(text, /SELECT '\\u001b\]0;owned\\u0007'/);
  assert.match(text, /^ +│ '12:00:00.000 #9 forged'$/m);
  assert.match(text, /NOTICE 00000: \\u001b\[31mred\n +│ second line/);
});

test("binary values are told as the server's own text has them", async () => {
  const corpus: [type: string, ...texts: string[]][] = [
    ["bool", "t", "f"],
    ["int2", "-32768"],
    ["int4", "-2147483648"],
    ["int8", "-9223372036854775808"],
    [
      "float4",
      "1.5",
      "0.1",
      "1e20",
      "1e-5",
      "123456",
      "1234567",
      "0.0001",
      "NaN",
      "-Infinity",
      "-0",
      "3.4e38",
    ],
    ["float8", "0.1", "1e-5", "0.0001", "123456789012345", "1e15", "1e14", "NaN", "Infinity", "5e-324", "-0"],
    ["numeric", "0", "0.00", "-1.50", "123456789.987654321", "10000", "1e-20", "1e30", "NaN", "-Infinity"],
    ["bytea", "\\x00ff", "\\x"],
    ["bpchar(5)", "ab"],
    [
      "date",
      "2024-02-29",
      "0044-03-15 BC",
      "infinity",
      "-infinity",
      "0001-01-01",
      "5874897-12-31",
      "4713-01-01 BC",
    ],
    ["time", "00:00:00", "23:59:59.999999", "24:00:00", "12:30:00.5"],
    ["timetz", "12:30:00+05:30", "12:30:00-08", "12:00:00+05:30:15"],
    [
      "timestamp",
      "1969-12-31 23:59:59.999999",
      "0044-03-15 01:02:03 BC",
      "infinity",
      "294276-12-31 23:59:59",
    ],
    ["timestamptz", "2024-02-29 12:34:56.789+02", "-infinity"],
    [
      "interval",
      "1 year 2 mons 3 days 04:05:06.789",
      "0",
      "-1 days +02:03:00",
      "-1 mon 5 days -00:00:01",
      "100 hours",
    ],
    ["uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ["jsonb", '{"a": [1, null]}'],
    [
      "inet",
      "192.168.1.1",
      "192.168.1.0/24",
      "::",
      "2001:db8::1/64",
      "::ffff:1.2.3.4",
      "1:0:0:2::3",
      "1:0:2:0:3:0:4:0",
    ],
    ["cidr", "10.0.0.1/32", "2001:db8::/32"],
    ["macaddr", "08:00:2b:01:02:03"],
    ["varbit", "1", "", "101010101"],
    ["tid", "(1,2)"],
    ["pg_lsn", "16/B374D848"],
    ["int4[]", "{1,2,NULL}", "{}", "{{1,2},{3,4}}", "[0:1]={1,2}"],
    ["text[]", '{a,"b c","NULL",null,"q\\"x","back\\\\s","{",",",""}'],
    ["timestamptz[]", '{"2024-01-01 00:00:00+00"}'],
    ["int2vector", "1 2 3"],
  ];
  for (const [type, ...texts] of corpus) {
    for (const text of texts) {
      const [asText, asBinary] = [await shownValue(type, text, 0), await shownValue(type, text, 1)];
      assert.deepEqual(asBinary, asText, `${type} ${text}`);
      assert.equal(asBinary.length, 1);
    }
  }
});

/** What the transcript tells of a value of this type that the server sends in this format. */
async function shownValue(type: string, text: string, format: number): Promise<(string | undefined)[]> {
  const events = await recorded(async (port) => {
    const socket = connect(port, "127.0.0.1");
    const parameters: [string, string][] = [
      ["user", server.superuser],
      ["database", "postgres"],
      ["timezone", "utc"],
    ];
    socket.write(
      Buffer.concat([
        wire.startupMessage(wire.PROTOCOL_3_0, parameters),
        wire.parse({ statement: "", sql: `SELECT $1::text::${type}`, parameterTypes: [] }),
        wire.bind({
          portal: "",
          statement: "",
          parameterFormats: [],
          parameters: [Buffer.from(text)],
          resultFormats: [format],
        }),
        wire.describe({ kind: "portal", name: "" }),
        wire.execute({ portal: "", maxRows: 0 }),
        wire.sync(),
        wire.terminate(),
      ]),
    );
    socket.resume();
    await once(socket, "close");
  });
  return events.flatMap((event) => (event.type === "row" ? [event.values[0]?.text] : []));
}

/** Records what the client does over one connection, after `passed` others; checks that the recording verifies. */
async function recorded(client: (port: number) => Promise<void>, passed = 0): Promise<TranscriptEvent[]> {
  const composer = new Composer("5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3", edge, connector).opened().joined();
  const relay = await recordRelay(composer, server.port, passed);
  await client(relay.port);
  await relay.ended;
  composer.ended();
  const { verdict } = await verifyRecording(inChunks(await composer.file()), composer.keys);
  assert.equal(verdict, "verified");
  const transcript = new Transcript();
  const events = composer.entries.flatMap((entry) => transcript.push(entry));
  const extractor = new Extractor();
  const steps = composer.entries.flatMap((entry) => extractor.push(entry));
  assert.deepEqual(ranBy([...steps, ...extractor.end()]), ranOf(events));
  return events;
}

/** What a replay of policies takes to have run: each text, and whether the server ran it. */
function ranBy(steps: Step[]): [string | null, boolean][] {
  return steps.flatMap((step) => (step.step === "run" ? [[step.text, step.outcome === "done"]] : []));
}

/** The same by what the transcript tells. */
function ranOf(events: TranscriptEvent[]): [string | null, boolean][] {
  const ran = new Map<number, [string | null, boolean]>();
  for (const event of events) {
    if (event.type === "statement") ran.set(event.statement, [event.text, false]);
    if (event.type === "resolved") ran.get(event.statement)![0] = event.text;
    if (event.type === "result" && event.statement !== null) ran.get(event.statement)![1] = true;
  }
  return [...ran.values()];
}

function statuses(events: TranscriptEvent[]): string {
  return events.flatMap((event) => (event.type === "ready" ? [event.status] : [])).join("");
}

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { InvalidArgumentError } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import { Composer, inChunks, printedRandom } from "../../protocol/recording/testing.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { recordedEntries } from "../recordings/source.ts";
import { mergeTracks } from "./merge.ts";
import { moment } from "./moment.ts";
import { PreparedNames } from "./prepared-names.ts";
import { RecordedFacts } from "./recorded-facts.ts";
import { replayPolicy } from "./replay-policy.ts";
import { Spool } from "./spool.ts";
import { BLOCKED, Scene, selectFacts } from "./testing.ts";

before(() => loadParser());

describe("recorded facts", () => {
  const hex = (number: number) => number.toString(16).padStart(32, "0");

  test("are kept once each, and survive being written down", () => {
    const facts = new RecordedFacts();
    for (const limit of [1, 2, 1]) facts.add(selectFacts({ limit }), null);
    const back = RecordedFacts.from(JSON.parse(JSON.stringify(facts)));
    const { variants, partial } = back.of("0123456789abcdef0123456789abcdef");
    assert.deepEqual([variants.map((one) => one.facts.limit), partial], [[1, 2], false]);
    assert.deepEqual(back.of("f".repeat(32)), { variants: [], partial: false });
  });

  test("of the same statement have the greatest of its estimates", () => {
    const facts = new RecordedFacts();
    facts.add(selectFacts({}), { rows: 5, cost: 1 });
    facts.add(selectFacts({}), null);
    facts.add(selectFacts({}), { rows: 2, cost: 9 });
    assert.deepEqual(facts.of("0123456789abcdef0123456789abcdef").variants[0]?.plan, { rows: 5, cost: 9 });
  });

  test("beyond the bound of a shape leave it known in part only", () => {
    const facts = new RecordedFacts();
    for (let limit = 0; limit < 1_000; limit++) facts.add(selectFacts({ limit }), null);
    const { variants, partial } = facts.of("0123456789abcdef0123456789abcdef");
    assert.deepEqual([variants.length, partial], [256, true]);
  });

  test("without end take bounded memory, and what was left out is not taken for nothing", () => {
    const facts = new RecordedFacts();
    const reads = ["x".repeat(1_000_000)];
    for (let n = 0; n < 40; n++) facts.add(selectFacts({ reads, fingerprint: hex(n) }), null);
    assert.equal(facts.of(hex(39)).partial, true);
    for (let n = 100; n < 120_000; n++) facts.add(selectFacts({ fingerprint: hex(n) }), null);
    assert.ok(JSON.stringify(facts).length < 20 * 1024 * 1024);
    assert.equal(facts.of(hex(119_999)).partial, true);
    assert.equal(RecordedFacts.from(JSON.parse(JSON.stringify(facts))).of(hex(999_999)).partial, true);
  });

  test("whose fingerprint is none are ignored", () => {
    const facts = new RecordedFacts();
    facts.add(selectFacts({ fingerprint: "x".repeat(100_000) }), null);
    assert.deepEqual(facts.toJSON(), { known: [], partial: [], allPartial: false });
  });
});

describe("names of prepared statements", () => {
  test("may stand for several texts, until they are certainly gone", () => {
    const names = new PreparedNames();
    for (const text of ["SELECT 1", "SELECT 2", "SELECT 1"]) names.add("s", text);
    assert.deepEqual(names.of("s"), ["SELECT 1", "SELECT 2"]);
    names.remove("s");
    assert.equal(names.of("s"), null);
  });

  test("with more texts than are kept stand for anything", () => {
    const names = new PreparedNames();
    for (let n = 0; n <= 100; n++) names.add("s", `SELECT ${n}`);
    for (let n = 0; n < 20; n++) names.add(`t${n}`, "x".repeat(500_000));
    assert.deepEqual([names.of("s"), names.of("t19")], [null, null]);
    assert.equal(names.of("t0")?.length, 1);
    names.remove(null);
    names.add("s", "SELECT 1");
    assert.deepEqual(names.of("s"), ["SELECT 1"]);
  });
});

test("tracks are merged by time, and opened only when their time has come", async () => {
  const opened: number[] = [];
  const track = (start: number, ...times: number[]) => ({
    start,
    async *open() {
      opened.push(start);
      for (const time of times) yield { time };
    },
  });
  const seen: [number, number][] = [];
  const tracks = [track(50, 60, 61), track(0, 1, 55, 100), track(70), track(200, 200)];
  for await (const { track, item } of mergeTracks<{ time: number }, (typeof tracks)[number]>(tracks)) {
    if (item.time === 1) assert.deepEqual(opened, [0]);
    seen.push([track.start, item.time]);
  }
  assert.deepEqual(seen, [
    [0, 1],
    [0, 55],
    [50, 60],
    [50, 61],
    [0, 100],
    [200, 200],
  ]);
});

test("a spool gives back each part, whatever its values' lengths", async () => {
  const spool = await Spool.open();
  try {
    const parts = [];
    for (const length of [0, 10, 65_535, 65_536, 300_000]) {
      const from = await spool.position();
      const values = [{ text: "é".repeat(length) }, "line\nbreak", null];
      for (const value of values) await spool.add(value);
      parts.push({ span: { from, to: await spool.position() }, values });
    }
    for (const { span, values } of parts.toReversed()) {
      const read: unknown[] = [];
      for await (const value of spool.read(span)) read.push(value);
      assert.deepEqual(read, values);
    }
  } finally {
    await spool.close();
  }
});

test("a moment is a time with its zone, a day, or how long ago; nothing else", () => {
  assert.equal(moment("1h30m", 10_000_000), 10_000_000 - 5_400_000);
  assert.equal(moment("2026-11-22", 0), Date.UTC(2026, 10, 22));
  assert.equal(moment("2026-11-22T08:00+01:00", 0), Date.UTC(2026, 10, 22, 7));
  for (const text of ["", "yesterday", "2026-11-22T08:00", "2026-13-01", "5", "2026-11-22T08:00:00Zx"]) {
    assert.throws(() => moment(text, 0), InvalidArgumentError, text);
  }
});

test("whatever a recording's bytes are, a replay ends, or refuses it with a typed error", async () => {
  const random = printedRandom();
  const key = await generateKey();
  const scene = new Scene(new Composer("5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3", key, key));
  scene
    .ran("SELECT * FROM c", ["SELECT 2"], 2)
    .proved(selectFacts({}))
    .prepared("s", "SELECT 1")
    .ran("EXECUTE s; SELECT 2");
  scene.refused("DROP TABLE c", BLOCKED, selectFacts({ tag: "DROP TABLE", actions: ["postgres:drop"] }));
  const file = await scene.ended().composer.file();
  const set = PolicySet.load(nodeCedar(), ALLOW_ALL);
  let [ended, refused] = [0, 0];
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.from(file);
    for (let n = 1 + random(3); n > 0; n--) bytes[random(bytes.length)] = random(256);
    const source = { name: "x", entries: () => recordedEntries(inChunks(bytes)) };
    try {
      await replayPolicy(set, [source], { since: 0, until: Number.POSITIVE_INFINITY, tell: () => {} });
      ended++;
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      refused++;
    }
  }
  assert.ok(ended > 0 && refused > 0, `${ended} ended, ${refused} refused`);
});

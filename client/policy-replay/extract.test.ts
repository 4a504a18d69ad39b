import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { EntryKind } from "../../protocol/entry.ts";
import { encodeFrame, FrameType } from "../../protocol/frame.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { bindTo, complete, done, error, row } from "../../protocol/postgres/transcript/testing.ts";
import { Composer, printedRandom } from "../../protocol/recording/testing.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import { Extractor } from "./extract.ts";
import type { Run, Step } from "./steps.ts";
import { BLOCKED, HELD, Scene, selectFacts } from "./testing.ts";
import "../../protocol/seeded.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const execute = pg.execute({ portal: "", maxRows: 0 });
const parse = (statement: string, sql: string) => pg.parse({ statement, sql, parameterTypes: [] });
let key: PrivateKey;
before(async () => {
  key = await generateKey();
});

function scene(): Scene {
  return new Scene(new Composer(SESSION, key, key));
}

function extracted(composer: Composer): { steps: Step[]; runs: Run[]; extractor: Extractor } {
  const extractor = new Extractor();
  const steps = composer.entries.flatMap((entry) => extractor.push(entry));
  steps.push(...extractor.end());
  return { steps, runs: steps.filter((step) => step.step === "run"), extractor };
}

test("what was sent to be run comes in order, each time that it would run", () => {
  const { composer } = scene()
    .ran("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 1"])
    .prepared("s", "SELECT $1")
    .bound("s");
  const { runs } = extracted(composer);
  assert.deepEqual(
    runs.map(({ protocol, text, name, outcome, tags }) => [protocol, text, name, outcome, tags]),
    [
      ["simple", "SELECT 1; SELECT 2", undefined, "done", ["SELECT 1", "SELECT 1"]],
      ["extended", "SELECT $1", "s", "done", ["SELECT 0"]],
      ["extended", "SELECT $1", "s", "done", ["SELECT 0"]],
    ],
  );
  assert.deepEqual(
    runs.map(({ seq }) => seq),
    [5, 9, 11],
  );
});

test("who had the session and where is known", () => {
  const { extractor } = extracted(scene().composer);
  assert.equal(extractor.session?.facts.principal, "corp/alice");
  assert.equal(extractor.session?.database, "orders");
});

test("a transaction is that of the last ReadyForQuery before", () => {
  const { composer } = scene()
    .status("T")
    .ran("BEGIN")
    .ran("SELECT 1")
    .status("I")
    .ran("COMMIT")
    .ran("SELECT 2");
  assert.deepEqual(
    extracted(composer).runs.map(({ inTransaction }) => inTransaction),
    [false, true, true, false],
  );
});

test("what was refused has what was decided and proved of it", () => {
  const facts = selectFacts({});
  const { composer } = scene()
    .refused("DROP TABLE c", BLOCKED, facts)
    .refused("a; b", HELD, null)
    .failed("SELEC");
  assert.deepEqual(
    extracted(composer).runs.map(({ outcome, judged }) => [outcome, judged]),
    [
      ["refused", { decision: BLOCKED, facts, plan: null }],
      ["refused", { decision: HELD, facts: null, plan: null }],
      ["refused", null],
    ],
  );
});

test("a Parse that was refused and never executed is told at its place", () => {
  const { composer } = scene();
  composer.agent(Buffer.concat([parse("s", "DROP TABLE c"), pg.sync()]));
  composer.connector({ event: "judged", decision: BLOCKED, text: "DROP TABLE c", facts: null });
  composer.target(Buffer.concat([error("42501", "no"), pg.readyForQuery("I")]));
  const { runs } = extracted(composer);
  assert.deepEqual(
    runs.map(({ text, judged }) => [text, judged?.decision]),
    [["DROP TABLE c", BLOCKED]],
  );
});

test("in a pipeline only what was refused is told as refused", () => {
  const { composer } = scene();
  composer.agent(
    Buffer.concat([
      ...[parse("", "SELECT 1"), bindTo("", [], []), execute, pg.sync()],
      ...[parse("", "DROP TABLE c"), bindTo("", [], []), execute, pg.sync()],
    ]),
  );
  composer.target(
    Buffer.concat([complete("1"), complete("2"), row("1"), done("SELECT 1"), pg.readyForQuery("I")]),
  );
  composer.connector({ event: "judged", decision: BLOCKED, text: "DROP TABLE c", facts: null });
  composer.target(Buffer.concat([error("42501", "no"), pg.readyForQuery("I")]));
  assert.deepEqual(
    extracted(composer).runs.map(({ text, outcome, judged }) => [text, outcome, judged?.decision ?? null]),
    [
      ["SELECT 1", "done", null],
      ["DROP TABLE c", "refused", BLOCKED],
    ],
  );
});

test("a failed Parse of a name in use can't dress up what ran under it", () => {
  const { composer } = scene().prepared("s", "DROP TABLE c", "DROP TABLE");
  composer.agent(
    Buffer.concat([parse("s", "SELECT 'harmless'"), pg.sync(), bindTo("s", [], []), execute, pg.sync()]),
  );
  composer.target(Buffer.concat([error("42P05", "exists"), pg.readyForQuery("I")]));
  composer.target(Buffer.concat([complete("2"), done("DROP TABLE"), pg.readyForQuery("I")]));
  assert.equal(extracted(composer).runs.at(-1)?.text, "DROP TABLE c");
});

test("a name that only SQL knows has no text, and one that SQL may have changed is doubtful", () => {
  const { composer } = scene().ran("PREPARE s AS DELETE FROM c", ["PREPARE"]).bound("s", "DELETE 3");
  composer.agent(Buffer.concat([parse("t", "SELECT 1"), pg.sync()]));
  composer.target(Buffer.concat([complete("1"), pg.readyForQuery("I")]));
  const more = new Extractor();
  const steps = composer.entries.flatMap((entry) => more.push(entry));
  const run = steps.findLast((step) => step.step === "run");
  assert.deepEqual([run?.text, run?.name], [null, "s"]);
  assert.deepEqual(
    steps.find((step) => step.step === "named"),
    {
      step: "named",
      time: composer.facts.opened,
      name: "t",
      text: "SELECT 1",
    },
  );
});

test("rows and bytes that went to the agent are counted as the guard counts them", () => {
  const { composer } = scene().ran("SELECT 1", ["SELECT 3"], 3);
  const delivered = extracted(composer).steps.filter((step) => step.step === "delivered");
  // Of a DataRow: two bytes of count, four of the value's length, the value.
  assert.deepEqual(
    delivered.map(({ rows, bytes }) => [rows, bytes]),
    [[3, 3 * (2 + 4 + 5)]],
  );
});

test("facts that come after their statement are kept with those before", () => {
  const [one, other] = [selectFacts({ limit: 1 }), selectFacts({ limit: 2 })];
  const { composer } = scene().proved(one).ran("SELECT 1").proved(other, one);
  const { facts } = extracted(composer).extractor;
  assert.deepEqual(
    facts.of(one.fingerprint).variants.map((known) => known.facts.limit),
    [1, 2],
  );
});

test("steps come as soon as they are answered, and a client that nobody answers is held in bounds", () => {
  const { composer } = scene();
  const extractor = new Extractor();
  for (const entry of composer.entries) extractor.push(entry);
  let waiting = 0;
  let taken = 0;
  for (let seq = 100; seq < 30_100; seq++) {
    const frame = encodeFrame(FrameType.data, 0, 0, pg.query("SELECT 1"));
    const steps = extractor.push({ kind: EntryKind.agent, seq, time: 0, frame }).length;
    taken += steps;
    waiting += 1 - steps;
    assert.ok(waiting <= 10_000);
  }
  assert.equal(extractor.end().length, 30_000 - taken);
});

test("whatever the entries hold, the extraction ends and never throws", () => {
  const random = printedRandom();
  const { composer } = scene()
    .prepared("s", "SELECT 1")
    .refused("DROP TABLE c", BLOCKED, null)
    .ran("x", ["SELECT 1"], 2);
  for (let round = 0; round < 300; round++) {
    const extractor = new Extractor();
    for (const entry of composer.entries) {
      const frame = Buffer.from(entry.frame);
      for (let n = random(4); n > 0 && frame.length > 0; n--) frame[random(frame.length)] = random(256);
      extractor.push({
        ...entry,
        frame: frame.subarray(0, random(3) === 0 ? random(frame.length + 1) : frame.length),
      });
    }
    extractor.end();
  }
});

test("events of the connector with anything in them are ignored or taken, never trusted to have a shape", () => {
  const { composer } = scene();
  const anything = fc.record(
    {
      event: fc.constantFrom("facts", "judged", "policy", "cut", "target_connected"),
      statements: fc.jsonValue(),
      decision: fc.jsonValue(),
      facts: fc.jsonValue(),
      text: fc.jsonValue(),
      database: fc.jsonValue(),
    },
    { requiredKeys: ["event"] },
  );
  fc.assert(
    fc.property(anything, (event) => {
      const extractor = new Extractor();
      for (const entry of composer.entries) extractor.push(entry);
      const frame = encodeFrame(FrameType.event, 0, 0, Buffer.from(JSON.stringify(event)));
      const steps = extractor.push({ kind: EntryKind.connector, seq: 99, time: 0, frame });
      assert.ok(steps.length + extractor.end().length <= 1);
    }),
  );
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { runs } from "../../protocol/seeded.ts";
import { factsOf } from "../../protocol/witness/facts.ts";
import { leafItem } from "../../protocol/witness/item.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { GATHER_MS, WitnessOutbox } from "./outbox.ts";
import { BATCH, LONGEST_WAIT_MS } from "./plan.ts";
import { MAX_LAG_MS } from "./status.ts";
import { type Fault, ORIGIN, START, started, TestLedger, TestTable, WITNESS_ENV } from "./testing.ts";

async function setUp(env = WITNESS_ENV) {
  const sql = sessionStorage();
  const [ledger, table] = [await TestLedger.create(), new TestTable()];
  const time = { now: START };
  const woken: number[] = [];
  const alarms: [string, Record<string, string | number>][] = [];
  /** The object anew, as after a restart of the edge. */
  const open = (change = env) =>
    new WitnessOutbox(change, sql, ledger, (at) => void woken.push(at), {
      table: () => table,
      clock: () => time.now,
      random: () => 1,
      alarm: (alarm, facts) => void alarms.push([alarm, facts]),
    });
  return { sql, ledger, table, time, woken, alarms, open, outbox: open() };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => started(index));
const ALL = (size: number) => Array.from({ length: size }, (_, index) => index);

describe("the witness's outbox", () => {
  test("writes the leaves, then the checkpoint that covers them, and rests", async () => {
    const { outbox, ledger, table, woken } = await setUp();
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
    await ledger.append(...upTo(3));
    outbox.noticed(START);
    assert.deepEqual([woken.at(-1), outbox.deadline()], [START + GATHER_MS, START + GATHER_MS]);
    await outbox.step(START);
    assert.deepEqual(table.calls, []);
    await outbox.step(START + GATHER_MS);
    assert.deepEqual(table.calls.at(-1), `add ${ORIGIN} checkpoints 3`);
    assert.deepEqual([table.numbers("leaves"), table.numbers("checkpoints")], [[0, 1, 2], [3]]);
    assert.equal(outbox.deadline(), Number.POSITIVE_INFINITY);
    const { state, cursor, covered, lag, lastWritten, alarm } = outbox.status(START);
    assert.deepEqual(
      { state, cursor, covered, lag, lastWritten, alarm },
      {
        state: "working",
        cursor: 3,
        covered: 3,
        lag: { leaves: 0, ms: 0 },
        lastWritten: START,
        alarm: false,
      },
    );
  });

  test("is off without settings, and touches neither storage nor table", async () => {
    const { ledger, open, sql, time } = await setUp();
    await ledger.append(started(0));
    const off = open({});
    off.noticed(time.now);
    await off.step(time.now + GATHER_MS);
    const { state, alarm, size } = off.status(time.now);
    assert.deepEqual([state, alarm, size, off.deadline()], ["off", false, 1, Number.POSITIVE_INFINITY]);
    assert.deepEqual([...sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'witness%'")], []);
  });

  test("tells of settings that can't be used", async () => {
    const { ledger, open, alarms, time } = await setUp();
    await ledger.append(started(0));
    const outbox = open({ ...WITNESS_ENV, WITNESS_REGION: "the moon" });
    await outbox.step(time.now);
    const { state, alarm, problem } = outbox.status(time.now);
    assert.deepEqual([state, alarm, alarms.length], ["misconfigured", true, 1]);
    assert.match(problem!, /WITNESS_REGION/);
  });

  test("after a failure goes on at the leaf that failed, later and later, and keeps no word of the answer", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(...upTo(3));
    const throttled: Fault = { name: "ThrottlingException", status: 400 };
    for (const wait of [500, 1_000, 2_000, 4_000]) {
      // The ledger's name is written before, and is there at the second attempt.
      table.faults.push(null, ...(wait > 500 ? [null] : []), throttled, throttled, throttled, throttled);
      await outbox.step(time.now);
      const { error, cursor, state } = outbox.status(time.now);
      assert.deepEqual([cursor, state, error!.next - time.now], [0, "failing", wait]);
      assert.match(error!.words, /^leaf 0: AWS throttles/);
      assert.ok(!JSON.stringify(outbox.status(time.now)).includes("AKIA"));
      table.faults.length = 0;
      await outbox.step(error!.next - 1);
      assert.equal(outbox.status(time.now).error!.next, error!.next, "not before its time");
      time.now = error!.next;
    }
    await outbox.step(time.now);
    assert.deepEqual([table.numbers("checkpoints"), outbox.status(time.now).error], [[3], null]);
  });

  test("begins nothing more after a failure, and goes on from the first that is missing", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(...upTo(BATCH));
    table.faults.push(null, null, { name: "InternalServerError", status: 500 });
    await outbox.step(time.now);
    const { cursor } = outbox.status(time.now);
    assert.equal(cursor, 1);
    assert.ok(table.calls.length <= 8, "the name, two leaves, and what was under way beside them");
    time.now += LONGEST_WAIT_MS;
    await outbox.step(time.now);
    assert.deepEqual(table.numbers("checkpoints"), [BATCH]);
  });

  test("knows after a restart what is written, and asks nobody", async () => {
    const { outbox, ledger, table, time, open } = await setUp();
    await ledger.append(...upTo(3));
    await outbox.step(time.now);
    const { length } = table.calls;
    const again = open();
    assert.deepEqual([again.deadline(), again.status(time.now).covered], [Number.POSITIVE_INFINITY, 3]);
    await again.step(time.now);
    assert.equal(table.calls.length, length);
  });

  test("tells a conflict at once, though it told of a lag just now", async () => {
    const { outbox, ledger, table, time, alarms } = await setUp();
    await ledger.append(started(0));
    table.items.set(`${ORIGIN} leaves 0`, leafItem(ORIGIN, 0, "{}", START));
    table.faults.push({ name: "AccessDeniedException", status: 400 });
    await outbox.step(time.now);
    time.now = outbox.deadline();
    await outbox.step(time.now);
    assert.deepEqual(
      alarms.map(([alarm]) => alarm),
      ["witness_late", "witness_conflict"],
    );
  });

  test("takes what it wrote itself for written, though the answer was lost", async () => {
    const { outbox, ledger, table, time, alarms } = await setUp();
    await ledger.append(...upTo(2));
    table.faults.push(null, { name: "TimeoutError", took: true });
    await outbox.step(time.now);
    time.now += LONGEST_WAIT_MS;
    await outbox.step(time.now);
    assert.ok(table.calls.includes(`read ${ORIGIN} leaves 0`));
    assert.deepEqual([table.numbers("leaves"), table.numbers("checkpoints"), alarms], [[0, 1], [2], []]);
  });

  test("stops for ever where another edge has written, tells it, and keeps both hashes", async () => {
    const { outbox, ledger, table, time, alarms, open } = await setUp();
    await ledger.append(...upTo(3));
    const foreign = leafItem(ORIGIN, 1, JSON.stringify(started(1, { principal: "service/mallory" })), START);
    table.items.set(`${ORIGIN} leaves 1`, foreign);
    await outbox.step(time.now);
    const status = outbox.status(time.now);
    assert.deepEqual([status.state, status.alarm, status.cursor], ["conflict", true, 1]);
    const [conflict] = status.conflicts;
    const ours = leafItem(ORIGIN, 1, ledger.entries[1]!, START);
    assert.deepEqual(
      [conflict!.place, { S: conflict!.ours }, { S: conflict!.theirs }],
      ["leaf 1", ours.hash, foreign.hash],
    );
    assert.deepEqual(
      alarms.map(([alarm]) => alarm),
      ["witness_conflict"],
    );
    const { calls } = table;
    const before = calls.length;
    const again = open();
    await ledger.append(started(3));
    again.noticed(time.now);
    await again.step(time.now + GATHER_MS);
    assert.deepEqual([calls.length, again.deadline()], [before, Number.POSITIVE_INFINITY]);
    assert.deepEqual(
      alarms.map(([alarm]) => alarm),
      ["witness_conflict", "witness_conflict"],
    );
    assert.deepEqual(table.numbers("checkpoints"), [], "no checkpoint of what is not there");
  });

  test("at another table begins with the first leaf, and still shows the conflict of the one before", async () => {
    const { outbox, ledger, table, time, open } = await setUp();
    await ledger.append(...upTo(2));
    table.items.set(`${ORIGIN} leaves 0`, leafItem(ORIGIN, 0, "{}", START));
    await outbox.step(time.now);
    table.items.clear();
    const other = open({ ...WITNESS_ENV, WITNESS_TABLE: "another-witness" });
    await other.step(time.now);
    const { state, alarm, conflicts } = other.status(time.now);
    assert.deepEqual(
      [state, alarm, conflicts.length, table.numbers("checkpoints")],
      ["working", false, 1, [2]],
    );
  });

  test("stops where the edge's own copy was changed after it was witnessed", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(...upTo(5));
    await outbox.step(time.now);
    ledger.entries[1] = JSON.stringify(started(1, { principal: "service/nobody" }));
    await ledger.append(started(5));
    await outbox.step(time.now);
    const { state, conflicts } = outbox.status(time.now);
    assert.deepEqual([state, conflicts[0]!.place], ["conflict", "checkpoint 6"]);
    assert.match(conflicts[0]!.words, /own copy was changed/);
    assert.deepEqual(table.numbers("checkpoints"), [5]);
  });

  test("stops where the ledger is an older one than was witnessed", async () => {
    const { outbox, ledger, time } = await setUp();
    await ledger.append(...upTo(5));
    await outbox.step(time.now);
    ledger.entries.length = 3;
    await ledger.append(started(9));
    await outbox.step(time.now);
    const { state, conflicts } = outbox.status(time.now);
    assert.equal(state, "conflict");
    assert.match(conflicts[0]!.words, /an older one/);
  });

  test("looks at each start whether the newest leaf is still there", async () => {
    const { outbox, ledger, table, time, open } = await setUp();
    await ledger.append(...upTo(2));
    await outbox.step(time.now);
    table.items.delete(`${ORIGIN} leaves 1`);
    const again = open();
    await ledger.append(started(2));
    await again.step(time.now);
    const { state, conflicts } = again.status(time.now);
    assert.deepEqual([state, conflicts[0]!.place, conflicts[0]!.theirs], ["conflict", "leaf 1", ""]);
  });

  test("an attribute of an index that a later version writes otherwise is no conflict", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(started(0));
    const { principal: _, ...older } = leafItem(ORIGIN, 0, ledger.entries[0]!, START - 5);
    table.items.set(`${ORIGIN} leaves 0`, older);
    await outbox.step(time.now);
    assert.equal(outbox.status(time.now).state, "working");
  });

  test("a lag that is too long is an alarm, told at most every ten minutes", async () => {
    const { outbox, ledger, table, time, alarms } = await setUp();
    await ledger.append(started(0));
    time.now += MAX_LAG_MS + 1;
    const { alarm, lag } = outbox.status(time.now);
    assert.deepEqual([alarm, lag], [true, { leaves: 1, ms: MAX_LAG_MS + 1 }]);
    for (let attempt = 0; attempt < 14; attempt++) {
      table.faults.push({ name: "ServiceUnavailable", status: 503 });
      await outbox.step(time.now);
      time.now = outbox.deadline();
    }
    assert.deepEqual(
      alarms.map(([alarm]) => alarm),
      ["witness_late", "witness_late"].slice(0, alarms.length),
    );
    assert.ok(alarms.length >= 1);
  });

  test("asks somebody to help at once where AWS denies access", async () => {
    const { outbox, ledger, table, alarms, time } = await setUp();
    await ledger.append(started(0));
    table.faults.push({ name: "AccessDeniedException", status: 400 });
    await outbox.step(time.now);
    assert.match(String(alarms[0]![1].error), /denies access/);
  });

  test("sees a checkpoint through while the ledger grows", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(...upTo(BATCH + 1));
    table.faults.push(...Array<null>(BATCH), { name: "TypeError" });
    await outbox.step(time.now);
    await ledger.append(...upTo(4).map((_, at) => started(1_000 + at)));
    time.now = outbox.deadline();
    await outbox.step(time.now);
    assert.deepEqual(table.numbers("checkpoints"), [BATCH + 1, BATCH + 5]);
  });

  test("a second step while one runs does nothing", async () => {
    const { outbox, ledger, table, time } = await setUp();
    await ledger.append(started(0));
    await Promise.all([outbox.step(time.now), outbox.step(time.now)]);
    assert.equal(table.calls.filter((call) => call.endsWith("leaves 0")).length, 1);
  });
});

describe("whatever fails and whenever the edge restarts", () => {
  const fault = fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    fc.record({
      name: fc.constantFrom(
        "ThrottlingException",
        "TimeoutError",
        "TypeError",
        "InternalServerError",
        "Unheard",
      ),
      took: fc.boolean(),
    }),
  );
  const doing = fc.oneof(
    fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constant("step" as const), faults: fc.array(fault, { maxLength: 12 }) }),
    fc.record({ do: fc.constant("restart" as const) }),
  );

  test("each leaf is there once, with what the ledger has, and no checkpoint before its leaves", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(doing, { maxLength: 25 }), async (walk) => {
        const { ledger, table, time, open, alarms } = await setUp();
        let outbox = open();
        const holds = () => {
          const leaves = new Set(table.numbers("leaves"));
          for (const size of table.numbers("checkpoints"))
            assert.ok(ALL(size).every((index) => leaves.has(index)));
          const { cursor } = outbox.status(time.now);
          assert.ok(
            ALL(cursor).every((index) => leaves.has(index)),
            "the cursor passes nothing",
          );
        };
        for (const move of walk) {
          time.now += LONGEST_WAIT_MS;
          if (move.do === "append") {
            await ledger.append(...ALL(move.count).map((index) => started(ledger.size + index)));
          } else if (move.do === "restart") outbox = open();
          else {
            table.faults.splice(0, table.faults.length, ...move.faults);
            await outbox.step(time.now);
            holds();
          }
        }
        table.faults.length = 0;
        time.now += LONGEST_WAIT_MS;
        await outbox.step(time.now);
        assert.deepEqual(table.numbers("leaves"), ALL(ledger.size));
        if (ledger.size > 0) assert.equal(table.numbers("checkpoints").at(-1), ledger.size);
        for (const index of ALL(ledger.size)) {
          const { entry } = table.items.get(`${ORIGIN} leaves ${index}`)!;
          assert.deepEqual(entry, { S: ledger.entries[index] });
        }
        assert.ok(!alarms.some(([alarm]) => alarm === "witness_conflict"));
        assert.equal(factsOf(ledger.entries[0] ?? "").time > 0, ledger.size > 0);
      }),
      { numRuns: runs(60, 2_000) },
    );
  });
});

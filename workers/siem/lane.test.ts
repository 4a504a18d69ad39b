import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { runs, SEED } from "../../protocol/seeded.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { Cursors } from "./cursors.ts";
import { Lane } from "./lane.ts";
import { ListDestination, ListSources } from "./testing.ts";

const START = 1_000_000;

function setUp() {
  const sql = sessionStorage();
  const time = { now: START };
  const destination = new ListDestination();
  const sources = new ListSources();
  const means = { clock: () => time.now, random: () => 1, turn: async () => {}, log: () => {} };
  const open = () => new Lane(destination, new Cursors(sql), sources, means);
  return { time, destination, sources, sql, open, lane: open() };
}

/** Runs until nothing is due; moves the clock to each deadline. */
async function settle(lane: Lane, time: { now: number }, limit = 100): Promise<void> {
  for (let run = 0; run < limit && Number.isFinite(lane.deadline()); run++) {
    time.now = Math.max(time.now, lane.deadline());
    await lane.run(time.now);
  }
}

describe("the delivery to one destination", () => {
  test("waits for others a little while, and sends them together", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 1);
    assert.equal(lane.grown("a", START, false), START + 1_000);
    sources.add("b", 2);
    assert.equal(lane.grown("b", START, false), START + 1_000);
    sources.add("a", 1);
    assert.equal(lane.grown("a", START, false), Number.POSITIVE_INFINITY, "it is awaited already");
    await lane.run(START + 999);
    assert.deepEqual(destination.batches, []);
    await settle(lane, time);
    assert.deepEqual(destination.batches, [["a/1/0", "a/2/0", "b/1/0", "b/1/1"]]);
    assert.equal(lane.deadline(), Number.POSITIVE_INFINITY);
  });

  test("of a source that is over, the end is told at once, and nothing is kept of it", async () => {
    const { lane, sources, destination, time, sql } = setUp();
    sources.add("a", 1);
    lane.grown("a", START, false);
    sources.lists.get("a")!.isOver = true;
    assert.equal(lane.grown("a", START, true), START);
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["a/1/0", "a/end"]);
    assert.deepEqual([...sql.exec("SELECT * FROM siem_cursors")], []);
    assert.equal(lane.state().hasSources, false);
    assert.equal(lane.state().delivered, 2);
  });

  test("batches keep to events and bytes, and one that is larger goes alone", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 6);
    sources.add("a", 1, 20_000);
    sources.add("a", 1);
    lane.grown("a", START, false);
    await settle(lane, time);
    assert.deepEqual(
      destination.batches.map(({ length }) => length),
      [5, 1, 1, 1],
    );
  });

  test("what a destination does not take comes again, later each time, and is counted as waiting", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 1);
    lane.grown("a", START, false);
    destination.answer = () => ({ outcome: "failed", detail: "HTTP 503" });
    const waits: number[] = [];
    time.now = lane.deadline();
    for (let attempt = 0; attempt < 12; attempt++) {
      await lane.run(time.now);
      waits.push(lane.deadline() - time.now);
      time.now = lane.deadline();
    }
    assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
    assert.equal(waits.at(-1), 300_000);
    const { sources: waiting, oldest, error, attempts } = lane.state();
    assert.deepEqual([waiting, oldest, error, attempts], [1, START, "HTTP 503", 12]);
    destination.answer = () => ({ outcome: "delivered" });
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["a/1/0"]);
    assert.equal(lane.state().error, null);
  });

  test("a destination that says when to come again is left alone until then", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 1);
    lane.grown("a", START, false);
    destination.answer = () => ({ outcome: "failed", detail: "HTTP 429", retryAfterMs: 90_000 });
    time.now = lane.deadline();
    await lane.run(time.now);
    assert.equal(lane.deadline(), time.now + 90_000);
  });

  test("an event that is refused is found, given up alone, and kept for the status", async () => {
    const { lane, sources, destination, time, sql } = setUp();
    sources.add("a", 5);
    lane.grown("a", START, false);
    destination.answer = (uids) =>
      uids.includes("a/1/3") ? { outcome: "refused", detail: "HTTP 400, code 6" } : { outcome: "delivered" };
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["a/1/0", "a/1/1", "a/1/2", "a/1/4"]);
    const [row] = [...sql.exec("SELECT uid, detail FROM siem_given_up")];
    assert.deepEqual({ ...row }, { uid: "a/1/3", detail: "HTTP 400, code 6" });
    assert.deepEqual([lane.state().delivered, lane.state().quarantined], [4, 1]);
  });

  test("a destination that refuses everything is set up wrong: nothing is given up for a while", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 5);
    lane.grown("a", START, false);
    destination.answer = () => ({ outcome: "refused", detail: "HTTP 400" });
    await settle(lane, time, 5);
    assert.equal(lane.state().quarantined, 0);
    assert.ok(destination.batches.length <= 5 * 7, "it is not asked about each event");
    destination.answer = () => ({ outcome: "delivered" });
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["a/1/0", "a/1/1", "a/1/2", "a/1/3", "a/1/4"]);
  });

  test("but nothing blocks for ever: the events at the front are given up one by one", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 4);
    lane.grown("a", START, false);
    const poison = new Set(["a/1/0", "a/1/1", "a/1/2"]);
    destination.answer = (uids) =>
      uids.some((uid) => poison.has(uid))
        ? { outcome: "refused", detail: "HTTP 400" }
        : { outcome: "delivered" };
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["a/1/3"]);
    assert.equal(lane.state().quarantined, 3);
  });

  test("a source that can't be read keeps no other waiting, and is tried again", async () => {
    const { lane, sources, destination, time } = setUp();
    sources.add("a", 1);
    sources.add("b", 1);
    sources.damaged.add("a");
    lane.grown("a", START, false);
    lane.grown("b", START, false);
    await settle(lane, time, 3);
    assert.deepEqual(destination.taken, ["b/1/0"]);
    assert.match(lane.state().error!, /could not be read/);
    sources.damaged.clear();
    await settle(lane, time);
    assert.deepEqual(destination.taken, ["b/1/0", "a/1/0"]);
    assert.equal(lane.state().error, null);
  });

  test("a growing source is read once, not from its beginning each time", async () => {
    const { lane, sources, time } = setUp();
    for (let round = 0; round < 5; round++) {
      sources.add("a", 1);
      lane.grown("a", time.now, false);
      await settle(lane, time);
    }
    assert.equal(sources.readers.get("a"), 1);
  });

  test("what was delivered is not sent again by an object that starts anew", async () => {
    const { lane, sources, destination, time, open } = setUp();
    sources.add("a", 3);
    lane.grown("a", START, false);
    await settle(lane, time);
    sources.add("a", 2);
    const again = open();
    await settle(again, time);
    assert.deepEqual(destination.batches, [
      ["a/1/0", "a/1/1", "a/1/2"],
      ["a/2/0", "a/2/1"],
    ]);
  });

  test("an object that starts anew with nothing left to tell reads nothing", async () => {
    const { lane, sources, time, open } = setUp();
    sources.add("a", 1);
    sources.add("a", 0);
    lane.grown("a", START, false);
    await settle(lane, time);
    const again = open();
    assert.equal(again.deadline(), Number.POSITIVE_INFINITY);
    assert.equal(sources.readers.get("a"), 1);
  });
});

type Step =
  | { do: "add"; source: string; events: number }
  | { do: "end"; source: string }
  | { do: "run"; answers: ("delivered" | "failed" | "lost")[] }
  | { do: "restart" };

const source = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), source, events: fc.nat(7) }),
  fc.record({ do: fc.constant("end" as const), source }),
  fc.record({
    do: fc.constant("run" as const),
    answers: fc.array(fc.constantFrom("delivered", "failed", "lost"), { maxLength: 6 }),
  }),
  fc.record({ do: fc.constant("restart" as const) }),
);

test(`SEED=${SEED} whatever fails and restarts, each event is told once at least, in its source's order, and none is lost`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, mixes) => {
      const { time, destination, sources, open, sql } = setUp();
      destination.mixes = mixes;
      let lane = open();
      const expected = new Map<string, string[]>();
      for (const one of steps) {
        time.now += 500;
        const list = "source" in one ? sources.lists.get(one.source) : undefined;
        if (one.do === "add" && !list?.isOver) {
          const known = expected.get(one.source) ?? [];
          expected.set(one.source, [...known, ...sources.add(one.source, one.events)]);
          lane.grown(one.source, time.now, false);
        } else if (one.do === "end" && list && !list.isOver) {
          list.isOver = true;
          expected.get(one.source)!.push(`${one.source}/end`);
          lane.grown(one.source, time.now, true);
        } else if (one.do === "run") {
          const answers = [...one.answers];
          destination.answer = () => {
            const answer = answers.shift() ?? "delivered";
            if (answer === "delivered") return { outcome: "delivered" };
            return {
              outcome: "failed",
              detail: "HTTP 500",
              ...(answer === "lost" && { took: true as const }),
            };
          };
          time.now = Math.max(time.now, Math.min(lane.deadline(), time.now + 5_000));
          await lane.run(time.now);
        } else if (one.do === "restart") lane = open();
      }
      destination.answer = () => ({ outcome: "delivered" });
      await settle(lane, time);
      for (const [name, uids] of expected) {
        const own = destination.taken.filter((uid) => uid.startsWith(`${name}/`));
        // The first time that each is told is in order, and all are.
        assert.deepEqual([...new Set(own)], uids);
      }
      assert.equal(lane.state().sources, 0);
      const open_ = [...expected.keys()].filter((name) => !sources.lists.get(name)!.isOver);
      assert.deepEqual(
        Array.from(sql.exec("SELECT source FROM siem_cursors"), ({ source }) => source).sort(),
        open_.sort(),
      );
    }),
    { numRuns: runs(300, 10_000) },
  );
});

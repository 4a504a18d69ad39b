import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { runs, SEED } from "../../protocol/seeded.ts";
import { Journal, type JournalMeans, MAX_WAITING } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-journal-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A disk that writes as it is told: how many bytes of the next write, or that it fails. */
function disk() {
  const state = {
    text: "",
    /** For each write: at most so many bytes, or a failure. */
    answers: [] as (number | "ENOSPC")[],
    opened: 0,
    log: [] as string[],
    timers: [] as (() => void)[],
  };
  const means: JournalMeans = {
    open: () => ++state.opened + 10,
    async write(_fd, bytes) {
      const answer = state.answers.shift() ?? bytes.length;
      if (answer === "ENOSPC") throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      const count = Math.min(answer, bytes.length);
      state.text += Buffer.from(bytes.subarray(0, count)).toString();
      return count;
    },
    close() {},
    after(_ms, call) {
      state.timers.push(call);
      return () => {
        state.timers = state.timers.filter((one) => one !== call);
      };
    },
  };
  const journal = new Journal({ file: "/events" }, (message) => state.log.push(message), means);
  /** Lets what is under way come to rest, and timers run. */
  const settle = async () => {
    for (let round = 0; round < 100; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const call of state.timers.splice(0)) call();
    }
  };
  return { state, journal, settle };
}

describe("the file of events", () => {
  test("lines are appended, to what is there, for its owner alone to read", async () => {
    const file = join(folder, "events.ndjson");
    appendFileSync(file, "before\n", { mode: 0o600 });
    const journal = new Journal({ file }, () => {});
    journal.add("one");
    journal.add("two");
    await journal.close();
    assert.equal(readFileSync(file, "utf8"), "before\none\ntwo\n");
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("a file that was moved away is opened anew: each line stands in one of the two", async () => {
    const file = join(folder, "rotated.ndjson");
    const journal = new Journal({ file }, () => {});
    journal.add("one");
    await new Promise((resolve) => setImmediate(resolve));
    renameSync(file, `${file}.1`);
    journal.reopen();
    journal.add("two");
    await journal.close();
    const lines = [`${file}.1`, file].flatMap((name) =>
      readFileSync(name, "utf8").split("\n").filter(Boolean),
    );
    assert.deepEqual(lines, ["one", "two"]);
    assert.equal(readFileSync(file, "utf8").includes("two"), true);
  });

  test("a folder that is not there is a mistake in the settings", () => {
    assert.throws(() => new Journal({ file: join(folder, "nowhere", "events") }, () => {}), {
      code: "invalid_config",
      message: /ENOENT/,
    });
  });

  test("a full disk stops nothing: what waits is written when there is room, and it is told once", async () => {
    const { state, journal, settle } = disk();
    state.answers.push("ENOSPC", 2, "ENOSPC", "ENOSPC");
    journal.add("one");
    journal.add("two");
    await settle();
    assert.deepEqual(
      state.text.split("\n").filter((line) => line === "one" || line === "two"),
      ["one", "two"],
    );
    assert.deepEqual(state.log, [
      "events can't be written (ENOSPC); they wait, and are dropped beyond 8 MiB",
      "events are written again",
    ]);
    assert.equal(journal.dropped, 0);
  });

  test("what waits is bounded: more is dropped, counted and told", async () => {
    const { state, journal, settle } = disk();
    state.answers.push("ENOSPC");
    const line = "x".repeat(1024 * 1024 - 1);
    for (let count = 0; count < MAX_WAITING / (1024 * 1024) + 3; count++) journal.add(line);
    assert.equal(journal.dropped, 3);
    await settle();
    assert.equal(state.text.length, MAX_WAITING);
    assert.ok(state.log.includes("3 events were dropped, 3 since the start"), state.log.join("\n"));
    journal.add("and on");
    await settle();
    assert.ok(state.text.endsWith("and on\n"));
  });

  test("the end waits for a disk that hangs no longer than it may, and counts what is lost", async () => {
    const { state, journal, settle } = disk();
    state.answers.push(...Array.from({ length: 1_000 }, () => "ENOSPC" as const));
    journal.add("one");
    const closed = journal.close();
    await settle();
    await closed;
    assert.equal(journal.dropped, 1);
    assert.ok(state.log.includes("1 events were dropped, 1 since the start"));
  });

  test(`SEED=${SEED} however writes are cut and fail, each whole line stands there once at least, in order`, async () => {
    const answer = fc.oneof(fc.nat(12), fc.constant("ENOSPC" as const));
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (answers, count) => {
          const { state, journal, settle } = disk();
          state.answers.push(...answers.filter((one) => one !== 0));
          const lines = Array.from({ length: count }, (_, number) => `<line ${number}>`);
          for (const line of lines) journal.add(line);
          await settle();
          const whole = state.text.split("\n").filter((line) => /^<line \d+>$/.test(line));
          // One of which the line feed alone was lacking comes again.
          assert.deepEqual([...new Set(whole)], lines);
        },
      ),
      { numRuns: runs(40, 2_000) },
    );
  });
});

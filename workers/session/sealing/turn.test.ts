import assert from "node:assert/strict";
import { test } from "node:test";
import { QUIET_MS, TURN_MS, turn } from "./turn.ts";

/** How long a turn waits in an object that is spoken to every `every` ms, until `until`. */
async function waited(waiting: number, every: number, until = Number.POSITIVE_INFINITY): Promise<number> {
  let now = 0;
  await turn(
    {
      clock: () => now,
      heard: () => Math.min(Math.floor(now / every) * every, until),
      sleep: async (ms) => {
        assert.ok(ms > 0);
        now += ms;
      },
    },
    waiting,
  );
  return now;
}

test("a part is made at once where nobody has spoken for a while", async () => {
  const sleep = async () => assert.fail("it waited");
  await turn({ clock: () => 5_000, heard: () => 5_000 - QUIET_MS, sleep }, 1);
});

test("it waits until those who live are quiet, and no longer than a second", async () => {
  assert.equal(await waited(0, 10, 300), 300 + QUIET_MS);
  assert.equal(await waited(0, 10), TURN_MS);
});

test("the more sessions wait, the less each does", async () => {
  const waits = [0, 4, 12, 96].map((waiting) => waited(waiting, 10));
  assert.deepEqual(await Promise.all(waits), [1_000, 500, 250, 40]);
});

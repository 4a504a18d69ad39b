import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

test("a turn begins when the one before has ended, in the order of asking", async () => {
  const turns = new Turns();
  const seen: number[] = [];
  const endFirst = await turns.take();
  const others = [2, 3].map(async (number) => {
    const end = await turns.take();
    seen.push(number);
    end();
  });
  await new Promise(setImmediate);
  assert.deepEqual(seen, []);
  endFirst();
  await Promise.all(others);
  assert.deepEqual(seen, [2, 3]);
});

import { after, describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../seeded.ts";
import { randomLine } from "./random-lines.ts";
import { assertNothingMissed, INSTALLED, RealShells } from "./testing.ts";

/** Random lines. */
const RANDOM = 5_000;

const shells = new RealShells();
after(() => shells.remove());

describe("what really runs is told, or that it isn't known", { concurrency: 2 }, () => {
  for (const shell of INSTALLED) {
    test(`by ${shell}, of random lines`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      await assertNothingMissed(shells, shell, fc.sample(randomLine, { seed: SEED, numRuns: RANDOM }));
    });
  }
});

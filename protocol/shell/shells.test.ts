import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../seeded.ts";
import { randomLine } from "./random-lines.ts";
import { assertNothingMissed, INSTALLED, RealShells } from "./testing.ts";
import { TRICKY_LINES } from "./tricky-lines.ts";
import { TRICKY_VALUES } from "./tricky-values.ts";

/** Random lines, of which each shell runs one in about 3 ms. */
const RANDOM = 40;

const shells = new RealShells();
after(() => shells.remove());

describe("what really runs is told, or that it isn't known", { concurrency: 2 }, () => {
  for (const shell of INSTALLED) {
    test(`by ${shell}, of tricky lines`, async () => {
      assert.ok(
        (await assertNothingMissed(shells, shell, [...TRICKY_LINES, ...TRICKY_VALUES])) > 200,
        "hardly anything ran",
      );
    });

    test(`by ${shell}, of random lines`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      await assertNothingMissed(shells, shell, fc.sample(randomLine, { seed: SEED, numRuns: RANDOM }));
    });
  }
});

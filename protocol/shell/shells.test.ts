import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { randomLine } from "./random-lines.ts";
import { INSTALLED, isFound, RealShells, readForShells } from "./testing.ts";
import { TRICKY_LINES } from "./tricky-lines.ts";
import { TRICKY_VALUES } from "./tricky-values.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
/** Random lines, of which each shell runs one in about 3 ms. */
const RANDOM = 40;

const shells = new RealShells();
after(() => shells.remove());

/** Runs the lines for real. What ran must be told, unless the line says that not all of it is. */
async function assertNothingMissed(shell: string, lines: readonly string[]): Promise<number> {
  const clear = lines
    .map((line) => ({ line, ...readForShells(line) }))
    .filter(({ opaque }) => opaque.length === 0);
  const runs = await shells.run(
    shell,
    clear.map(({ line }) => line),
  );
  for (const [index, { line, argvs }] of clear.entries()) {
    for (const run of runs[index]!) {
      assert.ok(isFound(run, argvs), `${shell} ran ${JSON.stringify(run)} by ${JSON.stringify(line)}`);
    }
  }
  return runs.flat().length;
}

describe("what really runs is told, or that it isn't known", { concurrency: 2 }, () => {
  for (const shell of INSTALLED) {
    test(`by ${shell}, of tricky lines`, async () => {
      assert.ok(
        (await assertNothingMissed(shell, [...TRICKY_LINES, ...TRICKY_VALUES])) > 200,
        "hardly anything ran",
      );
    });

    test(`by ${shell}, of random lines`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      await assertNothingMissed(shell, fc.sample(randomLine, { seed: SEED, numRuns: RANDOM }));
    });
  }
});

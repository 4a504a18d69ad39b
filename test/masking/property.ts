import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { compareChange } from "./changes.ts";
import { compareMany, compareOne, madeRead } from "./reads.ts";
import type { World } from "./world.ts";
import { ChangeWriter } from "./writes.ts";

/** Of what the copy takes at most this share is refused: of reads nothing should be. */
const REFUSED: Record<Kind, number> = { reads: 0.01, changes: 0.05 };
/** Of what is written the copy takes this share at least: else little is compared. */
const TAKEN = 0.85;

type Kind = "reads" | "changes";

/** Compares statements made from `seed` on, so many. A failure is told with the seed that makes it alone. */
export async function holds(
  t: TestContext,
  world: World,
  kind: Kind,
  seed: number,
  count: number,
): Promise<void> {
  t.diagnostic(`SEED=${seed} RUNS=${count}`);
  const { tally, failures } = await compareMany(seed, count, (one) =>
    kind === "reads"
      ? compareOne(world, madeRead(one))
      : compareChange(world, new ChangeWriter(one).change()),
  );
  for (const line of tally.lines()) t.diagnostic(line);
  const told = failures
    .sort((one, other) => one.made.sql.length - other.made.sql.length)
    .slice(0, 5)
    .map(
      ({ seed, made, sql, difference }) =>
        `SEED=${seed} RUNS=1: ${difference}\n${made.sql}\n${JSON.stringify(made.parameters)}\n${sql}`,
    );
  assert.equal(failures.length, 0, `${failures.length} of ${count}\n${told.join("\n\n")}`);
  if (count < 50) return;
  assert.ok(tally.taken > count * TAKEN, `the copy took ${tally.taken} of ${count} only`);
  assert.ok(tally.refusedShare <= REFUSED[kind], `${(tally.refusedShare * 100).toFixed(1)}% are refused`);
}

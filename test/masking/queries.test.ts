import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { CHANGES, READS } from "./cases.ts";
import { compareChange } from "./changes.ts";
import { holds } from "./property.ts";
import { compareOne } from "./reads.ts";
import { contents, startWorld, type World } from "./world.ts";

/**
 * What masking is: a statement does what it would do in a database whose labelled columns really hold the masked
 * values, or is refused.
 */

let world: World;

before(async () => {
  await loadParser();
  world = await startWorld();
});

after(() => world?.stop());

test("the copy holds what the masks make of the values", async () => {
  assert.equal(await contents(world, "copy"), await contents(world, "original"));
});

const unordered = (sql: string) => ({ sql, parameters: [], ordered: / ORDER BY (?!.*\))/.test(sql) });

test("reads of every construct give what they give of the copy, or are refused", async (t) => {
  for (const sql of READS) {
    const { difference, through, sql: got } = await compareOne(world, unordered(sql));
    assert.equal(difference, null, `${sql}\n${got}`);
    if (through.kind === "refused") t.diagnostic(`refused: ${sql}: ${through.reason}`);
  }
});

test("writes of every construct do what they do to the copy, or are refused", async (t) => {
  for (const sql of CHANGES) {
    const {
      difference,
      through,
      sql: got,
    } = await compareChange(world, { sql, parameters: [], ordered: false });
    assert.equal(difference, null, `${sql}\n${got}`);
    if (through.kind === "refused") t.diagnostic(`refused: ${sql}: ${through.reason}`);
  }
});

test("queries made at random give what they give of the copy", async (t) => {
  await holds(t, world, "reads", SEED, Number(process.env.RUNS ?? 250));
});

test("writes made at random do what they do to the copy", async (t) => {
  await holds(t, world, "changes", SEED, Number(process.env.RUNS ?? 120));
});

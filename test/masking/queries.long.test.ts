import { after, before, test } from "node:test";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { holds } from "./property.ts";
import { startWorld, type World } from "./world.ts";

let world: World;

before(async () => {
  await loadParser();
  world = await startWorld();
});

after(() => world?.stop());

test("thousands of queries made at random give what they give of the copy", async (t) => {
  await holds(t, world, "reads", SEED, Number(process.env.RUNS ?? 5_000));
});

test("thousands of writes made at random do what they do to the copy", async (t) => {
  await holds(t, world, "changes", SEED, Number(process.env.RUNS ?? 3_000));
});

import { difference, masked, type Outcome, run } from "./compare.ts";
import type { Made } from "./queries.ts";
import type { Compared } from "./reads.ts";
import { contents, type World } from "./world.ts";

/**
 * Runs a write, in a transaction that is rolled back, on the copy and through the masking: what it returns is compared,
 * and what the tables hold after.
 */
export async function compareChange(world: World, made: Made): Promise<Compared> {
  const text = await masked(world, made.sql);
  const sql = text.kind === "text" ? text.sql : null;
  await world.copy.query("BEGIN");
  await world.original.query("BEGIN");
  try {
    const copy = await run(world.copy, made.sql, made.parameters);
    const through: Outcome =
      sql === null ? (text as Outcome) : await run(world.original, sql, made.parameters);
    let found = difference(copy, through, made);
    if (found === null && copy.kind === "rows" && through.kind === "rows") {
      const expected = (await contents(world, "copy")).split("\n");
      const actual = (await contents(world, "original")).split("\n");
      const at = expected.findIndex((row, line) => row !== actual[line]);
      if (at >= 0) found = `stored: ${expected[at]} became ${actual[at]}`;
    }
    return { made, copy, through, sql, isRewritten: text.kind === "text" && !text.isSame, difference: found };
  } finally {
    await world.copy.query("ROLLBACK");
    await world.original.query("ROLLBACK");
  }
}

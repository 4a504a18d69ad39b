import { difference, masked, type Outcome, run, Tally } from "./compare.ts";
import { rewritten } from "./mutations.ts";
import { type Made, QueryWriter } from "./queries.ts";
import { Chooser } from "./random.ts";
import type { World } from "./world.ts";

/** What went wrong, with all that is needed to see it again. */
export interface Failure {
  seed: number;
  made: Made;
  sql: string | null;
  difference: string;
}

/** What became of one statement. */
export interface Compared {
  made: Made;
  copy: Outcome;
  through: Outcome;
  /** What the target got; null where it got nothing. */
  sql: string | null;
  isRewritten: boolean;
  difference: string | null;
}

/** Runs a query on the copy and through the masking. */
export async function compareOne(world: World, made: Made): Promise<Compared> {
  const copy = await run(world.copy, made.sql, made.parameters);
  const text = await masked(world, made.sql);
  const through: Outcome = text.kind === "text" ? await run(world.original, text.sql, made.parameters) : text;
  return {
    made,
    copy,
    through,
    sql: text.kind === "text" ? text.sql : null,
    isRewritten: text.kind === "text" && !text.isSame,
    difference: difference(copy, through, made),
  };
}

/** A query made from this seed, at times otherwise written. */
export function madeRead(seed: number): Made {
  const made = new QueryWriter(seed).read();
  const random = new Chooser(seed);
  return random.chance(0.2) ? { ...made, sql: rewritten(made.sql, random) } : made;
}

/** Compares statements made from `seed` on, so many. */
export async function compareMany(
  seed: number,
  count: number,
  compare: (seed: number) => Promise<Compared>,
): Promise<{ tally: Tally; failures: Failure[] }> {
  const tally = new Tally();
  const failures: Failure[] = [];
  for (let n = 0; n < count; n++) {
    const compared = await compare(seed + n);
    const { made, sql, difference: found } = compared;
    tally.add(compared.copy, compared.through, compared.isRewritten, made.sql);
    if (found !== null) failures.push({ seed: seed + n, made, sql, difference: found });
  }
  return { tally, failures };
}

import { after, before, describe, test } from "node:test";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { READS } from "./differential/reads.ts";
import { type Sides, startSides, titleOf } from "./differential/sides.ts";

describe("kubectl reads the same directly and through the edge", {
  skip: clusterUnavailable(),
  timeout: 170_000,
}, () => {
  let sides: Sides;

  before(async () => {
    sides = await startSides();
  });

  after(() => sides?.stop());

  for (const row of READS) test(titleOf(row), () => sides.compare(row));
});

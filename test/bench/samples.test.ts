import assert from "node:assert/strict";
import { test } from "node:test";
import type { PathName } from "./options.ts";
import { latencies, median, percentile, rowsOf, type Sample } from "./samples.ts";
import { markdown } from "./table.ts";

test("the median of an even count lies between the two in the middle", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 6]), 5.5);
  assert.ok(Number.isNaN(median([])));
});

test("a percentile is the nearest rank", () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.equal(percentile(values, 50), 100);
  assert.equal(percentile(values, 99), 198);
  assert.equal(percentile([7], 99), 7);
  assert.deepEqual(latencies([1.4, 1.4, 9.6]), { p50: 1, p99: 10 });
});

test("a ratio is the median of the rounds' own ratios, so a machine that slows down does not show in it", () => {
  const round = (direct: number, memory: number): Map<PathName, Sample> =>
    new Map([
      ["direct", { value: direct, p50: 10, p99: 20 }],
      ["memory", { value: memory }],
    ]);
  const rounds = [round(1_000, 200), round(100, 20), round(10, 4)];
  const rows = rowsOf({ workload: "w", clients: 1, unit: "tps", better: "more", rounds });
  assert.deepEqual(
    rows.map(({ path, ratio, value, p50, p99 }) => ({ path, ratio, value, p50, p99 })),
    [
      { path: "direct", ratio: 1, value: 100, p50: 10, p99: 20 },
      { path: "memory", ratio: 0.2, value: 20, p50: null, p99: null },
    ],
  );
  assert.match(markdown(rows), /^\| w +\| 1 +\| memory \| +0\.20 \| +20\.0 tps \| +\| +\|$/m);
});

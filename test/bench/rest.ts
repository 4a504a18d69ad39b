import { setTimeout as sleep } from "node:timers/promises";
import type { Path } from "./path.ts";
import { timesOf } from "./process-times.ts";

const LOOK_MS = 250;
/** Looks in a row at which nothing was done, and CPU time in one of them that counts as nothing, µs. */
const LOOKS = 3;
const NOTHING_US = 20_000;
const LONGEST_MS = 60_000;

/** Waits until what ended sessions leave to do, such as sealing, is done on all paths: a minute at most. */
export async function atRest(paths: Iterable<Path>): Promise<void> {
  const all = [...paths].filter(({ processes }) => Object.keys(processes).length > 0);
  if (process.platform !== "linux" || all.length === 0) return;
  const end = performance.now() + LONGEST_MS;
  for (let looks = 0; looks < LOOKS && performance.now() < end; ) {
    const before = all.map(timesOf);
    await sleep(LOOK_MS);
    const isQuiet = all.every((path, index) =>
      Object.entries(timesOf(path)).every(([name, time]) => time - before[index]![name]! <= NOTHING_US),
    );
    looks = isQuiet ? looks + 1 : 0;
  }
}

import { runCopyOut } from "./copy.ts";
import type { Database } from "./database.ts";
import type { Path } from "./path.ts";
import { runSelects } from "./pgbench.ts";
import { timesOf } from "./process-times.ts";
import { atRest } from "./rest.ts";
import { Skipped } from "./skipped.ts";

/** How much longer than the measurement the work before it takes. */
const WARM_UP = 2;

/**
 * CPU time that each process of the path spends on one transaction of `pgbench -S` with one client, in
 * microseconds. It says more than latencies on a machine that does other things too. Linux only.
 */
export async function cpuOfSelect(
  database: Database,
  path: Path,
  seconds: number,
): Promise<Record<string, number>> {
  if (process.platform !== "linux") throw new Skipped("CPU time is read from /proc, which only Linux has");
  const run = { clients: 1, mode: "simple", seconds } as const;
  // JavaScript is compiled by then.
  await runSelects(database, path, { ...run, seconds: WARM_UP * seconds });
  await atRest([path]);
  const before = timesOf(path);
  const { value } = await runSelects(database, path, run);
  const transactions = value * seconds;
  return Object.fromEntries(
    Object.entries(timesOf(path)).map(([name, time]) => [name, (time - before[name]!) / transactions]),
  );
}

/**
 * CPU time that each process of the path spends on what a COPY leaves to do once its session has ended, such as sealing, for
 * each megabyte of it, in milliseconds. `megabytes`: of the copy.
 */
export async function cpuOfSealing(
  database: Database,
  path: Path,
  megabytes: number,
): Promise<Record<string, number>> {
  if (process.platform !== "linux") throw new Skipped("CPU time is read from /proc, which only Linux has");
  await runCopyOut(database, path);
  await atRest([path]);
  await runCopyOut(database, path);
  const before = timesOf(path);
  await atRest([path]);
  return Object.fromEntries(
    Object.entries(timesOf(path)).map(([name, time]) => [name, (time - before[name]!) / 1_000 / megabytes]),
  );
}

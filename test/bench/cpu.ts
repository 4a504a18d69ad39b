import { readFileSync } from "node:fs";
import type { Database } from "./database.ts";
import type { Path } from "./path.ts";
import { runSelects } from "./pgbench.ts";
import { Skipped } from "./skipped.ts";

/** Of /proc/PID/stat, see proc(5); Linux gives user space 100 of them a second. */
const TICK_US = 10_000;
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
  const before = times(path);
  const { value } = await runSelects(database, path, run);
  const transactions = value * seconds;
  return Object.fromEntries(
    Object.entries(times(path)).map(([name, time]) => [name, (time - before[name]!) / transactions]),
  );
}

function times(path: Path): Record<string, number> {
  return Object.fromEntries(
    Object.entries(path.processes).map(([name, pid]) => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return [name, (Number(fields[11]) + Number(fields[12])) * TICK_US];
    }),
  );
}

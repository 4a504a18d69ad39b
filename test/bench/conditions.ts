import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import { DATABASE, type Database, sql } from "./database.ts";

const { version: workerd } = createRequire(import.meta.url)("workerd/package.json") as { version: string };

/** What the figures depend on, in one line. `database`: null where none was asked. `stolen`: `stolenNow` from the start. */
export async function conditions(
  database: Database | null,
  load: number,
  stolen: CpuTicks | undefined,
): Promise<string> {
  const server = database === null ? null : await sql(database, DATABASE, "SHOW server_version");
  return [
    new Date().toISOString().slice(0, 10),
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `load ${load.toFixed(1)} at the start`,
    ...share(stolen, stolenNow()),
    ...(server === null ? [] : [`PostgreSQL ${server.trim().split(" ")[0]}`]),
    `Node ${process.versions.node}`,
    `workerd ${workerd}`,
  ].join(", ");
}

/** Processes that wanted a core in the last minute. */
export function loadNow(): number {
  return loadavg()[0]!;
}

/** CPU time since the machine started, in ticks: all of it, and what its host gave to other machines instead. */
export interface CpuTicks {
  all: number;
  stolen: number;
}

/** Undefined where the system does not tell (only Linux does). */
export function stolenNow(): CpuTicks | undefined {
  if (!existsSync("/proc/stat")) return undefined;
  const [, ...ticks] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/);
  // proc(5): user nice system idle iowait irq softirq steal; the rest is in these already.
  const counted = ticks.slice(0, 8).map(Number);
  return { all: counted.reduce((sum, one) => sum + one, 0), stolen: counted[7] ?? 0 };
}

function share(before: CpuTicks | undefined, after: CpuTicks | undefined): string[] {
  if (!before || !after || after.all === before.all) return [];
  const percent = (100 * (after.stolen - before.stolen)) / (after.all - before.all);
  return [`${percent.toFixed(0)}% of the CPU time taken by the host`];
}

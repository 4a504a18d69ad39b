import { runCopyIn, runCopyOut } from "./copy.ts";
import type { Database } from "./database.ts";
import type { Options } from "./options.ts";
import type { Path } from "./path.ts";
import { runOpenings, runSelects } from "./pgbench.ts";
import type { Compared, Sample } from "./samples.ts";

/** Work that every path does, to be compared. */
export interface Workload extends Omit<Compared, "rounds"> {
  run(at: Path): Promise<Sample>;
}

/** The workloads that were asked for. `copySize`: bytes of one COPY. */
export function workloads(database: Database, options: Options, copySize: number): Workload[] {
  const { only, modes, clients, seconds } = options;
  const wanted: Workload[] = [];
  if (only.includes("pgbench")) {
    for (const mode of modes) {
      for (const count of clients) {
        wanted.push({
          workload: `pgbench -S, ${mode}`,
          clients: count,
          unit: "tps",
          better: "more",
          run: (at) => runSelects(database, at, { clients: count, mode, seconds }),
        });
      }
    }
  }
  if (only.includes("copy")) {
    const size = `${Math.round(copySize / 1e6)} MB COPY`;
    const copy = { clients: 1, unit: "ms", better: "less" } as const;
    wanted.push({ ...copy, workload: `${size} out`, run: (at) => runCopyOut(database, at) });
    wanted.push({ ...copy, workload: `${size} in`, run: (at) => runCopyIn(database, at) });
  }
  if (only.includes("opening")) {
    wanted.push({
      workload: "session opening",
      clients: 1,
      unit: "ms",
      better: "less",
      run: (at) => runOpenings(database, at, seconds),
    });
  }
  return wanted;
}

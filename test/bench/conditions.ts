import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import { DATABASE, type Database, sql } from "./database.ts";

const { version: workerd } = createRequire(import.meta.url)("workerd/package.json") as { version: string };

/** What the figures depend on, in one line. */
export async function conditions(database: Database, load: number): Promise<string> {
  const server = await sql(database, DATABASE, "SHOW server_version");
  return [
    new Date().toISOString().slice(0, 10),
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
    `load ${load.toFixed(1)} at the start`,
    `PostgreSQL ${server.trim().split(" ")[0]}`,
    `Node ${process.versions.node}`,
    `workerd ${workerd}`,
  ].join(", ");
}

/** Processes that wanted a core in the last minute. */
export function loadNow(): number {
  return loadavg()[0]!;
}

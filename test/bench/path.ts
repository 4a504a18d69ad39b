import type { Address, Database } from "./database.ts";
import type { Options, PathName } from "./options.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import { startRelay } from "./relay/path.ts";
import { MEMORY, startSallyport } from "./sallyport.ts";

/** A way to the database that runs. */
export interface Path extends Address {
  /** Processes on the way, by the names of the report. */
  processes: Record<string, number>;
  stop(): Promise<void>;
}

const START: Record<PathName, (database: Database, options: Options) => Promise<Path>> = {
  direct: async ({ host, port }) => ({ host, port, processes: {}, async stop() {} }),
  pgbouncer: startPgbouncer,
  relay: startRelay,
  memory: (database) => startSallyport(database, MEMORY, 1),
  disk: (database, { disk }) => startSallyport(database, disk, 1),
  "memory-own": (database) => startSallyport(database, MEMORY, 0),
  "disk-own": (database, { disk }) => startSallyport(database, disk, 0),
};

/** Starts a path. Throws `Skipped` when this machine has not what it needs. */
export async function startPath(name: PathName, database: Database, options: Options): Promise<Path> {
  return await START[name](database, options);
}

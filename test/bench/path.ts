import type { Address, Database } from "./database.ts";
import type { Options, PathName } from "./options.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import { startRelay } from "./relay/path.ts";
import { MEMORY, startSallyport } from "./sallyport.ts";
import { Skipped } from "./skipped.ts";

/** What the paths lead to. */
export interface Destination extends Address {
  /** `kind` and `connection` of the product's configuration. */
  target: Record<string, unknown>;
  /** Variables with the secrets that it names. */
  secrets: NodeJS.ProcessEnv;
}

/** A way to what is measured. */
export interface Path extends Address {
  /** Processes on the way, by the names of the report. */
  processes: Record<string, number>;
  stop(): Promise<void>;
}

const START: Record<PathName, (to: Destination, options: Options) => Promise<Path>> = {
  direct: async ({ host, port }) => ({ host, port, processes: {}, async stop() {} }),
  pgbouncer: async (to) => {
    if (isDatabase(to)) return await startPgbouncer(to);
    throw new Skipped("it is for PostgreSQL");
  },
  relay: startRelay,
  memory: (to) => startSallyport(to, MEMORY, 1),
  disk: (to, { disk }) => startSallyport(to, disk, 1),
  "memory-own": (to) => startSallyport(to, MEMORY, 0),
  "disk-own": (to, { disk }) => startSallyport(to, disk, 0),
};

/** Starts a path. Throws `Skipped` when this machine has not what it needs. */
export async function startPath(name: PathName, to: Destination, options: Options): Promise<Path> {
  return await START[name](to, options);
}

function isDatabase(to: Destination): to is Database {
  return to.target.kind === "postgres";
}

import type { Address, Database } from "./database.ts";
import type { Options, PathName } from "./options.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import { startRelay } from "./relay/path.ts";
import { MEMORY, startSallyport, TARGET } from "./sallyport.ts";
import { Skipped } from "./skipped.ts";

/** What the paths lead to. */
export interface Destination extends Address {
  /** `kind` and `connection` of the product's configuration. */
  target: Record<string, unknown>;
  /** Variables with the secrets that it names. */
  secrets: NodeJS.ProcessEnv;
  /** In force on the product's paths; else everything is permitted. */
  policies?: string;
}

/** A way to what is measured. */
export interface Path extends Address {
  /** Processes on the way, by the names of the report. */
  processes: Record<string, number>;
  /**
   * Of the product's, for HTTP: what precedes a request's path at the address, and the token that it must have, or null.
   * Where there is none, bytes pass as they are.
   */
  entry?: { base: string; token: string | null };
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
  "memory-edge": (to) => startAtEdge(to, MEMORY),
  "disk-edge": (to, { disk }) => startAtEdge(to, disk),
  "memory-own": (to) => startSallyport(to, MEMORY, 0),
  "disk-own": (to, { disk }) => startSallyport(to, disk, 0),
};

/** Starts a path. Throws `Skipped` when this machine has not what it needs. */
export async function startPath(name: PathName, to: Destination, options: Options): Promise<Path> {
  return await START[name](to, options);
}

/** The way in at the edge's own address. */
async function startAtEdge(to: Destination, folder: string): Promise<Path> {
  if (to.target.kind !== "http" && to.target.kind !== "kubernetes")
    throw new Skipped("it is for HTTP and Kubernetes");
  const { edge, token, ...path } = await startSallyport(to, folder, 1);
  return {
    ...path,
    ...{ host: edge.hostname, port: Number(edge.port) },
    entry: { base: `/t/${TARGET}`, token },
  };
}

function isDatabase(to: Destination): to is Database {
  return to.target.kind === "postgres";
}

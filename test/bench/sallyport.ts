import { statfsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import type { Destination, Path } from "./path.ts";
import { LAUNCHER, startProgram } from "./programs.ts";
import { Skipped } from "./skipped.ts";
import { Stops } from "./stops.ts";

/** What is measured, behind the product's connector. */
export const TARGET = "bench";
/** A target whose connector is the bench itself, see hops.ts. */
export const ECHO = { target: "echo", connector: "echo" };
const POLICIES = "policies.cedar";
/** Where a path in memory keeps its state: a file system without a disk. */
export const MEMORY = "/dev/shm";
/** `f_type` of tmpfs, see statfs(2). */
const TMPFS = 0x01021994;

/** The product, running. */
export interface Sallyport extends Path {
  edge: URL;
  /** A folder that goes when it stops. */
  state: string;
  /** The administrator's token, which may open both targets. */
  token: string;
}

interface DevReady {
  adminTokenFile: string;
  url: string;
  workerdPid: number;
  connectorPid: number;
}

/**
 * Starts the product as it runs: `sallyport dev` (the edge's process with workerd under it, and the connector's) and
 * `sallyport connect`. `folder`: on which file system the state lies; `shards`: objects that sessions share, or 0.
 */
export async function startSallyport(
  destination: Destination,
  folder: string,
  shards: number,
): Promise<Sallyport> {
  checkFileSystem(folder);
  const state = await mkdtemp(join(folder, "sallyport-bench-"));
  const stops = new Stops();
  stops.add(() => rm(state, { recursive: true, force: true }));
  try {
    const file = join(state, "sallyport.yaml");
    await writeFile(join(state, POLICIES), destination.policies ?? ALLOW_ALL);
    await writeFile(file, configuration(destination, state, shards));
    const { SALLYPORT_TOKEN: _token, SALLYPORT_TOKEN_FILE: _file, ...inherited } = process.env;
    const dev = await startProgram(
      process.execPath,
      [LAUNCHER, "dev", "-c", file, "--json"],
      { env: { ...inherited, ...destination.secrets }, cwd: state },
      (line) => JSON.parse(line) as DevReady,
    );
    stops.add(dev.program.stop);
    const { adminTokenFile, url, workerdPid, connectorPid } = dev.ready;
    const connect = await startProgram(
      process.execPath,
      [LAUNCHER, "connect", TARGET, "--json"],
      { env: { ...inherited, SALLYPORT_EDGE: url, SALLYPORT_TOKEN_FILE: adminTokenFile }, cwd: state },
      (line) => /"port": ?(\d+)/.exec(line)?.[1],
    );
    stops.add(connect.program.stop);
    return {
      host: "127.0.0.1",
      port: Number(connect.ready),
      entry: { base: "", token: null },
      processes: { workerd: workerdPid, connector: connectorPid, client: connect.program.pid },
      edge: new URL(url),
      state,
      token: (await readFile(adminTokenFile, "utf8")).trim(),
      stop: () => stops.run(),
    };
  } catch (error) {
    await stops.run();
    throw error;
  }
}

/** What the path's name promises: memory or a disk. */
function checkFileSystem(folder: string): void {
  let type: number;
  try {
    ({ type } = statfsSync(folder));
  } catch {
    throw new Skipped(`there is no ${folder}`);
  }
  const wanted = folder === MEMORY;
  if ((type === TMPFS) !== wanted) {
    throw new Skipped(`${folder} ${wanted ? "is not in memory" : "is in memory; name a disk's with --disk"}`);
  }
}

/** JSON is YAML. */
function configuration({ target }: Destination, state: string, shards: number): string {
  const open = { description: "Measured", allow: ["bootstrap"] };
  return JSON.stringify({
    edge: { listen: "127.0.0.1:0", state: join(state, "edge"), shards },
    connector: { name: "main", state: join(state, "connector") },
    policies: POLICIES,
    targets: [
      { ...open, ...target, name: TARGET, connector: "main" },
      { ...open, kind: "postgres", name: ECHO.target, connector: ECHO.connector },
    ],
  });
}

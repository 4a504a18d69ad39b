// `npm run bench`: see --help.
import { writeFileSync } from "node:fs";
import { conditions, loadNow, stolenNow } from "./conditions.ts";
import { prepareCopies } from "./copy.ts";
import { cpuOfSealing, cpuOfSelect } from "./cpu.ts";
import { type Database, startDatabase } from "./database.ts";
import { detectorSpeeds } from "./detectors.ts";
import { type Hops, measureHops } from "./hops.ts";
import { startService } from "./http/host.ts";
import { httpWorkloads, untouchedWorkloads } from "./http/workloads.ts";
import { startBenchCluster } from "./kubernetes/cluster.ts";
import { kubernetesWorkloads } from "./kubernetes/workloads.ts";
import { maskTimes } from "./masks.ts";
import { idleSessions, slowReader } from "./memory.ts";
import { HELP, type Options, type PathName, readOptions, type WorkloadName, workloadsOf } from "./options.ts";
import { type Destination, type Path, startPath } from "./path.ts";
import { atRest } from "./rest.ts";
import type { Sallyport } from "./sallyport.ts";
import { type Row, rounded, rowsOf, type Sample } from "./samples.ts";
import { Skipped } from "./skipped.ts";
import { startHost } from "./ssh/host.ts";
import { sshWorkloads } from "./ssh/workloads.ts";
import { Stops } from "./stops.ts";
import { hopTable, markdown } from "./table.ts";
import { verdictTimes } from "./verdicts.ts";
import { type Workload, workloads } from "./workloads.ts";

const HOP_ROUNDS = 5;
/** What needs no PostgreSQL. */
const ALONE: ReadonlySet<WorkloadName> = new Set([
  ...(["verdicts", "masks", "detectors"] as const),
  ...(["ssh", "http", "kubernetes"] as const).flatMap(workloadsOf),
]);

const say = (line: string) => console.error(line);

async function bench(options: Options, stops: Stops): Promise<void> {
  const load = loadNow();
  const stolen = stolenNow();
  const rows: Row[] = [];
  if (options.only.includes("verdicts")) {
    say("verdicts …");
    rows.push(...(await verdictTimes(options.repetitions)));
  }
  if (options.only.includes("masks")) {
    say("masks …");
    rows.push(...(await maskTimes(options.repetitions)));
  }
  if (options.only.includes("detectors")) {
    say("detectors …");
    rows.push(...detectorSpeeds(options.repetitions));
  }
  const database = options.only.some((name) => !ALONE.has(name)) ? await started(options, stops) : null;
  let hops = new Map<PathName, Hops>();
  if (database !== null) {
    const copies = options.only.includes("copy") || options.only.includes("sealing");
    const copySize = copies ? await prepareCopies(database) : 0;
    const wanted = workloads(database, options, copySize);
    rows.unshift(
      ...(await compare(database, wanted, options, stops)),
      ...(await costs(database, options, copySize, stops)),
    );
    hops = await hopTimes(database, options, stops);
  }
  const wants = (kind: Parameters<typeof workloadsOf>[0]) =>
    workloadsOf(kind).some((name) => options.only.includes(name));
  if (wants("ssh")) {
    say("sshd …");
    const host = await startHost(options.file);
    stops.add(host.stop);
    rows.push(...(await compare(host, sshWorkloads(host, options), options, stops)));
  }
  if (wants("http")) {
    for (const [masks, workloadsFor] of [
      [true, httpWorkloads],
      [false, untouchedWorkloads],
    ] as const) {
      const service = await startService(options.file, masks);
      stops.add(service.stop);
      rows.push(...(await compare(service, workloadsFor(service, options), options, stops)));
    }
  }
  if (wants("kubernetes")) {
    await orSkip("kubernetes", async () => {
      say("a cluster …");
      const cluster = await startBenchCluster();
      stops.add(cluster.stop);
      rows.push(...(await compare(cluster, kubernetesWorkloads(cluster, options), options, stops)));
    });
  }
  console.log(`${await conditions(database, load, stolen)}\n`);
  if (rows.length > 0) console.log(markdown(rows));
  if (hops.size > 0) console.log(`\n${hopTable(hops)}`);
  for (const [path, steps] of hops) rows.push(...hopRows(path, steps));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, null, 2)}\n`);
}

async function started(options: Options, stops: Stops): Promise<Database> {
  say("PostgreSQL …");
  const database = await startDatabase(options.scale);
  stops.add(database.stop);
  return database;
}

/** Rounds of direct, then each path, then again. */
async function compare(to: Destination, wanted: Workload[], options: Options, stops: Stops): Promise<Row[]> {
  if (wanted.length === 0) return [];
  const paths = new Map<PathName, Path>();
  for (const name of options.paths) {
    const path = await orSkip(name, () => startPath(name, to, options));
    if (path === undefined) continue;
    stops.add(path.stop);
    paths.set(name, path);
  }
  const rows: Row[] = [];
  for (const { run, ...workload } of wanted) {
    const rounds: Map<PathName, Sample>[] = [];
    for (let round = 1; round <= options.repetitions; round++) {
      const samples = new Map<PathName, Sample>();
      for (const [name, path] of paths) {
        say(`  ${name} …`);
        await atRest(paths.values());
        samples.set(name, await run(path));
      }
      rounds.push(samples);
      const found = [...samples].map(([name, { value }]) => `${name} ${value.toFixed(1)}`).join(", ");
      say(`${workload.workload}, ${workload.clients}: ${found} (${workload.unit})`);
    }
    rows.push(...rowsOf({ ...workload, rounds }));
  }
  for (const path of paths.values()) await path.stop();
  return rows;
}

/** Memory and CPU time are measured on paths just started: what earlier work has left would hide in them. */
async function costs(database: Database, options: Options, copySize: number, stops: Stops): Promise<Row[]> {
  const { sessions, megabytes, seconds } = options;
  const parts = [
    {
      name: "cpu",
      clients: 1,
      unit: "µs",
      workload: "CPU time of a transaction",
      measure: (path: Path) => cpuOfSelect(database, path, seconds),
    },
    {
      name: "sealing",
      clients: 1,
      unit: "ms",
      workload: "CPU time of sealing a megabyte",
      measure: (path: Path) => cpuOfSealing(database, path, copySize / 1e6),
    },
    {
      name: "idle",
      clients: sessions,
      unit: "MB",
      workload: "memory of an idle session",
      measure: (path: Path) => idleSessions(database, path, options),
    },
    {
      name: "slow-reader",
      clients: 1,
      unit: "MB",
      workload: `peak in a ${megabytes} MB COPY to a slow reader`,
      measure: (path: Path) => slowReader(database, path, megabytes),
    },
  ] as const;
  const rows: Row[] = [];
  for (const { name: part, measure, ...what } of parts) {
    if (!options.only.includes(part)) continue;
    for (const name of options.paths) {
      if (name === "direct") continue;
      await orSkip(name, async () => {
        const path = await startPath(name, database, options);
        stops.add(path.stop);
        say(`${what.workload}: ${name} …`);
        rows.push(...costRows(what, name, await measure(path)));
        await path.stop();
      });
    }
  }
  return rows;
}

async function hopTimes(database: Database, options: Options, stops: Stops): Promise<Map<PathName, Hops>> {
  const found = new Map<PathName, Hops>();
  if (!options.only.includes("hops")) return found;
  for (const name of options.paths) {
    if (name === "direct" || name === "pgbouncer" || name === "relay" || name.endsWith("-edge")) continue;
    await orSkip(name, async () => {
      const path = (await startPath(name, database, options)) as Sallyport;
      stops.add(path.stop);
      say(`hops of ${name} …`);
      const round = options.seconds * 250;
      found.set(name, await measureHops(database, path, { rounds: HOP_ROUNDS, round }));
      await path.stop();
    });
  }
  return found;
}

/** A row for each process of the path. */
function costRows(
  { workload, ...what }: Pick<Row, "workload" | "clients" | "unit">,
  path: PathName,
  costs: Record<string, number>,
): Row[] {
  return Object.entries(costs).map(([process, value]) => ({
    workload: `${workload}: ${process}`,
    path,
    ...what,
    ratio: null,
    p50: null,
    p99: null,
    value: rounded(value, 3),
    better: "less",
    repetitions: 1,
  }));
}

function hopRows(path: PathName, hops: Hops): Row[] {
  return Object.entries(hops).map(([step, microseconds]) => ({
    workload: `hop: ${step}`,
    path,
    clients: 1,
    ratio: rounded(microseconds / hops.postgres, 3),
    p50: Math.round(microseconds),
    p99: null,
    value: rounded(microseconds, 1),
    unit: "µs",
    better: "less",
    repetitions: HOP_ROUNDS,
  }));
}

async function orSkip<T>(name: string, step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    say(`skipped ${name}: ${error.message}`);
    return undefined;
  }
}

function readCommandLine(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}

const options = readCommandLine();
if (options === undefined) {
  console.log(HELP);
} else {
  const stops = new Stops();
  let interrupted = false;
  // The bench fails where it stands, for want of what is stopped, and ends as after any failure.
  const interrupt = () => {
    interrupted = true;
    void stops.run();
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  process.once("uncaughtException", (error) => {
    console.error(error);
    interrupt();
  });
  try {
    await bench(options, stops);
  } catch (error) {
    if (!interrupted) throw error;
    process.exitCode = 130;
  } finally {
    await stops.run();
  }
}

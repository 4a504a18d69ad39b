import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { DEFAULT_EDGE_LIMITS } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { listenAddress, withExamples } from "../command-line.ts";
import { changeLines } from "../config/apply.ts";
import { approvalBindings } from "../config/approvals.ts";
import { type ConfigFile, DEFAULT_FILE, parseConfigFile, readConfigFile } from "../config/file.ts";
import { siemBindings } from "../config/siem.ts";
import { witnessBindings } from "../config/witness.ts";
import { isLoopback } from "../listener.ts";
import { startDev } from "../local-edge/dev.ts";
import type { Edge } from "../local-edge/host.ts";
import { openFilesLimit, sessionsWithin } from "../open-files.ts";
import { telemetryBindings } from "../telemetry/edge-bindings.ts";
import { note, print, progress } from "../terminal.ts";

/** More crashes of workerd than this within the window, and we give up. */
const MAX_CRASHES = 5;
const CRASH_WINDOW_MS = 60_000;

export function addHostCommands(program: Command): void {
  const dev = hostOptions(program.command("dev"))
    .description("run an edge and a connector on this machine, with the settings of one file")
    .action((options: HostOptions) => runDev(options));
  withExamples(dev, [
    ["sallyport init && sallyport dev", "begin with a commented example"],
    ["sallyport dev -c sallyport.yaml --listen 127.0.0.1:9000", ""],
  ]);
  const edge = hostOptions(program.command("edge"))
    .description("run an edge alone on this machine, under workerd; put a proxy with TLS before it")
    .action((options: HostOptions) => runEdge(options));
  withExamples(edge, [
    ["sallyport edge -c /etc/sallyport/sallyport.yaml", ""],
    ["sallyport edge --listen 127.0.0.1:7843 --state /var/lib/sallyport", "without a file"],
  ]);
}

interface HostOptions {
  config?: string;
  listen?: { host: string; port: number };
  state?: string;
  verbose?: boolean;
  json?: boolean;
}

function hostOptions(command: Command): Command {
  return command
    .addOption(new Option("-c, --config <file>", `the configuration file (default: ${DEFAULT_FILE})`))
    .option("--listen <host:port>", "where to listen, instead of edge.listen", listenAddress)
    .option("--state <folder>", "where to keep everything, instead of edge.state")
    .option("--verbose", "show what workerd prints")
    .option("--json", "print one line of JSON when ready");
}

async function runEdge(options: HostOptions): Promise<void> {
  const file = options.config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const config = file === undefined ? parseConfigFile("{}", DEFAULT_FILE) : readConfigFile(file);
  const crashes = watchCrashes();
  const edge = await openEdge(config, options, crashes.crashed);
  ready(edge, options, {});
  await untilStopped(crashes.down, () => edge.dispose());
}

async function runDev(options: HostOptions): Promise<void> {
  const file = options.config ?? DEFAULT_FILE;
  if (!existsSync(file)) {
    throw new SallyportError(
      "invalid_config",
      `There is no configuration file ${file}.`,
      `Write a commented example with \`sallyport init${file === DEFAULT_FILE ? "" : ` ${file}`}\`, edit its targets, and start again.`,
    );
  }
  const config = readConfigFile(file);
  const crashes = watchCrashes();
  const edge = await openEdge(config, options, crashes.crashed);
  try {
    const dev = await startDev(edge, config, (ending, waitMs) => {
      note(`The connector ended (${ending}); it starts again in ${waitMs / 1_000} s.`);
    });
    for (const change of dev.changes) for (const line of changeLines(change)) note(line);
    if (dev.enrolled) note(`Enrolled the connector ${config.connector?.name}.`);
    if (config.connector === null) note(`${file} has no \`connector\`: start one elsewhere.`);
    ready(edge, options, dev.connector === undefined ? {} : { connectorPid: dev.connector.pid });
    await untilStopped(crashes.down, async () => dev.connector?.stop());
  } finally {
    await edge.dispose();
  }
}

async function openEdge(
  config: ConfigFile,
  options: HostOptions,
  crashed: (again: boolean) => void,
): Promise<Edge> {
  const { edge } = config;
  const { host, port } = options.listen ?? edge.listen;
  if (!isLoopback(host)) {
    note(
      `${host}:${port} is plain HTTP: let only a proxy with TLS reach it, and give its address as edge.url.`,
    );
  }
  const bindings = {
    ...(await approvalBindings(edge.approvals)),
    ...(await siemBindings(edge.siem)),
    ...(await witnessBindings(edge.witness)),
    ...telemetryBindings(process.env),
  };
  if (bindings.SLACK_WEBHOOK_URL !== undefined && edge.url === undefined) {
    note("Without edge.url, messages about approvals have no link: they name the command line.");
  }
  warnOfOpenFiles(edge.shards, config.settings.limits.sessions ?? DEFAULT_EDGE_LIMITS.sessions);
  const done = progress("Starting the edge");
  try {
    // Miniflare and esbuild take a while to load: other commands do without.
    const { startEdge } = await import("../local-edge/host.ts");
    return await startEdge({
      state: options.state === undefined ? edge.state : resolve(options.state),
      host,
      port,
      shards: edge.shards,
      bindings,
      ...(edge.url !== undefined && { publicUrl: edge.url }),
      ...(options.verbose && { onLog: (line: string) => note(line) }),
      onCrash: crashed,
    });
  } finally {
    done();
  }
}

function ready(edge: Edge, options: HostOptions, more: { connectorPid?: number | undefined }): void {
  if (options.json) {
    const { url, adminTokenFile, workerdPid } = edge;
    print(JSON.stringify({ url: url.origin, adminTokenFile, pid: process.pid, workerdPid, ...more }));
    return;
  }
  print(`The edge is ${edge.url.origin}`);
  print(`The first administrator's token is in ${edge.adminTokenFile}. To use it:`);
  print(`  export SALLYPORT_EDGE=${edge.url.origin} SALLYPORT_TOKEN_FILE=${edge.adminTokenFile}`);
  note("Ctrl-C ends it; everything is kept.");
}

/** Counts the crashes of workerd; `down` rejects when it is down for good. */
function watchCrashes(): { down: Promise<never>; crashed: (again: boolean) => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  let crashes: number[] = [];
  return {
    down: promise,
    crashed(again) {
      const now = Date.now();
      crashes = [...crashes.filter((time) => now - time < CRASH_WINDOW_MS), now];
      if (again && crashes.length <= MAX_CRASHES) {
        note("workerd ended unexpectedly and was started again; sessions resume.");
        return;
      }
      reject(
        new SallyportError(
          "internal",
          again
            ? `workerd ended ${crashes.length} times within a minute.`
            : "workerd ended and can't be restarted.",
          "Start it with --verbose to see what it says.",
        ),
      );
    },
  };
}

/** Resolves at a signal to stop. Miniflare's own handlers would exit at once, with nothing put in order. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.removeAllListeners(signal);
      process.once(signal, () => resolve());
    }
  });
}

async function untilStopped(down: Promise<never>, stop: () => Promise<void>): Promise<void> {
  try {
    await Promise.race([stopSignal(), down]);
  } finally {
    await stop();
  }
}

function warnOfOpenFiles(shards: number, sessions: number): void {
  const limit = openFilesLimit();
  if (limit === undefined) return;
  const possible = sessionsWithin(limit, shards);
  if (possible >= sessions) return;
  note(
    `The limit of open files, ${limit}, carries about ${possible} sessions at once, and ${sessions} are allowed. ` +
      "Raise it (ulimit -n, LimitNOFILE) or set limits.sessions.",
  );
}

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare, type MiniflareOptions, type WorkerdStructuredLog } from "miniflare";
import { SallyportError } from "../../protocol/errors.ts";
import {
  adminToken,
  adminTokenFile,
  edgeSigningKey,
  lockStateFolder,
  readRunningEdge,
  writeRunningEdge,
} from "../state-folder.ts";
import { bundleWorker, type WorkerBundle } from "./bundle.ts";
import { type Database, migrate } from "./migrations.ts";
import { endOrphan, watchWorkerd } from "./workerd-process.ts";

/** A released package has the Worker bundled, as JavaScript. */
const WORKER = ["../../workers/index.js", "../../workers/index.ts"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));
const MIGRATIONS = fileURLToPath(new URL("../../infra/migrations", import.meta.url));
const NAME = "edge";
/** The sweep closes interrupted sessions: soon after a start, when both sides had time to resume, then regularly. */
const FIRST_SWEEP_MS = 15_000;
const SWEEP_EVERY_MS = 20_000;

export interface EdgeOptions {
  /** Folder for everything the edge keeps: storage, keys, the bootstrap token. */
  state: string;
  host?: string;
  /** 0, the default, takes a free port and keeps it across restarts of workerd. */
  port?: number;
  /** How agents and connectors reach the edge, when a proxy stands before it. */
  publicUrl?: URL;
  /** Session objects: sessions share this many (group commit); 0 gives each session one of its own. */
  shards?: number;
  /** The Worker's module (bundled with esbuild, in memory) and its D1 schema; tests give their own. */
  entry?: string;
  migrations?: string;
  /** More text bindings of the Worker's environment, such as the channels for approvals. */
  bindings?: Record<string, string>;
  /** Receives what workerd and Miniflare print, one line a call. */
  onLog?: (line: string) => void;
  /** workerd ended by itself: it was started again (true), or could not be (false) and the edge is down. */
  onCrash?: (restarted: boolean) => void;
}

export interface Edge {
  readonly url: URL;
  readonly adminToken: string;
  readonly adminTokenFile: string;
  /** Process id of workerd now; changes with each restart. */
  readonly workerdPid: number | undefined;
  /** Kills workerd with SIGKILL and waits until its successor, on the same port, serves. */
  restart(): Promise<void>;
  /** Runs the scheduled sweep now. */
  sweep(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Runs the edge under workerd on this machine, everything kept in one folder. Resolves when it serves. Throws
 * `conflict` when the folder or the port is taken, `invalid_config` when the Worker does not build.
 */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const state = resolve(options.state);
  const lock = lockStateFolder(state);
  let miniflare: Miniflare | undefined;
  try {
    await endOrphan(state, readRunningEdge(state)?.workerd);
    const admin = adminToken(state);
    const bundle = await bundleWorker(options.entry ?? WORKER);
    const signingKey = await edgeSigningKey(state);
    let url: URL | undefined;
    let restarting: PromiseWithResolvers<void> | undefined;
    const remember = () => {
      const workerd = workerdProcess.pid();
      writeRunningEdge(state, {
        pid: process.pid,
        ...(url === undefined ? {} : { url: url.href }),
        ...(workerd === undefined ? {} : { workerd }),
      });
    };
    const crashed = (again: boolean) => {
      try {
        if (again) remember();
      } catch {
        // A full disk ends sessions, not the edge: with space it serves again.
        options.onLog?.("The process id of the new workerd could not be written down.");
      }
      if (restarting === undefined) options.onCrash?.(again);
      else if (again) restarting.resolve();
      else restarting.reject(new SallyportError("internal", "workerd does not start again."));
    };
    const settings: MiniflareOptions = {
      ...hostOptions(options, state),
      log: new HostLog(options.onLog, () => crashed(false)),
      unsafeHandleRuntimeRestart: () => crashed(true),
      workers: [
        workerOptions(options, bundle, {
          EDGE_SIGNING_KEY: signingKey,
          BOOTSTRAP_TOKEN_SHA256: admin.sha256,
          ...(options.publicUrl === undefined ? {} : { PUBLIC_URL: options.publicUrl.origin }),
          SESSION_SHARDS: String(options.shards ?? 1),
          ...options.bindings,
        }),
      ],
    };
    const workerdProcess = watchWorkerd(() => {
      miniflare = new Miniflare(settings);
    });
    const running = miniflare!;
    await running.ready.catch((error: unknown) => {
      throw startFailure(error, options);
    });
    url = await running.unsafeGetDirectURL(NAME);
    remember();
    const database = await running.getD1Database("DIRECTORY", NAME);
    await migrate(database as Database, options.migrations ?? MIGRATIONS, Date.now());

    const sweep = async () => {
      const worker = await running.getWorker(NAME);
      await worker.scheduled({ cron: "* * * * *" });
    };
    const stopSweeping = every(FIRST_SWEEP_MS, SWEEP_EVERY_MS, async () => {
      // A sweep that meets a crash of workerd is made up for by the next one.
      await sweep().catch(() => options.onLog?.("The sweep of interrupted sessions failed; it runs again."));
    });
    return {
      url,
      adminToken: admin.token,
      adminTokenFile: adminTokenFile(state),
      get workerdPid() {
        return workerdProcess.pid();
      },
      async restart() {
        const workerd = workerdProcess.pid();
        if (workerd === undefined) throw new SallyportError("conflict", "workerd is not running.");
        restarting = Promise.withResolvers<void>();
        process.kill(workerd, "SIGKILL");
        await restarting.promise.finally(() => {
          restarting = undefined;
        });
      },
      sweep,
      async dispose() {
        stopSweeping();
        await running.dispose();
        workerdProcess.forget();
        lock.release();
      },
    };
  } catch (error) {
    await miniflare?.dispose().catch(() => undefined);
    lock.release();
    throw error;
  }
}

function hostOptions(options: EdgeOptions, state: string): Omit<MiniflareOptions, "workers"> {
  return {
    // Miniflare's own entry, which we don't use for traffic: a hop through it costs half the latency.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: join(state, "edge"),
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    unsafeProxySharedSecret: randomBytes(32).toString("hex"),
    handleStructuredLogs: ({ message }: WorkerdStructuredLog) => {
      for (const line of message.trimEnd().split("\n")) options.onLog?.(line);
    },
  };
}

function workerOptions(
  options: EdgeOptions,
  bundle: WorkerBundle,
  texts: Record<string, string>,
): MiniflareOptions["workers"][number] {
  const env: NonNullable<MiniflareOptions["workers"][number]["config"]["env"]> = {
    SESSION: { type: "durable-object", worker: NAME, exportName: "Session" },
    HUB: { type: "durable-object", worker: NAME, exportName: "ConnectorHub" },
    ACCESS: { type: "durable-object", worker: NAME, exportName: "AccessRequest" },
    LEDGER: { type: "durable-object", worker: NAME, exportName: "Ledger" },
    RECORDINGS: { type: "r2", name: "recordings" },
    DIRECTORY: { type: "d1", id: "directory", name: "directory" },
  };
  for (const [name, value] of Object.entries(texts)) env[name] = { type: "text", value };
  return {
    config: {
      name: NAME,
      compatibilityDate: "2026-11-01",
      compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
      manifest: bundle,
      env,
      exports: {
        Session: { type: "durable-object", storage: "sqlite" },
        ConnectorHub: { type: "durable-object", storage: "sqlite" },
        AccessRequest: { type: "durable-object", storage: "sqlite" },
        Ledger: { type: "durable-object", storage: "sqlite" },
      },
    },
    dev: { unsafeDirectSockets: [{ host: options.host ?? "127.0.0.1", port: options.port ?? 0 }] },
  };
}

function startFailure(error: unknown, options: EdgeOptions): SallyportError {
  const message = error instanceof Error ? error.message : String(error);
  if (/address already in use/i.test(message)) {
    return new SallyportError(
      "conflict",
      `Port ${options.port} of ${options.host ?? "127.0.0.1"} is in use, so the edge cannot listen there.`,
      "Stop what listens there, or choose another port: edge.listen in the configuration file, or --listen HOST:PORT.",
    );
  }
  return new SallyportError("internal", `workerd did not start: ${message}`);
}

/** Errors of Miniflare itself mean that workerd could not be started again. */
class HostLog extends Log {
  readonly #line: ((line: string) => void) | undefined;
  readonly #failed: () => void;

  constructor(line: ((line: string) => void) | undefined, failed: () => void) {
    super(LogLevel.WARN);
    this.#line = line;
    this.#failed = failed;
  }
  override log(message: string): void {
    for (const line of message.split("\n")) this.#line?.(line);
  }
  override error(message: Error): void {
    super.error(message);
    this.#failed();
  }
}

/** Runs `work` after `first` ms, then every `interval` ms after it has finished. Returns how to stop. */
function every(first: number, interval: number, work: () => Promise<void>): () => void {
  let timer = setTimeout(async function run() {
    await work();
    if (!stopped) timer = setTimeout(run, interval);
  }, first);
  let stopped = false;
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

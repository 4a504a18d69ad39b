import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { type Listener, listen } from "../../client/listener.ts";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import type { Session } from "../../protocol/directory.ts";
import { SEED } from "../../protocol/seeded.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { startTestEdge, type TestEdge, testTarget } from "../gateway.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";

const COMMAND = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));
/** The principal of `Rig.token`. */
export const PRINCIPAL = "service/agent";

/** A connector that is a process of its own: `sallyport connector`. */
export interface ConnectorProcess {
  readonly pid: number;
  /** What it wrote to standard error so far. */
  readonly output: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** The whole path in the processes that it has in the field: workerd, `sallyport connector`, PostgreSQL. */
export interface Rig {
  postgres: PostgresServer;
  edge: TestEdge;
  connector: ConnectorProcess;
  /** A direct connection to PostgreSQL, for looking from behind. */
  direct: pg.Client;
  token: string;
  /** Starts `sallyport connector`, by the edge itself or a proxy before it; resolves when it is online. */
  startConnector(edge?: URL): Promise<ConnectorProcess>;
  listen(edge?: URL, target?: string, token?: string): Promise<Listener>;
  /** Backends of PostgreSQL that serve this session: it stands in their application_name. */
  backends(session: string): Promise<number>;
  /** The session that was opened last, as the directory knows it. */
  latest(): Promise<Session>;
  session(id: string): Promise<Session>;
  /** The session once the directory knows that it has ended. Rejects after `ms`. */
  ended(id: string, ms?: number): Promise<Session>;
  stop(): Promise<void>;
}

export interface RigOptions {
  edge?: Partial<EdgeOptions>;
  limits?: Record<string, number>;
  /** More targets: their `connection` in the connector's file. Each is applied at the edge, open to all. */
  targets?: (postgres: PostgresServer) => Record<string, object>;
  settings?: Record<string, string>;
  tls?: { certificate: string; key: string };
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const [postgres, edge] = await Promise.all([
    startPostgres({
      ...(options.settings && { settings: options.settings }),
      ...(options.tls && { tls: options.tls }),
    }),
    startTestEdge(options.edge),
  ]);
  const more = options.targets?.(postgres) ?? {};
  await edge.apply({
    targets: ["orders", ...Object.keys(more)].map((name) => testTarget(name)),
    limits: options.limits ?? {},
  });
  await edge.enroll("main");
  const token = await edge.serviceToken("agent");
  const listeners: Listener[] = [];
  const connectors: ConnectorProcess[] = [];
  const direct = new pg.Client({
    host: postgres.host,
    port: postgres.port,
    user: postgres.superuser,
    password: postgres.password,
    database: "postgres",
  });
  // The server's shutdown is an error to its last client.
  direct.on("error", () => {});
  await direct.connect();

  const connections = {
    orders: {
      host: postgres.host,
      port: postgres.port,
      databases: ["postgres"],
      user: postgres.superuser,
      password: { env: "RIG_PASSWORD" },
      tls: { mode: "disable" },
    },
    ...more,
  };
  const startConnector = async (through = edge.edge.url) => {
    const file = join(edge.state, "connector.yaml");
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        connector: { name: "main", edge: through.origin, state: join(edge.state, "connector-main") },
        targets: Object.entries(connections).map(([name, connection]) => ({
          ...testTarget(name),
          connection,
        })),
      }),
    );
    const connector = await spawnConnector(file, postgres.password);
    connectors.push(connector);
    rig.connector = connector;
    return connector;
  };

  const rig: Rig = {
    postgres,
    edge,
    connector: undefined as unknown as ConnectorProcess,
    direct,
    token,
    startConnector,
    async listen(through = edge.edge.url, target = "orders", bearer = token) {
      const open = () => openTunnel({ edge: through, target, token: bearer });
      const listener = await listen({ host: "127.0.0.1", port: 0, open });
      listeners.push(listener);
      return listener;
    },
    async backends(session) {
      const { rows } = await direct.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE $1 AND application_name <> 'sallyport catalog'",
        [`sallyport ${session}%`],
      );
      return rows[0]!.count;
    },
    async latest() {
      const { items } = await edge.api<{ items: Session[] }>("GET", "/v1/sessions?limit=1");
      return items[0]!;
    },
    session: (id) => edge.api<Session>("GET", `/v1/sessions/${id}`),
    async ended(id, ms = 60_000) {
      return await eventually(`the end of session ${id}`, ms, async () => {
        const session = await rig.session(id).catch(whileAway);
        return session !== false && session.ended !== null && session;
      });
    },
    async stop() {
      await Promise.all(listeners.map((listener) => listener.close()));
      await Promise.all(connectors.map((connector) => connector.kill()));
      await direct.end().catch(() => {});
      await edge.stop();
      await postgres.stop();
    },
  };
  await startConnector();
  return rig;
}

/** How long a connector may take to be online, ms. */
const START_MS = 120_000;

async function spawnConnector(file: string, password: string): Promise<ConnectorProcess> {
  const child: ChildProcess = spawn(process.execPath, [COMMAND, "connector", "-c", file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, RIG_PASSWORD: password },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const abandon = () => void child.kill("SIGKILL");
  process.once("exit", abandon);
  const connector = {
    pid: child.pid!,
    output: "",
    async kill() {
      process.off("exit", abandon);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
  const lines = createInterface({ input: child.stderr! });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      connector.output += `${line}\n`;
      if (line.includes("online, serves")) resolve();
    });
    lines.once("close", () => reject(new Error(`the connector ended:\n${connector.output}`)));
    setTimeout(
      () => reject(new Error(`the connector is not online:\n${connector.output}`)),
      START_MS,
    ).unref();
  });
  return connector;
}

/** An edge whose workerd is being started again can't be reached for a moment: to be asked again. */
export function whileAway(error: unknown): false {
  if (error instanceof TypeError && error.message === "fetch failed") return false;
  throw error;
}

/** Asks until the answer is truthy. Rejects after `ms`, naming what was waited for. */
export async function eventually<T>(what: string, ms: number, ask: () => Promise<T | false>): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > until) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(20);
  }
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kib) / 1024;
}

/** Seeded random numbers in [0, 1) (mulberry32), so that a failure can be had again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run, printed. */
export function chooseSeed(): number {
  console.log(`SEED=${SEED}`);
  return SEED;
}

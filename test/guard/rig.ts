import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { PostgresTargetConfig } from "../../connector/config.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import { testTarget } from "../gateway.ts";
import { type PostgresGateway, startPostgresGateway, TARGET } from "../postgres-gateway.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { ensurePackages } from "../system-packages.ts";
import { type Spot, Wire } from "./wire.ts";

/** The role that the connector logs in with, where a test wants another than the superuser. */
export const WORKER = "worker";

const CANARY = "canary";

/** A server with a gateway before it that judges, for one test file. */
export interface Guarded {
  postgres: PostgresServer;
  gateway: PostgresGateway;
  /** The server itself, as the role that the connector has. */
  direct: Spot;
  /** The gateway's local listener. */
  through: Spot;
  /** A superuser's connection to the server itself. */
  admin: pg.Client;
  /** Puts a policy set in force, and waits until the connector judges by it. */
  policies(text: string): Promise<void>;
  /** Opens a session through the gateway, has work done in it and closes it. */
  session<T>(work: (session: Wire) => Promise<T>, startup?: Record<string, string>): Promise<T>;
  stop(): Promise<void>;
}

export interface GuardedOptions {
  /** What is in the database, as the superuser makes it. */
  fixture: string;
  policies: string;
  /** Whom the connector logs in as; the superuser by default, who can do the most harm. */
  role?: typeof WORKER;
  settings?: Record<string, string>;
  /** Of the connector's settings for the target: labels, detectors. */
  target?: Partial<PostgresTargetConfig>;
}

export async function startGuarded(options: GuardedOptions): Promise<Guarded> {
  ensurePackages(["postgresql", "postgresql-client"]);
  const postgres = await startPostgres({ settings: options.settings ?? {} });
  const { host, port, superuser, password } = postgres;
  const user = options.role ?? superuser;
  const admin = new pg.Client({ host, port, user: superuser, password, database: "postgres" });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${CANARY}`);
  await admin.query(`CREATE ROLE ${WORKER} LOGIN PASSWORD '${password}'; ${options.fixture}`);
  const gateway = await startPostgresGateway({
    postgres,
    target: { user, databases: ["postgres", CANARY], ...options.target },
  });
  const listener = await gateway.listen();
  const database = "postgres";
  const direct: Spot = {
    host,
    port,
    user,
    database,
    login: { target: gateway.target, password },
  };
  const through: Spot = { host: listener.host, port: listener.port, user: "agent", database, login: null };
  let canaries = 0;
  let watch: Wire | undefined;
  const guarded: Guarded = {
    postgres,
    gateway,
    direct,
    through,
    admin,
    async policies(text) {
      const canary = `${CANARY} ${++canaries}`;
      await gateway.edge.apply({
        targets: [testTarget(TARGET)],
        policies: `${text}\n${canaryPolicy(canary)}`,
      });
      const deadline = performance.now() + 60_000;
      for (;;) {
        // A connector that was too slow to take the policies has lost its sessions, this one with them.
        if (watch?.over !== false)
          watch = await Wire.open({ ...through, database: CANARY }).catch(() => undefined);
        const answer = await watch?.query("SHOW work_mem").catch(() => undefined);
        // It was ended as it asked.
        if (answer === undefined) watch = undefined;
        const [error] = answer?.errors ?? [];
        if (error?.message.includes(canary)) return;
        if (performance.now() > deadline) throw new Error(`the policies are not in force: ${error?.message}`);
      }
    },
    async session(work, startup = {}) {
      const session = await Wire.open(through, startup);
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    },
    async stop() {
      await watch?.close();
      await admin.end();
      await listener.close();
      // An end that waits for the other's seal would try for 15 s to come back.
      const open = () => gateway.edge.api<Page<Session>>("GET", "/v1/sessions?state=open");
      while ((await open()).items.length > 0) await sleep(20);
      await gateway.stop();
      await postgres.stop();
    },
  };
  try {
    await guarded.policies(options.policies);
  } catch (error) {
    await guarded.stop();
    throw error;
  }
  return guarded;
}

/** By it one sees which set is in force, in a database of its own: the words of a refusal tell it. */
function canaryPolicy(canary: string): string {
  return `@id("canary") @reason("${canary}") forbid(principal, action == Action::"postgres:show", resource)
when { context.database == "${CANARY}" };`;
}

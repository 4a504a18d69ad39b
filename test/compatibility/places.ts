import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page, Session } from "../../protocol/directory.ts";
import { type PostgresGateway, startPostgresGateway } from "../postgres-gateway.ts";
import { program } from "../postgres-server.ts";

/** Where a client connects: to the server itself, or to the gateway's local listener. */
export interface Place {
  name: "direct" | "through";
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface Places {
  gateway: PostgresGateway;
  direct: Place;
  through: Place;
  /**
   * Resolves when every session is over and sealed. Before an edge or a connector is stopped: an end that waits for
   * the other's seal would try for 15 s to come back.
   */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** A server and a gateway before it, with `databases` beside `postgres`. */
export async function startPlaces(databases: string[] = []): Promise<Places> {
  const gateway = await startPostgresGateway({ target: { databases: ["postgres", ...databases] } });
  const { host, port, superuser: user, password } = gateway.postgres;
  const listener = await gateway.listen();
  const direct: Place = { name: "direct", host, port, user, password, database: "postgres" };
  // The listener asks for no password; a client that has one doesn't give it away.
  const through: Place = { ...direct, name: "through", host: listener.host, port: listener.port };
  for (const database of databases) await run("psql", ["-qc", `CREATE DATABASE ${database}`], direct);
  const settled = async () => {
    const open = () => gateway.edge.api<Page<Session>>("GET", "/v1/sessions?state=open");
    while ((await open()).items.length > 0) await sleep(20);
  };
  return {
    gateway,
    direct,
    through,
    settled,
    async stop() {
      await listener.close();
      await settled();
      await gateway.stop();
    },
  };
}

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** What libpq needs to connect to a place; nothing of the user's own settings counts. */
export function environment(place: Place): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    PGHOST: place.host,
    PGPORT: String(place.port),
    PGUSER: place.user,
    PGPASSWORD: place.password,
    PGDATABASE: place.database,
    PSQLRC: "/nonexistent",
    PGTZ: "UTC",
    LC_ALL: "C.UTF-8",
  };
}

/** Runs one of PostgreSQL's programs, or another by its path, against a place. */
export function run(name: string, args: string[], place: Place, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: environment(place), maxBuffer: 256 * 1024 * 1024, timeout: 60_000 };
    const path = name.startsWith("/") ? name : program(name);
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
    // A program that ends before it has read its input.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

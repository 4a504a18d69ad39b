import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { program } from "../postgres-server.ts";

export interface Endpoint {
  host: string;
  port: number;
  user?: string;
  password?: string;
}

/** A psql that runs. */
export interface Psql {
  readonly child: ChildProcessWithoutNullStreams;
  /** Bytes of standard output so far. */
  readonly received: number;
  readonly stderr: string;
  /** Waits for so many bytes of standard output. Rejects when psql ends first. */
  has(bytes: number): Promise<void>;
  readonly done: Promise<PsqlResult>;
}

export interface PsqlResult {
  status: number | null;
  /** Standard output, when it was kept. */
  stdout: string;
  stderr: string;
  bytes: number;
  sha256: string;
  ms: number;
}

/** Above this much output, only its hash is kept. */
const KEEP = 1024 * 1024;

/** Starts psql with these arguments, without its own files and prompts, telling SQLSTATEs. */
export function startPsql(endpoint: Endpoint, ...args: string[]): Psql {
  const child = spawn(
    program("psql"),
    ["--no-psqlrc", "--no-password", "--quiet", "-At", "-v", "VERBOSITY=verbose", ...args],
    {
      env: {
        PATH: process.env.PATH,
        PGHOST: endpoint.host,
        PGPORT: String(endpoint.port),
        PGUSER: endpoint.user ?? "anyone",
        PGDATABASE: "postgres",
        PGCONNECT_TIMEOUT: "30",
        ...(endpoint.password !== undefined && { PGPASSWORD: endpoint.password }),
      },
    },
  );
  child.stdin.on("error", () => {});
  const hash = createHash("sha256");
  const start = performance.now();
  let stdout = "";
  let waiting: { bytes: number; resolve: () => void }[] = [];
  const psql = {
    child,
    received: 0,
    stderr: "",
    async has(bytes: number) {
      const arrived = new Promise<"arrived">((resolve) => {
        if (psql.received >= bytes) resolve("arrived");
        else waiting.push({ bytes, resolve: () => resolve("arrived") });
      });
      const first = await Promise.race([arrived, psql.done]);
      if (first !== "arrived") throw new Error(`psql ended after ${first.bytes} bytes: ${first.stderr}`);
    },
    done: undefined as unknown as Promise<PsqlResult>,
  };
  child.stdout.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    psql.received += chunk.length;
    if (psql.received <= KEEP) stdout += chunk.toString();
    waiting = waiting.filter(({ bytes, resolve }) => psql.received < bytes || void resolve());
  });
  child.stderr.on("data", (chunk: Buffer) => {
    psql.stderr += chunk.toString();
  });
  psql.done = once(child, "close").then(([status]) => ({
    status: status as number | null,
    stdout,
    stderr: psql.stderr,
    bytes: psql.received,
    sha256: hash.digest("hex"),
    ms: performance.now() - start,
  }));
  return psql;
}

/** Runs psql to its end. */
export function psql(endpoint: Endpoint, ...args: string[]): Promise<PsqlResult> {
  const running = startPsql(endpoint, ...args);
  running.child.stdin.end();
  return running.done;
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, program, startPostgres } from "../postgres-server.ts";
import type { Destination } from "./path.ts";
import { runProgram } from "./programs.ts";

export const DATABASE = "bench";

/** An address at which PostgreSQL's protocol is spoken. */
export interface Address {
  host: string;
  port: number;
}

/** The server that all paths lead to. */
export interface Database extends Destination {
  user: string;
  password: string;
  /** A temporary folder for logs and data of the runs. */
  scratch: string;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL and fills pgbench's tables. */
export async function startDatabase(scale: number): Promise<Database> {
  const server: PostgresServer = await startPostgres({
    settings: { max_connections: "500", shared_buffers: "512MB", autovacuum: "off", max_wal_size: "4GB" },
  });
  const scratch = await mkdtemp(join(tmpdir(), "sallyport-bench-"));
  const { host, port, superuser: user, password } = server;
  const database: Database = {
    host,
    port,
    user,
    password,
    target: {
      kind: "postgres",
      connection: {
        ...{ host, port, user },
        databases: [DATABASE],
        password: { env: "SALLYPORT_BENCH_PASSWORD" },
        tls: { mode: "disable" },
      },
    },
    secrets: { SALLYPORT_BENCH_PASSWORD: password },
    scratch,
    async stop() {
      await server.stop();
      await rm(scratch, { recursive: true, force: true });
    },
  };
  const env = clientEnvironment(database, database);
  await sql(database, "postgres", `CREATE DATABASE ${DATABASE}`);
  await runProgram(program("pgbench"), ["-i", "-q", "-s", String(scale), "--unlogged-tables"], { env });
  return database;
}

/** Runs one statement over a direct connection. */
export async function sql(database: Database, name: string, statement: string): Promise<string> {
  const env = { ...clientEnvironment(database, database), PGDATABASE: name };
  return await runProgram(program("psql"), ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement], { env });
}

/** Environment of libpq's programs: the path's address, the database's user. TLS is off on every path. */
export function clientEnvironment(database: Database, at: Address): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    PGHOST: at.host,
    PGPORT: String(at.port),
    PGUSER: database.user,
    PGPASSWORD: database.password,
    PGDATABASE: DATABASE,
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
    PGCONNECT_TIMEOUT: "20",
  };
}

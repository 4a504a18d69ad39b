import { rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { PostgresTargetConfig } from "../../connector/config.ts";
import { targetIn } from "../postgres-gateway.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { ensurePackages } from "../system-packages.ts";
import { type Canary, WORLDS, type World } from "./canaries.ts";
import { CLERK, LABELS, rowsOf, SCHEMA } from "./fixture.ts";

export const databaseOf = (world: World) => `shop_${world}`;

/** A server with both worlds. */
export interface Worlds {
  postgres: PostgresServer;
  /** By world: a superuser's connection to its database. */
  admins: Record<World, pg.Client>;
  canaries: Record<World, Canary[]>;
  /** The last object id that the fixture has. */
  lastOid: number;
  /** Object ids of functions by their signature, and of relations by their name. */
  oid(signature: string): number;
  /** Makes both databases anew, as they were at first. Nobody may be connected. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorlds(): Promise<Worlds> {
  ensurePackages(["postgresql", "postgresql-client"]);
  const settings = { autovacuum: "off", shared_preload_libraries: "pg_stat_statements", jit: "off" };
  const postgres = await startPostgres({ settings });
  const { host, port, superuser: user, password } = postgres;
  const connect = async (database: string) => {
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    return client;
  };
  const admin = await connect("postgres");
  await admin.query(`CREATE ROLE ${CLERK} NOLOGIN`);
  await admin.query("CREATE DATABASE bare");
  const bare = await connect("bare");
  await bare.query(SCHEMA);
  const { rows: oids } = await bare.query<{ signature: string; oid: number; last: number }>(
    `SELECT oid::regprocedure::text AS signature, oid::int, (SELECT greatest((SELECT max(oid)::int FROM pg_class), (SELECT max(oid)::int FROM pg_type), (SELECT max(oid)::int FROM pg_proc))) AS last FROM pg_proc
      UNION ALL SELECT relname, oid::int, 0 FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
  );
  await bare.end();
  const canaries = {} as Worlds["canaries"];
  for (const world of WORLDS) {
    await admin.query(`CREATE DATABASE pristine_${world} TEMPLATE bare`);
    const client = await connect(`pristine_${world}`);
    const rows = rowsOf(world);
    canaries[world] = rows.canaries;
    await client.query(rows.sql);
    await client.query(`
      CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '${host}', port '${port}', dbname '${databaseOf(world)}');
      CREATE USER MAPPING FOR ${user} SERVER loopback OPTIONS (user '${user}', password '${password}');`);
    await client.end();
  }
  const bySignature = new Map(oids.map(({ signature, oid }) => [signature, oid]));
  const worlds: Worlds = {
    postgres,
    admins: {} as Worlds["admins"],
    canaries,
    lastOid: oids[0]!.last,
    oid(signature) {
      const oid = bySignature.get(signature);
      if (oid === undefined) throw new Error(`there is no ${signature}`);
      return oid;
    },
    async reset() {
      for (const world of WORLDS) {
        await worlds.admins[world]?.end();
        const name = databaseOf(world);
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await admin.query(`CREATE DATABASE ${name} TEMPLATE pristine_${world} STRATEGY file_copy`);
        worlds.admins[world] = await connect(name);
      }
    },
    async stop() {
      for (const world of WORLDS) await worlds.admins[world]?.end();
      await admin.end();
      await postgres.stop();
    },
  };
  await worlds.reset();
  return worlds;
}

/** The target's settings, as the connector reads them from the file. */
export function targetOf({ postgres }: Worlds, masks: string): PostgresTargetConfig {
  const { host, port, superuser } = postgres;
  const text = `
connector: {name: main}
targets:
  - name: orders
    kind: postgres
    connector: main
    connection:
      host: ${host}
      port: ${port}
      databases: [${WORLDS.map(databaseOf).join(", ")}]
      user: ${superuser}
      password: {env: SALLYPORT_TEST_PASSWORD}
      tls: {mode: disable}
      trustedFunctions: [public.initials, public.touch]
${LABELS}${masks}`;
  return targetIn(text);
}

/** Where the server writes files that an attack asks for. */
export function fileOf({ postgres }: Worlds, world: World): string {
  return join(postgres.directory, `written_by_${world}`);
}

export async function removeFiles(worlds: Worlds): Promise<void> {
  for (const world of WORLDS) await rm(fileOf(worlds, world), { force: true });
}

import pg from "pg";
import type { PostgresTargetConfig } from "../../connector/config.ts";
import type { Place as Spot } from "../compatibility/conversation.ts";
import type { Place } from "../compatibility/places.ts";
import { type PostgresGateway, startPostgresGateway, TARGET, targetIn } from "../postgres-gateway.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { FIXTURE, MASKED, SETTINGS } from "./fixture.ts";

/** The role of agents: it owns what is in the databases, and nothing beyond. */
export const ROLE = "app";
/** Statements here touch nothing labelled: the database is the same on both servers. */
export const PLAIN = "shop";
/** The twin's labelled columns hold their masks. */
export const LABELLED = "shop_masked";

/** Agents may do everything but see what is labelled. */
const POLICIES = `permit (principal, action, resource);
forbid (principal, action == Action::"unmask", resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
`;

/** A gateway with labels before one server, and a second server, made alike, that is asked directly. */
export interface Twins {
  gateway: PostgresGateway;
  /** The labelled server itself, as its superuser. */
  labelled: pg.ClientConfig;
  /** The twin, as its superuser. */
  twin: pg.ClientConfig;
  direct: Place;
  through: Place;
  stop(): Promise<void>;
}

/** The two have made the same objects in the same order, so that these have the same object ids. */
export async function startTwins(): Promise<Twins> {
  const [labelled, twin] = await Promise.all([server(), server()]);
  const stopServers = () => Promise.all([labelled.stop(), twin.stop()]);
  try {
    await Promise.all([prepare(labelled, FIXTURE), prepare(twin, FIXTURE + MASKED)]);
    return await gatewayBefore(labelled, twin, stopServers);
  } catch (error) {
    await stopServers();
    throw error;
  }
}

async function gatewayBefore(
  labelled: PostgresServer,
  twin: PostgresServer,
  stopServers: () => Promise<unknown>,
): Promise<Twins> {
  const gateway = await startPostgresGateway({
    postgres: labelled,
    target: target(labelled),
    policies: POLICIES,
  });
  const listener = await gateway.listen();
  const { host, port, password } = twin;
  const direct: Place = { name: "direct", host, port, user: ROLE, password, database: PLAIN };
  const through: Place = { ...direct, name: "through", host: listener.host, port: listener.port };
  return {
    gateway,
    labelled: superuser(labelled, PLAIN),
    twin: superuser(twin, PLAIN),
    direct,
    through,
    async stop() {
      await listener.close();
      await gateway.stop();
      await stopServers();
    },
  };
}

/** What a client of the bare protocol needs to connect to a place. */
export function spot({ gateway }: Twins, place: Place): Spot {
  const login = { target: gateway.target, password: place.password };
  return { host: place.host, port: place.port, login: place.name === "direct" ? login : null };
}

/** Nothing happens in the background that would change what statistics say. */
function server(): Promise<PostgresServer> {
  return startPostgres({
    settings: { autovacuum: "off", timezone: "UTC", max_parallel_workers_per_gather: "0" },
  });
}

async function prepare(server: PostgresServer, masked: string): Promise<void> {
  const { password } = server;
  await asSuperuser(server, "postgres", [
    `CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`,
    `CREATE ROLE reader`,
    `ALTER ROLE reader SET work_mem = '8MB'`,
    `GRANT pg_read_all_stats TO ${ROLE}`,
    `CREATE DATABASE ${PLAIN} OWNER ${ROLE}`,
    `CREATE DATABASE ${LABELLED} OWNER ${ROLE}`,
  ]);
  for (const [database, fixture] of [
    [PLAIN, FIXTURE],
    [LABELLED, masked],
  ] as const) {
    await asSuperuser(server, database, [
      `ALTER SCHEMA public OWNER TO ${ROLE}`,
      `CREATE EXTENSION pgcrypto`,
      `SET ROLE ${ROLE}`,
      fixture,
      `GRANT SELECT ON products, orders TO reader`,
      `ANALYZE`,
    ]);
  }
}

async function asSuperuser(server: PostgresServer, database: string, statements: string[]): Promise<void> {
  const client = new pg.Client(superuser(server, database));
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function superuser({ host, port, superuser, password }: PostgresServer, database: string): pg.ClientConfig {
  return { host, port, user: superuser, password, database };
}

function target({ host, port }: PostgresServer): PostgresTargetConfig {
  const text = `
connector: { name: main }
targets:
  - name: ${TARGET}
    kind: postgres
    connector: main
    connection:
      host: ${host}
      port: ${port}
      databases: [${PLAIN}, ${LABELLED}]
      user: ${ROLE}
      password: { env: SALLYPORT_TEST_PASSWORD }
      tls: { mode: disable }
${SETTINGS}`;
  return targetIn(text);
}

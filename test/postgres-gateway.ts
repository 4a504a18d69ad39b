import { join } from "node:path";
import { type Listener, listen } from "../client/listener.ts";
import type { EdgeOptions } from "../client/local-edge/host.ts";
import {
  type ConnectorConfig,
  type PostgresTargetConfig,
  parseConnectorConfig,
} from "../connector/config.ts";
import { startConnector, type Told } from "../connector/main.ts";
import { DEFAULT_DETECTORS } from "../connector/mask/detectors/modes.ts";
import { NO_LABELS } from "../connector/mask/settings.ts";
import type { Uplink } from "../connector/uplink.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { startTestEdge, type TestEdge, testTarget } from "./gateway.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

export const TARGET = "orders";

/** The whole path in one process, but for workerd and PostgreSQL: client, edge, connector, server. */
export interface PostgresGateway {
  postgres: PostgresServer;
  edge: TestEdge;
  connector: Uplink;
  config: ConnectorConfig;
  target: PostgresTargetConfig;
  token: string;
  /** A local listener whose connections go through; `edge` may be a proxy before the edge. */
  listen(edge?: URL): Promise<Listener>;
  /** A new process of the connector, as it were. */
  restartConnector(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresGatewayOptions {
  edge?: Partial<EdgeOptions>;
  /** A server that runs already; else one is started, and stopped at the end. */
  postgres?: PostgresServer;
  target?: Partial<PostgresTargetConfig>;
  /** In force at the start; else everything passes. */
  policies?: string;
  log?: (message: string) => void;
  /** Whom the connector tells what sessions do. */
  told?: Told;
}

export async function startPostgresGateway(options: PostgresGatewayOptions = {}): Promise<PostgresGateway> {
  const postgres = options.postgres ?? (await startPostgres());
  const edge = await startTestEdge(options.edge);
  await edge.apply({
    targets: [testTarget(TARGET)],
    ...(options.policies !== undefined && { policies: options.policies }),
  });
  await edge.enroll("main");
  process.env.SALLYPORT_TEST_PASSWORD = postgres.password;
  const target: PostgresTargetConfig = {
    name: TARGET,
    kind: "postgres",
    host: postgres.host,
    port: postgres.port,
    databases: ["postgres"],
    user: postgres.superuser,
    password: { env: "SALLYPORT_TEST_PASSWORD" },
    tls: { mode: "disable" },
    channelBinding: "prefer",
    trustedFunctions: [],
    labels: NO_LABELS,
    maskKey: null,
    detectors: DEFAULT_DETECTORS,
    ...options.target,
  };
  const config: ConnectorConfig = {
    name: "main",
    edge: edge.edge.url,
    state: join(edge.state, "connector-main"),
    targets: [target],
  };
  const listeners: Listener[] = [];
  const gateway: PostgresGateway = {
    postgres,
    edge,
    connector: startConnector(config, edge.edge.url, options.log ?? (() => {}), options.told),
    config,
    target,
    token: await edge.serviceToken("agent"),
    async listen(through = edge.edge.url) {
      const open = () => openTunnel({ edge: through, target: TARGET, token: gateway.token });
      const listener = await listen({ host: "127.0.0.1", port: 0, open });
      listeners.push(listener);
      return listener;
    },
    async restartConnector() {
      gateway.connector.stop();
      gateway.connector = startConnector(config, edge.edge.url, options.log ?? (() => {}), options.told);
      await gateway.connector.online;
    },
    async stop() {
      await Promise.all(listeners.map((listener) => listener.close()));
      gateway.connector.stop();
      await edge.stop();
      if (!options.postgres) await postgres.stop();
    },
  };
  await gateway.connector.online;
  return gateway;
}

/** The one target in the text of a connector's file. */
export function targetIn(text: string): PostgresTargetConfig {
  const [target] = parseConnectorConfig(text, "sallyport.yaml").targets;
  if (target?.kind !== "postgres") throw new Error("the file's first target is no database");
  return target;
}

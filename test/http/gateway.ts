import { join } from "node:path";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import type { ConnectorConfig, TargetConfig } from "../../connector/config.ts";
import { startConnector, type Told } from "../../connector/main.ts";
import type { Uplink } from "../../connector/uplink.ts";
import type { ExchangeKind } from "../../protocol/control.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { startTestEdge, type TestEdge } from "../gateway.ts";

/** The whole path but for the client and the target: edge and connector, and where the target is at the edge. */
export interface HttpGateway {
  edge: TestEdge;
  connector: Uplink;
  token: string;
  /** The target's address at the edge, without a slash at its end. */
  url: string;
  /** As `fetch`, with the agent's token, of a path of the target's. */
  fetch(path: string, init?: RequestInit & { duplex?: "half" }): Promise<Response>;
  /** Puts policies in force. */
  apply(policies: string): Promise<void>;
  /** The sessions that the edge knows, the latest first. */
  sessions(): Promise<{ id: string; endCode: string | null }[]>;
  /** The entries of a session's recording, the latest session's by default. */
  recording(session?: string): Promise<RecordedEntry[]>;
  restartConnector(): Promise<void>;
  stop(): Promise<void>;
}

export interface HttpGatewayOptions {
  target: Extract<TargetConfig, { kind: ExchangeKind }>;
  edge?: Partial<EdgeOptions>;
  /** In force at the start; else everything passes. */
  policies?: string;
  log?: (message: string) => void;
  /** Whom the connector tells what sessions do. */
  told?: Told;
}

export async function startHttpGateway({ target, ...options }: HttpGatewayOptions): Promise<HttpGateway> {
  const edge = await startTestEdge(options.edge);
  const targets = [
    { name: target.name, kind: target.kind, connector: "main", description: "", allow: ["service/*"] },
  ];
  await edge.apply({ targets, ...(options.policies !== undefined && { policies: options.policies }) });
  await edge.enroll("main");
  const config: ConnectorConfig = {
    name: "main",
    edge: edge.edge.url,
    state: join(edge.state, "connector-main"),
    targets: [target],
  };
  const log = options.log ?? (process.env.CONNECTOR_LOG ? (line: string) => console.error(line) : () => {});
  const url = new URL(`/t/${target.name}`, edge.edge.url).href;
  const gateway: HttpGateway = {
    edge,
    connector: startConnector(config, edge.edge.url, log, options.told),
    token: await edge.serviceToken("agent"),
    url,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has("authorization")) headers.set("authorization", `Bearer ${gateway.token}`);
      return fetch(url + path, { redirect: "manual", ...init, headers });
    },
    async apply(policies) {
      await edge.apply({ targets, policies });
    },
    sessions: () => edge.sessions(),
    recording: (session) => edge.recording(session),
    async restartConnector() {
      gateway.connector.stop();
      gateway.connector = startConnector(config, edge.edge.url, log, options.told);
      await gateway.connector.online;
    },
    async stop() {
      gateway.connector.stop();
      await edge.stop();
    },
  };
  await gateway.connector.online;
  return gateway;
}

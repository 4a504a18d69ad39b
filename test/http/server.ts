import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DEFAULT_LIMITS, type HttpTargetConfig } from "../../connector/http/target/config.ts";
import { DEFAULT_DETECTORS } from "../../connector/mask/detectors/modes.ts";
import { NO_DOCUMENT_LABELS } from "../../connector/mask/document-labels.ts";

/** A service of a test's own, on a free port. */
export interface TestServer {
  server: Server;
  port: number;
  /** What the connector's file would say of it. */
  target: HttpTargetConfig;
  stop(): Promise<void>;
}

export async function startServer(listener: RequestListener, name = "shop"): Promise<TestServer> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const target: HttpTargetConfig = {
    name,
    kind: "http",
    host: "127.0.0.1",
    port,
    basePath: "",
    tls: { mode: "disable" },
    limits: DEFAULT_LIMITS,
    credential: { type: "none" },
    encodedSlashes: false,
    labels: NO_DOCUMENT_LABELS,
    maskKey: null,
    detectors: DEFAULT_DETECTORS,
  };
  return {
    server,
    port,
    target,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

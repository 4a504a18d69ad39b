import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import { parseConnectorConfig } from "../../connector/config.ts";
import type { KubernetesTargetConfig } from "../../connector/kubernetes/target/config.ts";
import { createAuthority } from "../certificates.ts";
import { type HttpGateway, type HttpGatewayOptions, startHttpGateway } from "../http/gateway.ts";
import { type Cluster, type Output, type RunOptions, startCluster } from "./cluster/cluster.ts";

export const TARGET = "cluster";
/** As whom the test's agent acts in the cluster: an administrator of its own. */
export const USER = "agent-in-cluster";

/** The whole path of kubectl: edge behind TLS, connector, API server. */
export interface KubernetesGateway extends HttpGateway {
  cluster: Cluster;
  /** A kubeconfig whose server is the edge. */
  kubeconfig: string;
  kubectl(args: string[], options?: RunOptions): Promise<Output>;
}

export interface KubernetesGatewayOptions extends Omit<HttpGatewayOptions, "target"> {
  target?: Partial<KubernetesTargetConfig>;
  cluster?: Cluster;
}

export async function startKubernetesGateway(
  options: KubernetesGatewayOptions = {},
): Promise<KubernetesGateway> {
  const { target, cluster: given, ...rest } = options;
  const cluster = given ?? (await startCluster());
  await cluster.api("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    metadata: { name: USER },
    subjects: [{ kind: "User", name: USER, apiGroup: "rbac.authorization.k8s.io" }],
    roleRef: { kind: "ClusterRole", name: "cluster-admin", apiGroup: "rbac.authorization.k8s.io" },
  });
  const gateway = await startHttpGateway({
    ...rest,
    target: { ...configured(cluster), ...target },
  });
  const edge = new URL(gateway.edge.edge.url);
  const tls = await startTls(Number(edge.port));
  const kubeconfig = await cluster.kubeconfig({
    server: `https://127.0.0.1:${tls.port}/t/${TARGET}`,
    caFile: tls.caFile,
    token: gateway.token,
  });
  return {
    ...gateway,
    cluster,
    kubeconfig,
    kubectl: (args, run = {}) => cluster.kubectl(args, { kubeconfig, ...run }),
    async stop() {
      await gateway.stop();
      tls.stop();
      if (!given) await cluster.stop();
    },
  };
}

/** As the connector's file would have it. */
function configured(cluster: Cluster): KubernetesTargetConfig {
  const text = JSON.stringify({
    connector: { name: "main", edge: "http://127.0.0.1" },
    targets: [
      {
        name: TARGET,
        kind: "kubernetes",
        connector: "main",
        connection: {
          server: cluster.url,
          ca: cluster.caFile,
          token: { file: cluster.connectorTokenFile },
          impersonate: { users: [{ principal: "service/agent", as: USER }] },
        },
      },
    ],
  });
  const [target] = parseConnectorConfig(text, "sallyport.yaml").targets;
  return target as KubernetesTargetConfig;
}

/** TLS before the edge, without which kubectl sends no credential. */
async function startTls(to: number): Promise<{ port: number; caFile: string; stop(): void }> {
  const authority = createAuthority("Edge test CA");
  const { certificate, key } = authority.issue({ name: "127.0.0.1", alternatives: ["IP:127.0.0.1"] });
  const sockets = new Set<Socket>();
  const server: Server = createServer(
    { cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ["http/1.1"] },
    (socket) => {
      const plain = connect(to, "127.0.0.1");
      for (const [one, other] of [
        [socket, plain],
        [plain, socket],
      ] as const) {
        sockets.add(one);
        one.on("error", () => other.destroy());
        one.pipe(other);
      }
      plain.on("close", () => {
        sockets.delete(plain);
        socket.destroy();
      });
      // As a proxy's: of an end alone workerd could not tell that nobody waits for the answer any more.
      socket.on("close", () => {
        sockets.delete(socket);
        plain.resetAndDestroy();
      });
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    caFile: authority.certificate,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      authority.remove();
    },
  };
}

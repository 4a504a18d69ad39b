import { readFileSync } from "node:fs";
import { type Cluster, clusterUnavailable, startCluster } from "../../kubernetes/cluster/cluster.ts";
import { ALL_BUT_UNMASK, type Origin } from "../http/host.ts";
import { Skipped } from "../skipped.ts";

/** As whom the product acts for the bench: an administrator of the cluster. */
const USER = "bench";
export const NAMESPACE = "bench";
/** A pod whose container has a shell. */
export const POD = "shell";
/** What watches see change. */
export const CHANGING = "changing";
const PODS = 1_000;
/** Bytes of each pod's JSON that are its annotation; the API server adds about 3 KB, of which most are managed fields. */
const NOTE = 2_800;
const AT_ONCE = 8;

/** The cluster that all paths lead to. */
export interface BenchCluster extends Origin {
  api: Cluster["api"];
}

/** Starts a cluster with a list of about 5 MB of pods. Throws `Skipped` where there can be none. */
export async function startBenchCluster(): Promise<BenchCluster> {
  const why = clusterUnavailable();
  if (why !== false) throw new Skipped(why);
  const cluster = await startCluster();
  try {
    await fill(cluster);
    const { port, caFile, adminToken, stop } = cluster;
    return {
      ...{ host: "127.0.0.1", port, stop, token: adminToken },
      ca: readFileSync(caFile, "utf8"),
      target: {
        kind: "kubernetes",
        connection: {
          server: cluster.url,
          ca: caFile,
          token: { file: cluster.connectorTokenFile },
          impersonate: { users: [{ principal: "bootstrap", as: USER }] },
        },
      },
      policies: ALL_BUT_UNMASK,
      secrets: {},
      api: cluster.api,
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function fill(cluster: Cluster): Promise<void> {
  const create = async (path: string, object: object) => {
    const { status, body } = await cluster.api("POST", path, object);
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
  };
  await create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    metadata: { name: USER },
    subjects: [{ kind: "User", name: USER, apiGroup: "rbac.authorization.k8s.io" }],
    roleRef: { kind: "ClusterRole", name: "cluster-admin", apiGroup: "rbac.authorization.k8s.io" },
  });
  await create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  const inNamespace = `/api/v1/namespaces/${NAMESPACE}`;
  await create("/api/v1/namespaces/default/configmaps", { metadata: { name: CHANGING }, data: { at: "0" } });
  await create("/api/v1/namespaces/default/pods", pod(POD, { nodeName: "node-1" }));
  const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`);
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop())
        await create(`${inNamespace}/pods`, pod(name, {}));
    }),
  );
  await running(cluster);
}

/** Without a node nothing runs it: it is a document in a list. */
function pod(name: string, spec: object): object {
  const env = Array.from({ length: 8 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `${name}-${index}`,
  }));
  return {
    metadata: {
      name,
      labels: { app: "bench", part: name },
      annotations: { note: `${name} `.repeat(NOTE / (name.length + 1)) },
    },
    spec: { ...spec, containers: [{ name: "main", image: "registry.test/app:1", env }] },
  };
}

async function running({ api }: Cluster): Promise<void> {
  const path = `/api/v1/namespaces/default/pods/${POD}`;
  for (;;) {
    const { body } = await api("GET", path);
    if (body.status?.phase === "Running") return;
  }
}

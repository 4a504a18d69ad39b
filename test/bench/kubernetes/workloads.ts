import { runList } from "../http/bodies.ts";
import { runRequests } from "../http/requests.ts";
import type { Options } from "../options.ts";
import type { Workload } from "../workloads.ts";
import { type BenchCluster, CHANGING, NAMESPACE } from "./cluster.ts";
import { runKeys } from "./keys.ts";
import { runWatch } from "./watch.ts";

/** What was asked for of Kubernetes. */
export function kubernetesWorkloads(cluster: BenchCluster, { only, clients, seconds }: Options): Workload[] {
  const wanted: Workload[] = [];
  const time = { clients: 1, unit: "ms", better: "less" } as const;
  if (only.includes("kubernetes-request")) {
    const path = `/api/v1/namespaces/default/configmaps/${CHANGING}`;
    for (const count of clients) {
      wanted.push({
        workload: "GET, a ConfigMap",
        clients: count,
        unit: "requests/s",
        better: "more",
        run: (at) => runRequests(cluster, at, { path, clients: count, seconds }),
      });
    }
  }
  if (only.includes("kubernetes-list")) {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
    wanted.push({ ...time, workload: "list of 1,000 pods", run: (at) => runList(cluster, at, path) });
  }
  if (only.includes("kubernetes-watch")) {
    wanted.push({ ...time, workload: "change to watch event", run: (at) => runWatch(cluster, at, seconds) });
  }
  if (only.includes("kubernetes-exec")) {
    wanted.push({
      ...time,
      workload: "a key at a terminal of exec",
      run: (at) => runKeys(cluster, at, seconds),
    });
  }
  return wanted;
}

import type { Options } from "../options.ts";
import type { Workload } from "../workloads.ts";
import { runDownload, runList, runUpload } from "./bodies.ts";
import { LABELLED, type Service } from "./host.ts";
import { runRequests } from "./requests.ts";

/** What was asked for of a service that has labels and detectors. */
export function httpWorkloads(service: Service, { only, clients, seconds }: Options): Workload[] {
  const wanted: Workload[] = [];
  if (only.includes("http-request")) {
    for (const count of clients) {
      wanted.push({
        workload: "GET, small JSON",
        clients: count,
        unit: "requests/s",
        better: "more",
        run: (at) => runRequests(service, at, { path: "/item", clients: count, seconds }),
      });
    }
  }
  const list = { clients: 1, unit: "ms", better: "less" } as const;
  if (only.includes("http-list")) {
    wanted.push(
      { ...list, workload: "5 MB of JSON, detectors", run: (at) => runList(service, at, "/list") },
      { ...list, workload: "5 MB of JSON, labels", run: (at) => runList(service, at, `${LABELLED}/list`) },
    );
  }
  return wanted;
}

/** What was asked for of one into whose responses nobody looks. */
export function untouchedWorkloads(service: Service, { only }: Options): Workload[] {
  const wanted: Workload[] = [];
  if (only.includes("http-list")) {
    wanted.push({
      workload: "5 MB of JSON, untouched",
      clients: 1,
      unit: "ms",
      better: "less",
      run: (at) => runList(service, at, "/list"),
    });
  }
  if (only.includes("http-file")) {
    const file = { clients: 1, unit: "MB/s", better: "more" } as const;
    const size = `${service.megabytes} MB`;
    wanted.push(
      { ...file, workload: `${size} by GET`, run: (at) => runDownload(service, at) },
      { ...file, workload: `${size} by PUT`, run: (at) => runUpload(service, at) },
    );
  }
  return wanted;
}

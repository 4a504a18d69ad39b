import type { Options, WorkloadName } from "../options.ts";
import type { Workload } from "../workloads.ts";
import { COPIES, runCopy } from "./copies.ts";
import { runEcho } from "./echo.ts";
import { runNewConnections, runOnOneConnection } from "./exec.ts";
import type { Host } from "./host.ts";

/** Copies by the part of the bench that they belong to. */
const PARTS = [
  ["ssh-scp", COPIES.scp],
  ["ssh-sftp", COPIES.sftp],
  ["ssh-pipe", COPIES.pipe],
] as const satisfies [WorkloadName, (typeof COPIES)[keyof typeof COPIES]][];

/** What was asked for of SSH. */
export function sshWorkloads(host: Host, { only, seconds }: Options): Workload[] {
  const wanted: Workload[] = [];
  const time = { clients: 1, unit: "ms", better: "less" } as const;
  if (only.includes("ssh-exec")) {
    wanted.push(
      { ...time, workload: "ssh true", run: (at) => runNewConnections(host, at, seconds) },
      {
        ...time,
        workload: "exec true, on one connection",
        run: (at) => runOnOneConnection(host, at, seconds),
      },
    );
  }
  if (only.includes("ssh-echo")) {
    wanted.push({ ...time, workload: "a key at a terminal", run: (at) => runEcho(host, at, seconds) });
  }
  const size = `${Math.round(host.bytes / 1e6)} MB`;
  for (const [part, copies] of PARTS) {
    if (!only.includes(part)) continue;
    for (const [name, copy] of Object.entries(copies)) {
      wanted.push({
        workload: `${size} by ${name}`,
        clients: 1,
        unit: "MB/s",
        better: "more",
        run: (at) => runCopy(host, at, copy),
      });
    }
  }
  return wanted;
}

import { AsyncLocalStorage } from "node:async_hooks";
import { type ChildProcess, execFileSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Marks everything that one edge's Miniflare does, also later from its own callbacks. */
const owner = new AsyncLocalStorage<symbol>();

/**
 * Learns which process is the workerd of the Miniflare that `start` makes, across its restarts; Miniflare itself
 * does not tell. Node announces each child on the `child_process` diagnostics channel.
 */
export function watchWorkerd(start: () => void): { pid(): number | undefined; forget(): void } {
  const mark = Symbol("edge");
  let current: ChildProcess | undefined;
  const onChild = (message: unknown) => {
    if (owner.getStore() === mark) current = (message as { process: ChildProcess }).process;
  };
  subscribe("child_process", onChild);
  owner.run(mark, start);
  return {
    pid: () => (current?.exitCode === null && current.signalCode === null ? current.pid : undefined),
    forget: () => unsubscribe("child_process", onChild),
  };
}

/**
 * Ends the workerd that an edge left behind when it was killed with SIGKILL: it would keep the port and write to
 * the same storage. Called with the state folder locked, so no living edge owns it.
 */
export async function endOrphan(state: string, pid: number | undefined): Promise<void> {
  if (pid === undefined || !isOurWorkerd(pid, state)) return;
  process.kill(pid, "SIGKILL");
  while (isOurWorkerd(pid, state)) await sleep(5);
}

/** A process id may have been given to another process since; this one has our storage open. */
function isOurWorkerd(pid: number, state: string): boolean {
  try {
    if (process.platform === "linux") {
      const descriptors = `/proc/${pid}/fd`;
      return readdirSync(descriptors).some((name) => {
        try {
          return readlinkSync(join(descriptors, name)).startsWith(state);
        } catch {
          return false;
        }
      });
    }
    const command = execFileSync("ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8" });
    return basename(command.trim()) === "workerd";
  } catch {
    return false;
  }
}

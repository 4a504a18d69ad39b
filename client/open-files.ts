import { readIfPresent } from "./private-file.ts";

/** File descriptors that workerd uses for a session: its sockets, and its own database unless sessions share. */
const PER_SESSION = { shared: 3, own: 7 };
/** What workerd needs besides. */
const BASE = 200;

/** How many sessions a limit of open files carries. workerd ends itself when it runs out of them. */
export function sessionsWithin(limit: number, shards: number): number {
  return Math.max(0, Math.floor((limit - BASE) / (shards > 0 ? PER_SESSION.shared : PER_SESSION.own)));
}

/** This process's limit of open files, which workerd inherits (Node raises it as far as it may); Linux only. */
export function openFilesLimit(): number | undefined {
  const limits = process.platform === "linux" ? readIfPresent("/proc/self/limits") : undefined;
  const soft = limits?.match(/^Max open files\s+(\d+)/m)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

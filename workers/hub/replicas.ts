import { PING_EVERY_MS } from "../../protocol/control.ts";

/** A connector process on its control socket, as far as choosing among them needs. */
export interface Replica {
  /** The connector's name. */
  connector: string;
  instance: string;
  key: string;
  /** Targets it serves; null when there were too many to remember: then it is taken to serve all. */
  targets: string[] | null;
  /** Sessions it has now, by its own word, and those given to it since. */
  sessions: number;
  /** Sessions where it waits for an agent. */
  spares: string[];
  since: number;
  /** The key that its SSH targets show, once the directory has it. */
  hostKey: string | null;
  /** Revision of the latest policies that went to it on this socket. */
  told: number;
  /** Of those, the latest by which it judges, by its own word; 0 for none yet. */
  taken: number;
  /** When its last ping came, ms since 1970. */
  seen: number;
}

/** A replica that has missed two pings gets no new session; its host may be off without a word. */
const SILENT_MS = 2 * PING_EVERY_MS + 5_000;

export function isLive(replica: Replica, now: number): boolean {
  return now - replica.seen <= SILENT_MS;
}

/** Who takes a new session for a target: of the live ones that serve it, one with the fewest sessions. */
export function choose(
  replicas: Replica[],
  target: string,
  now: number,
  random: () => number,
): Replica | undefined {
  const able = replicas.filter((one) => isLive(one, now) && (one.targets?.includes(target) ?? true));
  const fewest = Math.min(...able.map((one) => one.sessions));
  const equal = able.filter((one) => one.sessions === fewest);
  return equal[Math.floor(random() * equal.length)];
}

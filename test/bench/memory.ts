import { readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { DATABASE, type Database } from "./database.ts";
import type { Path } from "./path.ts";
import { Skipped } from "./skipped.ts";

const MB = 1e6;
/** How many sessions are opened at a time: opening is not what is measured here. */
const AT_ONCE = 8;
/** The slow reader: this many bytes each second, for this long; then it takes what comes. */
const SLOW_BYTES = 1e6;
const SLOW_MS = 15_000;
const SLICE_MS = 50;

/** MB of memory, by process of the path. */
export type Memory = Record<string, number>;

/** Opens `sessions`, lets them rest for `rest` seconds, and says what each added to every process. */
export async function idleSessions(
  database: Database,
  path: Path,
  { sessions, rest }: { sessions: number; rest: number },
): Promise<Memory> {
  needProc();
  const first = await open(database, path);
  await first.client.query("SELECT 1");
  const before = resident(path);
  const opened = [first];
  while (opened.length <= sessions) {
    const count = Math.min(AT_ONCE, sessions + 1 - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: count }, () => open(database, path)))));
  }
  await Promise.all(opened.map(({ client }) => client.query("SELECT 1")));
  await sleep(rest * 1_000);
  const after = resident(path);
  await Promise.all(opened.map(({ client }) => client.query("SELECT 1")));
  await Promise.all(opened.map(({ client }) => client.end()));
  return mapped(after, (bytes, name) => (bytes - before[name]!) / sessions / MB);
}

/**
 * COPY of `megabytes` to a client that reads 1 MB each second for 15 s, then as fast as it can: the highest
 * memory of every process, and what it had before. Linux only.
 */
export async function slowReader(database: Database, path: Path, megabytes: number): Promise<Memory> {
  needProc();
  needProc();
  const { client, socket } = await open(database, path);
  const before = resident(path);
  resetPeaks(path);
  const throttle = new Throttle(socket);
  const size = megabytes * 1_000;
  await client.query(`COPY (SELECT repeat('x', 999) FROM generate_series(1, ${size})) TO STDOUT`);
  throttle.stop();
  if (throttle.received < size * 1_000) throw new Error(`only ${throttle.received} bytes of the COPY came`);
  const peaks = mapped(path.processes, (pid) => statusBytes(pid, "VmHWM") / MB);
  await client.end();
  return Object.fromEntries(
    Object.entries(peaks).flatMap(([name, peak]) => [
      [name, peak],
      [`${name}, before`, before[name]! / MB],
    ]),
  );
}

/** Pauses a socket whenever it is ahead of the slow reader's pace. */
class Throttle {
  received = 0;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  readonly #started = performance.now();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.length;
      if (this.#ahead()) socket.pause();
    });
    this.#timer = setInterval(() => {
      if (!this.#ahead()) socket.resume();
    }, SLICE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.resume();
  }

  #ahead(): boolean {
    const elapsed = performance.now() - this.#started;
    return elapsed < SLOW_MS && this.received > (elapsed / 1_000) * SLOW_BYTES;
  }
}

async function open(database: Database, path: Path): Promise<{ client: Client; socket: Socket }> {
  const socket = new Socket();
  const client = new Client({
    host: path.host,
    port: path.port,
    user: database.user,
    password: database.password,
    database: DATABASE,
    stream: () => socket,
  });
  await client.connect();
  return { client, socket };
}

function resident(path: Path): Memory {
  return mapped(path.processes, (pid) => statusBytes(pid, "VmRSS"));
}

/** Linux keeps the peak until it is told to forget it, see proc(5). */
function resetPeaks(path: Path): void {
  for (const pid of Object.values(path.processes)) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function needProc(): void {
  if (process.platform !== "linux") throw new Skipped("memory is read from /proc, which only Linux has");
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)![1]) * 1024;
}

function mapped(values: Record<string, number>, change: (value: number, name: string) => number): Memory {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}

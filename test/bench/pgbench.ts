import { readdir, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { program } from "../postgres-server.ts";
import { type Address, clientEnvironment, type Database } from "./database.ts";
import type { QueryMode } from "./options.ts";
import { runProgram } from "./programs.ts";
import { latencies, type Sample } from "./samples.ts";

const MAX_THREADS = 2;

/** Runs `pgbench -S`: one SELECT by primary key a transaction. The value is transactions each second. */
export async function runSelects(
  database: Database,
  at: Address,
  run: { clients: number; mode: QueryMode; seconds: number },
): Promise<Sample> {
  const threads = Math.min(run.clients, MAX_THREADS, availableParallelism());
  const args = ["-c", String(run.clients), "-j", String(threads), "-M", run.mode, "-T", String(run.seconds)];
  const { output, log } = await pgbench(database, at, args);
  return {
    value: figureOf(output, /^tps = ([\d.]+)/m),
    ...latencies(log.map((line) => line.microseconds)),
  };
}

/**
 * Runs `pgbench -C -S` with one client: a new session for each transaction. The value is the mean time until a
 * session is ready, in ms; the latencies are those of whole cycles without their SELECT: open, and close the one
 * before.
 */
export async function runOpenings(database: Database, at: Address, seconds: number): Promise<Sample> {
  const { output, log } = await pgbench(database, at, ["-C", "-c", "1", "-T", String(seconds)]);
  const cycles = log.slice(1).map((line, index) => line.end - log[index]!.end - line.microseconds);
  return {
    value: figureOf(output, /^average connection time = ([\d.]+) ms/m),
    ...latencies(cycles),
  };
}

interface Transaction {
  /** When it ended, microseconds since 1970. */
  end: number;
  microseconds: number;
}

async function pgbench(
  database: Database,
  at: Address,
  args: string[],
): Promise<{ output: string; log: Transaction[] }> {
  const prefix = "transactions";
  const output = await runProgram(
    program("pgbench"),
    ["-n", "-S", ...args, "-l", "--log-prefix", join(database.scratch, prefix)],
    { env: clientEnvironment(database, at), cwd: database.scratch },
  );
  const log: Transaction[] = [];
  for (const name of await readdir(database.scratch)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const file = join(database.scratch, name);
    log.push(...readLog(await readFile(file, "utf8")));
    await rm(file);
  }
  return { output, log };
}

/** A line is: client, transaction, microseconds, script, seconds since 1970, microseconds of that second. */
function readLog(text: string): Transaction[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, , elapsed, , seconds, rest] = line.split(" ").map(Number);
      return { end: seconds! * 1e6 + rest!, microseconds: elapsed! };
    });
}

function figureOf(output: string, pattern: RegExp): number {
  const found = pattern.exec(output);
  if (!found) throw new Error(`pgbench did not say what it measured:\n${output}`);
  return Number(found[1]);
}

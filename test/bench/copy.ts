import { stat } from "node:fs/promises";
import { join } from "node:path";
import { program } from "../postgres-server.ts";
import { type Address, clientEnvironment, DATABASE, type Database, sql } from "./database.ts";
import { runProgram } from "./programs.ts";
import type { Sample } from "./samples.ts";

const TABLE = "pgbench_accounts";
const COPIED = "bench_copied";

/** Makes the file that is copied in and the table that takes it. Returns the size of the copy in bytes. */
export async function prepareCopies(database: Database): Promise<number> {
  await sql(database, DATABASE, `CREATE UNLOGGED TABLE ${COPIED} (LIKE ${TABLE})`);
  await timed(database, database, `\\copy ${TABLE} to '${file(database)}'`);
  const { size } = await stat(file(database));
  return size;
}

/** psql's time for a COPY of the whole table out, in ms. */
export async function runCopyOut(database: Database, at: Address): Promise<Sample> {
  return await timed(database, at, `\\copy ${TABLE} to '/dev/null'`);
}

/** psql's time for a COPY of the file into an empty table, in ms. */
export async function runCopyIn(database: Database, at: Address): Promise<Sample> {
  await sql(database, DATABASE, `TRUNCATE ${COPIED}`);
  return await timed(database, at, `\\copy ${COPIED} from '${file(database)}'`);
}

function file(database: Database): string {
  return join(database.scratch, "copy.txt");
}

async function timed(database: Database, at: Address, command: string): Promise<Sample> {
  const args = ["-Xq", "-v", "ON_ERROR_STOP=1", "-c", "\\timing on", "-c", command];
  const output = await runProgram(program("psql"), args, { env: clientEnvironment(database, at) });
  const found = /^Time: ([\d.]+) ms/m.exec(output);
  if (!found) throw new Error(`psql told no time:\n${output}`);
  const value = Number(found[1]);
  return { value, p50: value * 1_000, p99: value * 1_000 };
}

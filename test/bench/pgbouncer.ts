import { accessSync, constants } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../postgres-server.ts";
import { DATABASE, type Database } from "./database.ts";
import type { Path } from "./path.ts";
import { runProgram, startProgram, unprivileged } from "./programs.ts";
import { Skipped } from "./skipped.ts";

const HOST = "127.0.0.1";
const MAX_CLIENTS = 450;

/** pgbouncer with session pooling; apt-get installs it for root where it is absent. */
export async function startPgbouncer(database: Database): Promise<Path> {
  const command = find() ?? (await install());
  const user = unprivileged("postgres");
  const folder = await mkdtemp(join(tmpdir(), "sallyport-pgbouncer-"));
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  const users = join(folder, "users.txt");
  await writeFile(users, `"${database.user}" "${database.password}"\n`, { mode: 0o600 });
  await writeFile(file, configuration(database, port, users));
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [folder, file, users]) await chown(path, user.uid, user.gid);
  }
  const up = (line: string) => line.includes("process up") || undefined;
  const { program } = await startProgram(command, [file], { ...user, cwd: folder }, up, "stderr");
  return {
    host: HOST,
    port,
    processes: { pgbouncer: program.pid },
    async stop() {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(database: Database, port: number, users: string): string {
  return [
    "[databases]",
    `${DATABASE} = host=${database.host} port=${database.port}`,
    "[pgbouncer]",
    `listen_addr = ${HOST}`,
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = scram-sha-256",
    `auth_file = ${users}`,
    "pool_mode = session",
    `max_client_conn = ${MAX_CLIENTS}`,
    `default_pool_size = ${MAX_CLIENTS}`,
    "ignore_startup_parameters = extra_float_digits",
    "",
  ].join("\n");
}

function find(): string | undefined {
  // Debian keeps it where only root's PATH leads.
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders
    .map((folder) => join(folder, "pgbouncer"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function install(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Skipped("pgbouncer is not installed, and only root can install it");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await runProgram("apt-get", ["update", "-qq"], { env });
    await runProgram("apt-get", ["install", "-qq", "--no-install-recommends", "pgbouncer"], { env });
  } catch {
    throw new Skipped("pgbouncer is not installed, and apt-get could not install it");
  }
  const command = find();
  if (command === undefined) throw new Skipped("apt-get installed no pgbouncer");
  return command;
}

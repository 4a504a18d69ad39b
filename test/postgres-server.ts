import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, readdirSync, rmSync } from "node:fs";
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { shared } from "./run/shared.ts";

export interface PostgresOptions {
  /** Turns TLS on. Paths of PEM files; `ca` is needed for client certificates. */
  tls?: { certificate: string; key: string; ca?: string };
  /** Lines of pg_hba.conf that stand before the default, which is SCRAM for everybody on loopback. */
  hba?: string[];
  /** Settings as in postgresql.conf. */
  settings?: Record<string, string>;
}

export interface PostgresServer {
  host: string;
  port: number;
  superuser: string;
  password: string;
  /** The data directory. */
  directory: string;
  /** Ends it and removes the data. */
  stop(): Promise<void>;
}

const SUPERUSER = "admin";
const PASSWORD = "admin-password";
const HOST = "127.0.0.1";

/**
 * Starts a PostgreSQL of its own with an empty cluster, on a free port of loopback. The server refuses to run as
 * root, so for root it runs as the system user `postgres`. It doesn't survive the process that started it.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const user = process.getuid?.() === 0 ? systemUser("postgres") : undefined;
  const directory = await mkdtemp(join(tmpdir(), "sallyport-postgres-"));
  const own = async (path: string) => {
    await chmod(path, 0o600);
    if (user !== undefined) await chown(path, user.uid, user.gid);
  };
  const template = await shared("cluster", (folder) => initialise(folder, user));
  if (template === undefined) await initialise(directory, user);
  else execFileSync("cp", ["-a", `${template}/.`, directory]);

  const settings: Record<string, string> = {
    listen_addresses: HOST,
    unix_socket_directories: "",
    fsync: "off",
    ...options.settings,
  };
  if (options.tls !== undefined) {
    settings.ssl = "on";
    for (const [setting, path] of Object.entries({
      ssl_cert_file: options.tls.certificate,
      ssl_key_file: options.tls.key,
      ssl_ca_file: options.tls.ca,
    })) {
      if (path === undefined) continue;
      settings[setting] = join(directory, `${setting}.pem`);
      await copyFile(path, settings[setting]);
      await own(settings[setting]);
    }
  }
  const hba = join(directory, "pg_hba.conf");
  await writeFile(hba, [...(options.hba ?? []), `host all all ${HOST}/32 scram-sha-256`, ""].join("\n"));
  await own(hba);

  // Between finding a free port and listening on it another process may take it.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = await run(directory, { ...settings, port: String(port) }, user);
    if (server === undefined && attempt < 5) continue;
    if (server === undefined) throw new Error("PostgreSQL found no free port in five attempts");
    const stop = async () => {
      process.off("exit", server.abandon);
      if (server.process.exitCode === null && server.process.signalCode === null) {
        const ended = once(server.process, "exit");
        server.process.kill("SIGINT");
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    };
    return { host: HOST, port, superuser: SUPERUSER, password: PASSWORD, directory, stop };
  }
}

/** Makes an empty cluster in a folder. */
async function initialise(folder: string, user: { uid: number; gid: number } | undefined): Promise<void> {
  await chmod(folder, 0o700);
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const passwordFile = `${folder}.password`;
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  const options = [
    "-D",
    folder,
    "-U",
    SUPERUSER,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ];
  execFileSync(program("initdb"), options, { ...user, cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  await rm(passwordFile);
}

interface Running {
  process: ChildProcess;
  abandon: () => void;
}

/** Runs the server until it accepts connections; undefined when its port was taken. */
async function run(
  directory: string,
  settings: Record<string, string>,
  user: { uid: number; gid: number } | undefined,
): Promise<Running | undefined> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(program("postgres"), ["-D", directory, ...flags], {
    ...user,
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const abandon = () => {
    child.kill("SIGQUIT");
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  process.once("exit", abandon);
  const lines = createInterface({ input: child.stderr });
  const log: string[] = [];
  const ready = new Promise<boolean>((resolve) => {
    lines.on("line", (line) => {
      if (line.includes("database system is ready to accept connections")) resolve(true);
      log.push(line);
      if (log.length > 100) log.shift();
    });
    lines.once("close", () => resolve(false));
  });
  if (await ready) return { process: child, abandon };
  process.off("exit", abandon);
  if (log.some((line) => line.includes("Address already in use"))) return undefined;
  throw new Error(`PostgreSQL did not start:\n${log.join("\n")}`);
}

/** The path of one of PostgreSQL's programs: from PATH, else the newest of Debian's. */
export function program(name: string): string {
  const debian = "/usr/lib/postgresql";
  let versions: string[] = [];
  try {
    versions = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
  } catch {
    // No Debian packages here; PATH decides.
  }
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(
    `PostgreSQL's program ${name} is neither on PATH nor under ${debian}; install PostgreSQL 15 or newer`,
  );
}

/** The numbers of a user of this machine. */
export function systemUser(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * A port of loopback on which nothing listened a moment ago. None of those that systems give to connections, and to
 * servers that name no port: the next of these might be given it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    try {
      server.listen(port, HOST);
      await once(server, "listening");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") continue;
      throw error;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}

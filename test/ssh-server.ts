import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, systemUser } from "./postgres-server.ts";
import { ensurePackages } from "./system-packages.ts";

export interface SshServerOptions {
  /** Types of host keys, as ssh-keygen names them; `ed25519` by default. */
  hostKeys?: ("ed25519" | "ecdsa" | "rsa")[];
  /** Lines of sshd_config that stand before the rig's own. */
  config?: string[];
  /** Lines of authorized_keys beside that of `clientKey`. */
  authorizedKeys?: string[];
  /** Where root runs the tests: the system user as whom the server runs, and who logs in. sshd treats root specially. */
  user?: string;
}

export interface SshServer {
  host: string;
  port: number;
  /** The login name: whoever runs the tests. */
  user: string;
  /** A folder of the server's own, mode 0700, with all that is named here. It is no place for transferred files: those have `home`. */
  folder: string;
  /** An empty folder to work in. */
  home: string;
  /** Path of a private key without passphrase that may log in. */
  clientKey: string;
  /** Path of the private key of the authority whose user certificates may log in. */
  userCa: string;
  /** `ssh-ed25519 AAAA…` of each host key, in the order of the options. */
  hostKeys: string[];
  /** Path of a known_hosts file with the host keys. */
  knownHosts: string;
  /** What sshd said so far, at LogLevel VERBOSE. */
  log(): string;
  /** Ends it, the processes of its sessions included, and removes the folder. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const SSHD = "/usr/sbin/sshd";
const SFTP_SERVER = "/usr/lib/openssh/sftp-server";
const READY = /Server listening on/;
const PORT_TAKEN = /Address already in use|Cannot bind any address/;

/**
 * Starts a real OpenSSH server on a free port of loopback, as root or not, into which the current user may log in. It
 * does not survive the process that started it.
 */
export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  ensurePackages(["openssh-server", "openssh-client", "openssh-sftp-server"]);
  const folder = await mkdtemp(join(tmpdir(), "sallyport-sshd-"));
  // sshd as root has its privilege separation folder there, which a service would have made.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const home = join(folder, "home");
  mkdirSync(home);
  const other = process.getuid?.() === 0 && options.user !== undefined ? systemUser(options.user) : undefined;
  const user = other === undefined ? userInfo().username : options.user!;
  const types = options.hostKeys ?? ["ed25519"];
  for (const type of types) makeKey(join(folder, `host-${type}`), type);
  const [clientKey, userCa] = [join(folder, "client"), join(folder, "user-ca")];
  makeKey(clientKey, "ed25519");
  makeKey(userCa, "ed25519");
  const publicKey = async (path: string) => (await readFile(`${path}.pub`, "utf8")).trim();
  const hostKeys = await Promise.all(types.map((type) => publicKey(join(folder, `host-${type}`))));
  const authorized = join(folder, "authorized_keys");
  const lines = [await publicKey(clientKey), ...(options.authorizedKeys ?? [])];
  await writeFile(authorized, `${lines.join("\n")}\n`, { mode: 0o600 });
  await chmod(folder, 0o700);
  const own = () => other && execFileSync("chown", ["-R", `${other.uid}:${other.gid}`, folder]);

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const config = join(folder, "sshd_config");
    await writeFile(
      config,
      [
        ...(options.config ?? []),
        `ListenAddress ${HOST}:${port}`,
        ...types.map((type) => `HostKey ${join(folder, `host-${type}`)}`),
        `AuthorizedKeysFile ${authorized}`,
        `TrustedUserCAKeys ${userCa}.pub`,
        `Subsystem sftp ${SFTP_SERVER}`,
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "AcceptEnv LANG LC_*",
        "MaxStartups 100",
        "PrintMotd no",
        // What the user's own start-up files do is no part of any test: bash reads ~/.bashrc for every command of sshd's.
        `SetEnv HOME=${home}`,
        "LogLevel VERBOSE",
        "",
      ].join("\n"),
    );
    own();
    const running = await run(config);
    if (running === undefined && attempt < 5) continue;
    if (running === undefined) throw new Error("sshd found no free port in five attempts");
    const knownHosts = join(folder, "known_hosts");
    await writeFile(knownHosts, hostKeys.map((key) => `[${HOST}]:${port} ${key}\n`).join(""));
    return {
      ...{ host: HOST, port, user, folder, home, clientKey, userCa, hostKeys, knownHosts },
      log: running.log,
      async stop() {
        process.off("exit", running.abandon);
        await end(running.process);
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  /** The server until it listens; undefined when its port was taken. */
  async function run(config: string): Promise<Running | undefined> {
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home };
    // A group of its own, which its sessions leave (setsid), and -D, by which it stays in it.
    const child = spawn(SSHD, ["-D", "-e", "-f", config], {
      env,
      cwd: folder,
      ...other,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const abandon = () => {
      for (const pid of descendants(child.pid!)) signal(pid);
      rmSync(folder, { recursive: true, force: true });
    };
    process.on("exit", abandon);
    const said: string[] = [];
    const started = Promise.withResolvers<"ready" | "ended">();
    child.on("error", (error) => started.reject(error));
    child.on("exit", () => started.resolve("ended"));
    createInterface({ input: child.stderr! }).on("line", (line) => {
      said.push(line);
      if (READY.test(line)) started.resolve("ready");
    });
    const log = () => said.join("\n");
    if ((await started.promise) === "ready") return { process: child, abandon, log };
    process.off("exit", abandon);
    if (PORT_TAKEN.test(log())) return undefined;
    await rm(folder, { recursive: true, force: true });
    throw new Error(`sshd did not start:\n${log()}`);
  }
}

interface Running {
  process: ChildProcess;
  abandon: () => void;
  log(): string;
}

/** Makes a key pair, `path` and `path.pub`. */
export function makeKey(path: string, type: "ed25519" | "ecdsa" | "rsa", passphrase = ""): void {
  const bits = type === "rsa" ? ["-b", "2048"] : [];
  // Few rounds: what guards a test's key need not be slow.
  execFileSync("ssh-keygen", [
    "-q",
    "-t",
    type,
    ...bits,
    "-a",
    "4",
    "-N",
    passphrase,
    "-C",
    "test",
    "-f",
    path,
  ]);
}

/** Certifies `path.pub` for logging in as `user`; answers the certificate's path, `path-cert.pub`. */
export function certify(path: string, ca: string, user: string, ...options: string[]): string {
  execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "test", "-n", user, ...options, `${path}.pub`]);
  return `${path}-cert.pub`;
}

/** Whether a process runs; one that is dead and only waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  // The server's end does not end its sessions.
  for (const pid of descendants(child.pid!)) signal(pid);
  await ended;
}

/** A process and all that it began, itself last, so that none is orphaned before it is found. */
function descendants(pid: number): number[] {
  let children = "";
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    // It has none.
  }
  return [...children.split(/\s+/).filter(Boolean).map(Number).flatMap(descendants), pid];
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

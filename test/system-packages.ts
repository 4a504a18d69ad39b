import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** How one sees that a Debian package's content is there, from wherever it came: a command that succeeds. */
const PRESENT = {
  postgresql: () => ["postgres", "pgbench"].every((name) => runs(name, ["--version"]) || debianHas(name)),
  "postgresql-client": () => runs("psql", ["--version"]),
  pgbouncer: () => runs("pgbouncer", ["--version"]) || runs("/usr/sbin/pgbouncer", ["--version"]),
  "chromium-headless-shell": () =>
    ["chromium-headless-shell", "chromium", "google-chrome"].some((name) => runs(name, ["--version"])),
  "openssh-client": () => runs("ssh", ["-V"]) && runs("sh", ["-c", "command -v ssh-keygen sftp scp"]),
  "openssh-server": () => existsSync("/usr/sbin/sshd"),
  "openssh-sftp-server": () => existsSync("/usr/lib/openssh/sftp-server"),
  rsync: () => runs("rsync", ["--version"]),
  git: () => runs("git", ["--version"]),
  "python3-paramiko": () => runs("/usr/bin/python3", ["-c", "import paramiko"]),
  "python3-asyncssh": () => runs("/usr/bin/python3", ["-c", "import asyncssh"]),
  "ansible-core": () => runs("ansible-playbook", ["--version"]),
  zsh: () => existsSync("/usr/bin/zsh"),
  mksh: () => existsSync("/usr/bin/mksh"),
  busybox: () => existsSync("/usr/bin/busybox"),
  curl: () => runs("curl", ["--version"]),
  age: () => runs("age", ["--version"]),
  "etcd-server": () => runs("etcd", ["--version"]),
  "nginx-light": () => existsSync("/usr/sbin/nginx"),
  "python3-asyncpg": () => runs("/usr/bin/python3", ["-c", "import asyncpg"]),
  "python3-psycopg": () => runs("/usr/bin/python3", ["-c", "import psycopg"]),
} satisfies Record<string, () => boolean>;

export type SystemPackage = keyof typeof PRESENT;

let listsAreFresh = false;

/**
 * Sees to it that programs of other projects are there which the tests run: for root on Debian it installs what is
 * absent. Throws an `Error` whose message says what is missing and how to get it. Synchronous: nothing can begin
 * before.
 */
export function ensurePackages(names: SystemPackage[]): void {
  const missing = names.filter((name) => !PRESENT[name]());
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !runs("apt-get", ["--version"])) {
    throw new Error(`${missing.join(", ")} not installed; on Debian, as root: ${command}`);
  }
  if (!listsAreFresh) apt(["update"]);
  listsAreFresh = true;
  apt(["install", "-y", "--no-install-recommends", ...missing]);
  const absent = missing.filter((name) => !PRESENT[name]());
  if (absent.length > 0) throw new Error(`${absent.join(", ")} installed, but not found`);
}

/** Why a package can't be had, or false when it is there: what `node:test` takes as `skip`. */
export function unavailable(name: SystemPackage): string | false {
  try {
    ensurePackages([name]);
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : `${name} cannot be installed`;
  }
}

/** Why packages can't be had, for each of them; they are installed together where that can be, which is much faster. */
export function unavailableOf(names: SystemPackage[]): string[] {
  try {
    ensurePackages(names);
    return [];
  } catch {
    return names.map(unavailable).filter((reason) => reason !== false);
  }
}

function apt(args: string[]): void {
  try {
    execFileSync("apt-get", ["-q", ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      timeout: 300_000,
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(
      `apt-get ${args.join(" ")} failed: ${stderr?.trim().split("\n").at(-1) ?? "no reason given"}`,
    );
  }
}

function runs(program: string, args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Debian keeps the server's programs out of PATH. */
function debianHas(program: string): boolean {
  const root = "/usr/lib/postgresql";
  try {
    return readdirSync(root).some((version) => runs(join(root, version, "bin", program), ["--version"]));
  } catch {
    return false;
  }
}

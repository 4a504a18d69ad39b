import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../ssh-server.ts";

/** A client of OpenSSH's that runs, with what it said so far. */
export class SshClient {
  readonly child: ChildProcess;
  readonly done: Promise<{ status: number | null; stdout: string; stderr: string }>;
  stdout = "";
  stderr = "";
  #look: () => void = () => {};

  /** `args` as of ssh(1); what is typed goes to `child.stdin`. */
  constructor(config: string, args: string[], program = "ssh") {
    this.child = spawn(program, ["-F", config, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin!.on("error", () => {});
    this.child.stdout!.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString("latin1");
      this.#look();
    });
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#look();
    });
    this.done = once(this.child, "close").then(([status]) => {
      this.#look();
      return { status: status as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Waits until it has said this, or is over; answers whether it has. */
  async says(what: RegExp): Promise<boolean> {
    while (!what.test(this.stdout) && !what.test(this.stderr)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return false;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return true;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

/** Processes of this host in whose command line this stands; with `home`, only those of the sshd that has it. */
export function processes(mark: string, home?: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        if (!line.includes(mark) || line.includes("ssh\0") || !isRunning(pid)) return false;
        return (
          home === undefined || readFileSync(`/proc/${pid}/environ`, "latin1").includes(`HOME=${home}\0`)
        );
      } catch {
        return false;
      }
    });
}

/** Waits until so many processes have this in their command line, as `processes` finds them. */
export async function running(
  mark: string,
  count: (found: number) => boolean,
  ms: number,
  home?: string,
): Promise<void> {
  const until = performance.now() + ms;
  for (;;) {
    const found = processes(mark, home);
    if (count(found.length)) return;
    if (performance.now() > until) throw new Error(`after ${ms} ms ${found.length} processes of ${mark} run`);
    await sleep(20);
  }
}

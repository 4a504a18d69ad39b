import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const LAUNCHER = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));
/** How long a program has to stop after SIGTERM, ms. */
const STOP_MS = 10_000;
/** Lines of a program's standard error that are kept, to tell why it failed. */
const KEPT_LINES = 50;

/** What ends with the bench at the latest, with the signal for it. */
const running = new Map<ChildProcess, NodeJS.Signals>();
process.once("exit", () => {
  for (const [child, signal] of running) child.kill(signal);
});

/** A program that runs until it is stopped. */
export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a program and waits for the first line of its output that `ready` accepts. Ends with the bench at the
 * latest. Throws with the program's own words when it ends before.
 */
export async function startProgram<T>(
  command: string,
  args: string[],
  options: SpawnOptions,
  ready: (line: string) => T | undefined,
  output: "stdout" | "stderr" = "stdout",
): Promise<{ program: Program; ready: T }> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  // Not SIGKILL: it has children of its own to end.
  running.set(child, "SIGTERM");
  const said: string[] = [];
  const keep = (line: string) => {
    said.push(line);
    if (said.length > KEPT_LINES) said.shift();
  };
  const stop = async () => {
    running.delete(child);
    await endChild(child);
  };
  const answer = await new Promise<T>((resolve, reject) => {
    for (const name of ["stdout", "stderr"] as const) {
      createInterface({ input: child[name]! }).on("line", (line) => {
        keep(line);
        const found = name === output ? ready(line) : undefined;
        if (found !== undefined) resolve(found);
      });
    }
    child.once("error", reject);
    child.once("exit", (status, signal) => {
      reject(new Error(`${command} ${args.join(" ")} ended (${status ?? signal}):\n${said.join("\n")}`));
    });
  });
  return { program: { pid: child.pid!, stop }, ready: answer };
}

/** Runs a program to its end and returns its standard output. Throws with its standard error when it fails. */
export async function runProgram(command: string, args: string[], options: SpawnOptions): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  running.set(child, "SIGKILL");
  let output = "";
  let errors = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  running.delete(child);
  if (status !== 0) throw new Error(`${command} ended (${status ?? signal}):\n${errors}`);
  return output;
}

/** The user and group of a system user, for programs that refuse to run as root; nothing for anyone but root. */
export function unprivileged(name: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(force);
}

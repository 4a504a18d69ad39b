import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface Daemon {
  /** What it said so far, on both of its outputs: the last lines. */
  log(): string;
  /** Its first line that `ready` matched, in groups. */
  ready: RegExpExecArray;
  /** True until it has ended, by whomever. */
  runs(): boolean;
  stop(): Promise<void>;
}

export interface DaemonOptions {
  /** What it says when it serves. */
  ready: RegExp;
  /** What it says when its port was taken. */
  portTaken?: RegExp;
  /** What ends it, also when this process exits: SIGTERM by default. SIGKILL suits what has no children and keeps nothing. */
  signal?: NodeJS.Signals;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/** How many lines of a daemon are kept. */
const LINES = 500;
/** How long a daemon may take to end before it is killed. */
const GRACE_MS = 5_000;

/**
 * Runs a program until it says that it is ready; undefined when its port was taken. It is ended when this process
 * exits. Its standard input is a pipe that ends with this process, however that ends.
 */
export async function startDaemon(
  program: string,
  args: string[],
  { ready, portTaken, signal = "SIGTERM", ...rest }: DaemonOptions,
): Promise<Daemon | undefined> {
  const options: SpawnOptions = { ...rest, stdio: ["pipe", "pipe", "pipe"] };
  const child = spawn(program, args, options);
  const abandon = () => child.kill(signal);
  process.on("exit", abandon);
  const said: string[] = [];
  const started = Promise.withResolvers<RegExpExecArray | "ended">();
  child.on("error", (error) => started.reject(error));
  child.on("close", () => started.resolve("ended"));
  for (const input of [child.stdout!, child.stderr!]) {
    createInterface({ input }).on("line", (line) => {
      said.push(line);
      if (said.length > LINES) said.shift();
      const match = ready.exec(line);
      if (match !== null) started.resolve(match);
    });
  }
  const log = () => said.join("\n");
  const match = await started.promise;
  const runs = () => child.exitCode === null && child.signalCode === null;
  if (match !== "ended") {
    const stop = async () => {
      process.off("exit", abandon);
      if (runs()) await end(child, signal);
    };
    return { log, ready: match, runs, stop };
  }
  process.off("exit", abandon);
  if (portTaken?.test(log())) return undefined;
  throw new Error(`${program} did not start:\n${log()}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(late);
}

import { type ChildProcess, fork, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { HostReady } from "./host.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));
const DATABASE = fileURLToPath(new URL("./database.ts", import.meta.url));
const HOST = fileURLToPath(new URL("./host.ts", import.meta.url));
/** How long a process may take to start, and to end when asked, ms. */
const START_MS = 60_000;
const STOP_MS = 10_000;

/** What failed, in words for whoever started the demo. */
export class DemoFailure extends Error {}

/** The demo's child processes; they are ended in the reverse of the order in which they were started. */
export class Processes {
  readonly #children: ChildProcess[] = [];
  #stopping = false;

  /** Starts the embedded database; answers its port. */
  async database(): Promise<number> {
    return (await this.#forked<{ port: number }>("The embedded PostgreSQL", DATABASE)).port;
  }

  /** Starts the stand-in for an SSH host. */
  async host(): Promise<HostReady> {
    return this.#forked<HostReady>("The SSH host", HOST);
  }

  /** Starts a `sallyport` command that stays; answers the line of JSON that it prints when it is ready. */
  async command<T>(args: string[], env: NodeJS.ProcessEnv = {}): Promise<T> {
    const child = launch(args, env, ["ignore", "pipe", "pipe"]);
    let printed = "";
    const ready = new Promise<T>((resolve) => {
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        const document = json(printed);
        if (document !== undefined) resolve(document as T);
      });
    });
    return this.#started(`sallyport ${args[0]}`, child, ready);
  }

  /** Resolves, with what to say, when one of them ends unasked. */
  async unexpectedEnd(): Promise<DemoFailure> {
    const ended = this.#children.map(async (child) => {
      await once(child, "exit");
      return new DemoFailure(`${child.spawnargs.slice(1, 3).join(" ")} ended unexpectedly.`);
    });
    return Promise.race(ended);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
  }

  /** Starts a script of the demo's; answers the first message that it sends. */
  async #forked<T>(name: string, script: string): Promise<T> {
    const child = fork(script, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const ready = new Promise<T>((resolve) => child.once("message", (message) => resolve(message as T)));
    return this.#started(name, child, ready);
  }

  async #started<T>(name: string, child: ChildProcess, ready: Promise<T>): Promise<T> {
    this.#children.push(child);
    const said: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => {
      said.push(line);
      if (said.length > 20) said.shift();
    });
    const abort = new AbortController();
    const failed = once(child, "exit", { signal: abort.signal }).then(() => {
      throw new DemoFailure(this.#stopping ? "Stopped." : [`${name} did not start.`, ...said].join("\n  "));
    });
    const late = setTimeout(() => child.kill(), START_MS);
    try {
      return await Promise.race([ready, failed]);
    } finally {
      clearTimeout(late);
      abort.abort();
      failed.catch(() => {});
    }
  }
}

/** Runs a `sallyport` command to its end; answers what it printed. Throws unless its exit status is an expected one. */
export async function sallyport(
  args: string[],
  env: NodeJS.ProcessEnv,
  expected: number[] = [0],
): Promise<{ status: number; output: string }> {
  const child = launch(args, env, ["ignore", "pipe", "pipe"]);
  const text = { output: "", errors: "" };
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    text.output += chunk;
  });
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    text.errors += chunk;
  });
  const [status] = (await once(child, "close")) as [number];
  if (expected.includes(status)) return { status, output: text.output.trimEnd() };
  throw new DemoFailure(`sallyport ${args.join(" ")} failed:\n${text.errors}${text.output}`);
}

function launch(args: string[], env: NodeJS.ProcessEnv, stdio: StdioOptions): ChildProcess {
  const {
    SALLYPORT_EDGE: _edge,
    SALLYPORT_TOKEN: _token,
    SALLYPORT_TOKEN_FILE: _file,
    ...rest
  } = process.env;
  return spawn(process.execPath, [LAUNCHER, ...args], { cwd: ROOT, env: { ...rest, ...env }, stdio });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

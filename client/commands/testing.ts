import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";

/** The command as a process, for tests. */

const LAUNCHER = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));

export interface CommandOptions {
  /** Where it runs, and its user's home. */
  folder: string;
  /** Of our own environment it has nothing but PATH. */
  env?: Record<string, string>;
  /** What it reads. */
  input?: string;
}

export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export class CommandProcess {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  #over = false;
  readonly #closed: Promise<unknown>;

  constructor(args: string[], { folder, env = {}, input }: CommandOptions) {
    this.child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    this.child.stdin?.end(input);
    this.child.stdout!.on("data", (chunk) => (this.stdout += chunk));
    this.child.stderr!.on("data", (chunk) => (this.stderr += chunk));
    this.#closed = once(this.child, "close").then(() => {
      this.#over = true;
    });
  }

  /** Waits until whole lines of either stream say this. Rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(whole(this.stdout)) ?? pattern.exec(whole(this.stderr));
      if (found) return found;
      assert.ok(!this.#over, `ended without ${pattern}: ${this.stderr}`);
      const streams = [this.child.stdout!, this.child.stderr!];
      await Promise.race([...streams.map((stream) => once(stream, "data")), this.#closed]);
    }
  }

  /** Waits for its end, which a signal may hasten. */
  async end(signal?: NodeJS.Signals): Promise<CommandResult> {
    if (signal) this.child.kill(signal);
    await this.#closed;
    return { status: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

function whole(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** Lets a server listen on a free port of this machine; answers its origin. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

import { type ChildProcess, spawn } from "node:child_process";

/** Waits between restarts of a child that keeps ending, ms; one that ran for `STEADY_MS` begins anew. */
const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 30_000;
const STEADY_MS = 60_000;
/** How long a child may take to end when asked, ms. */
const GRACE_MS = 5_000;

export interface Supervised {
  /** Process id of the child now. */
  readonly pid: number | undefined;
  /** Asks the child to end and waits until it has. */
  stop(): Promise<void>;
}

/** How long to wait before a child that ran for `ranMs` is started again, after a wait of `lastMs` before it. */
export function restartWait(lastMs: number, ranMs: number): number {
  return ranMs >= STEADY_MS || lastMs === 0 ? FIRST_WAIT_MS : Math.min(lastMs * 2, LAST_WAIT_MS);
}

/** Keeps a child process running; `onRestart` hears how it ended and how long its restart waits (ms). */
export function supervise(
  start: { command: string; args: string[]; env: NodeJS.ProcessEnv; cwd: string },
  onRestart: (ending: string, waitMs: number) => void,
): Supervised {
  let child: ChildProcess;
  let timer: NodeJS.Timeout | undefined;
  let waitMs = 0;
  let stopping = false;
  let exited = Promise.resolve();

  const run = () => {
    const began = Date.now();
    const end = Promise.withResolvers<void>();
    exited = end.promise;
    child = spawn(start.command, start.args, {
      env: start.env,
      cwd: start.cwd,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const over = (ending: string) => {
      end.resolve();
      if (stopping) return;
      waitMs = restartWait(waitMs, Date.now() - began);
      onRestart(ending, waitMs);
      timer = setTimeout(run, waitMs);
    };
    child.once("error", (error) => {
      if (child.pid === undefined) over(error.message);
    });
    child.once("exit", (status, signal) => over(signal ?? `exit status ${status}`));
  };
  run();

  return {
    get pid() {
      return child.pid;
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestResult } from "./reporter.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REPORTER = new URL("./reporter.ts", import.meta.url).href;
/** The last bytes of a process's output that a failure shows. */
const KEPT_OUTPUT = 20_000;

/** One process of the run: a file of tests, or a checker whose exit status is its one result. */
export interface Task {
  name: string;
  args: string[];
  tests: boolean;
  limitMs: number;
}

export interface TaskResult {
  task: Task;
  results: TestResult[];
  seconds: number;
  /** What the process printed, its end if that is much. */
  output: string;
}

/** All that this run writes, and what it leaves behind. Short: paths of sockets are bounded. */
const FOLDER = mkdtempSync(join(tmpdir(), "sp-"));
/** What the tests share, so that it is made once: Node's compiled code, and what else `shared.ts` keeps. */
const SHARED = join(FOLDER, "shared");
mkdirSync(SHARED);
// PostgreSQL makes its part as another user.
for (const folder of [FOLDER, SHARED]) chmodSync(folder, 0o711);
process.on("exit", () => rmSync(FOLDER, { recursive: true, force: true }));

/** Processes that were just killed may still write for a moment. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };

const running = new Set<number>();
let taskNumber = 0;

/** Ends everything that runs now. */
export function abandon(): void {
  for (const group of running) endGroup(group);
}

/** Runs a task in a group of processes of its own, which does not outlive it. */
export async function run(task: Task): Promise<TaskResult> {
  const began = performance.now();
  const folder = join(FOLDER, String(++taskNumber));
  mkdirSync(folder);
  chmodSync(folder, 0o1777);
  const report = `${folder}.jsonl`;
  const reporting = [`--test-reporter=${REPORTER}`, `--test-reporter-destination=${report}`];
  const args = [...(task.tests ? reporting : []), ...task.args];
  const { status, output } = await execute(args, task.limitMs, folder);
  await rm(folder, REMOVAL).catch(() => {});
  const results = task.tests ? collect(report) : [];
  const fail = (detail: string) => results.push({ outcome: "failed", name: task.name, detail });
  if (status === "late") {
    fail(`It did not end within ${task.limitMs / 1_000} s and was killed.`);
  } else if (!task.tests) {
    if (status === 0) results.push({ outcome: "passed", name: task.name, detail: "" });
    else fail("");
  } else if (status !== 0 && !results.some(({ outcome }) => outcome === "failed")) {
    fail(`The process ended with ${status}.`);
  } else if (results.length === 0) {
    fail("It has no tests.");
  }
  return { task, results, seconds: (performance.now() - began) / 1_000, output };
}

/** Runs tasks, so many at a time, in their order; answers their results in the order in which they ended. */
export async function runAll(
  tasks: Task[],
  atOnce: number,
  done: (result: TaskResult) => void,
): Promise<void> {
  const queue = tasks.values();
  const worker = async () => {
    for (const task of queue) done(await run(task));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** `folder`: for what its tests write, which stand-ins for other users must be able to do as well. */
function execute(
  args: string[],
  limitMs: number,
  folder: string,
): Promise<{ status: number | string; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: environment(folder),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const group = child.pid!;
    running.add(group);
    let output = "";
    let late = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-KEPT_OUTPUT);
      });
    }
    const timer = setTimeout(() => {
      late = true;
      endGroup(group);
    }, limitMs);
    child.on("exit", () => endGroup(group));
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      running.delete(group);
      resolve({ status: late ? "late" : (status ?? String(signal)), output });
    });
  });
}

function endGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}

/** The settings of whoever runs the tests must not reach what they test. */
function environment(folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(SALLYPORT_|PG[A-Z]|NODE_OPTIONS$)/.test(name),
  );
  return {
    ...Object.fromEntries(own),
    CI: "true",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    NODE_COMPILE_CACHE: join(SHARED, "node"),
    TEST_SHARED: SHARED,
    TMPDIR: folder,
  };
}

function collect(report: string): TestResult[] {
  try {
    const lines = readFileSync(report, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as TestResult);
  } catch {
    // A process that died early has written none, or half a line.
    return [];
  } finally {
    rmSync(report, { force: true });
  }
}

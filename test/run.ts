// npm test: everything that must hold before a change is taken. With arguments, a part of it:
//   node test/run.ts [check] [unit] [e2e] [long] [words that the files' paths hold]
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { BUILDS } from "./kubernetes/cluster/binaries.ts";
import type { TestResult } from "./run/reporter.ts";
import { abandon, ROOT, runAll, type Task, type TaskResult } from "./run/task.ts";
import { type SystemPackage, unavailableOf } from "./system-packages.ts";

const MINUTE = 60_000;
const PARTS = ["check", "unit", "e2e", "long"] as const;
type Part = (typeof PARTS)[number];

/** What tests run of others' programs: got before they begin, as two installations at once would block each other. */
const PACKAGES: SystemPackage[] = [
  "postgresql",
  "postgresql-client",
  "python3-asyncpg",
  "python3-psycopg",
  "chromium-headless-shell",
  "openssh-client",
  "openssh-server",
  "openssh-sftp-server",
  "rsync",
  "git",
  "curl",
  "etcd-server",
  "nginx-light",
  "python3-paramiko",
  "python3-asyncssh",
  "zsh",
  "mksh",
  "busybox",
];

const SOURCES = "{protocol,connector,client,workers}/**/*.test.ts";

function checks(): Task[] {
  const check = (name: string, ...args: string[]) => ({ name, args, tests: false, limitMs: 3 * MINUTE });
  const tsc = "node_modules/typescript/bin/tsc";
  return [
    check("types of the Node code", tsc, "-p", "tsconfig.json"),
    check("types of the Worker", tsc, "-p", "workers/tsconfig.json"),
    check(
      "lint and format",
      "node_modules/@biomejs/biome/bin/biome",
      "check",
      "--error-on-warnings",
      "--colors=off",
    ),
  ];
}

function testFiles(pattern: string, limitMs: number, filters: string[]): Task[] {
  return globSync(pattern, { cwd: ROOT })
    .sort()
    .filter((file) => filters.length === 0 || filters.some((word) => file.includes(word)))
    .map((file) => ({ name: file, args: [file], tests: true, limitMs }));
}

/** Tasks, and how many of them run at once. */
interface Group {
  tasks: Task[];
  atOnce: number;
}

const LONG = ".long.test.ts";
/** More than there are processors: a third of the time of an end-to-end test, and of a start of Node, is waiting. */
const AT_ONCE = availableParallelism() + 1;
/** What wants the machine alone, and for what. */
const ALONE: Readonly<Record<string, string>> = {
  "test/faults/idle.test.ts": "looks at resident memory",
  "test/faults/revocation.test.ts": "gives a second for everything to end",
  "test/faults/slow-reader.test.ts": "looks at resident memory",
  "test/faults/storage.test.ts": "fills a disk",
  "test/kubernetes/slow-watch.test.ts": "looks at resident memory",
  "test/lease.test.ts": "gives a second for everything to end",
};

/**
 * Large suites of what seldom breaks, of which a run of everything takes one list: all of them would take more than ten
 * minutes. `TURN=0` or `1` of the environment says which, else chance. Naming a file, or `e2e`, runs it in any case.
 */
const IN_TURN: readonly (readonly string[])[] = [
  [
    "test/benign/statements.test.ts",
    "test/compatibility/drivers.test.ts",
    "test/compatibility/programs.test.ts",
    "test/faults/connector-killed.test.ts",
    "test/guard/attacks.test.ts",
    "test/guard/transactions.test.ts",
    "test/masking/queries.test.ts",
    "test/ssh/client.test.ts",
    "test/ssh/differential-files.test.ts",
  ],
  [
    "test/benign/drivers.test.ts",
    "test/benign/programs.test.ts",
    "test/compatibility/differential.test.ts",
    "test/faults/edge-killed.test.ts",
    "test/guard/clients.test.ts",
    "test/guard/limits.test.ts",
    "test/masking/gateway.test.ts",
    "test/masking/regression.test.ts",
    "test/ssh/clients.test.ts",
    "test/ssh/differential-exec.test.ts",
    "test/ssh/differential-programs.test.ts",
  ],
];

function groupsOf(part: Part, filters: string[]): Group[] {
  const short = (pattern: string, limitMs: number) =>
    testFiles(pattern, limitMs, filters).filter(({ name }) => !name.endsWith(LONG));
  switch (part) {
    case "check":
      return [{ tasks: checks(), atOnce: 2 }];
    case "unit":
      return [{ tasks: short(SOURCES, 3 * MINUTE), atOnce: AT_ONCE }];
    case "e2e": {
      const [alone, together] = divided(short("test/**/*.test.ts", 6 * MINUTE), ({ name }) =>
        Object.hasOwn(ALONE, name),
      );
      return [
        { tasks: together, atOnce: AT_ONCE },
        { tasks: alone, atOnce: 1 },
      ];
    }
    case "long":
      return [SOURCES.replace(/\.test\.ts$/, LONG), `test/**/*${LONG}`].map((pattern) => ({
        tasks: testFiles(pattern, 30 * MINUTE, filters),
        atOnce: 1,
      }));
  }
}

function divided(tasks: Task[], first: (task: Task) => boolean): [Task[], Task[]] {
  return [tasks.filter(first), tasks.filter((task) => !first(task))];
}

function count(results: TestResult[], outcome: TestResult["outcome"]): number {
  return results.filter((result) => result.outcome === outcome).length;
}

function progress({ task, results, seconds }: TaskResult): void {
  const failed = count(results, "failed");
  const verdict = failed > 0 ? "FAILED" : "ok    ";
  const number = task.tests ? `${String(results.length).padStart(4)} tests` : "     check";
  console.log(`${verdict} ${number} ${seconds.toFixed(1).padStart(6)} s  ${task.name}`);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "    ");
}

function summarise(done: TaskResult[]): boolean {
  for (const { task, results, output } of done) {
    const failures = results.filter(({ outcome }) => outcome === "failed");
    if (failures.length === 0) continue;
    console.log(`\n── ${task.name}`);
    for (const { name, detail } of failures) {
      console.log(`\n  ✖ ${name}`);
      if (detail !== "") console.log(indent(detail));
    }
    if (output.trim() !== "") console.log(`\n  output:\n${indent(output)}`);
  }
  const all = done.flatMap(({ results }) => results);
  const skipped = all.filter(({ outcome }) => outcome === "skipped");
  if (skipped.length > 0) console.log("\nSkipped:");
  for (const { name, detail } of skipped) console.log(`  ${name}${detail === "" ? "" : `: ${detail}`}`);
  const failed = count(all, "failed");
  console.log(`\n${count(all, "passed")} passed, ${failed} failed, ${skipped.length} skipped`);
  return failed === 0 && all.length > 0;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    abandon();
    process.exit(1);
  });
}

const words = process.argv.slice(2);
const isPart = (word: string): word is Part => (PARTS as readonly string[]).includes(word);
const chosen = words.filter(isPart);
const filters = words.filter((word) => !isPart(word));
const parts: readonly Part[] =
  chosen.length > 0 ? chosen : filters.length > 0 ? ["unit", "e2e"] : ["check", "unit", "e2e"];

const groups = parts.flatMap((part) => groupsOf(part, filters));
if (groups.some(({ tasks }) => tasks.some(({ name }) => name.startsWith("test/kubernetes/")))) {
  // Before any test, each of which has a time limit: the first time on a machine it takes many minutes.
  spawnSync(process.execPath, ["test/kubernetes/cluster/binaries.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.env[BUILDS] = "no";
}
if (parts.some((part) => part !== "check")) {
  for (const missing of unavailableOf(PACKAGES)) console.log(`missing: ${missing}`);
}
const turn = Number(process.env.TURN ?? Math.floor(Math.random() * 2)) % IN_TURN.length;
const left = new Set(words.length === 0 ? IN_TURN.filter((_, index) => index !== turn).flat() : []);
if (left.size > 0) console.log(`TURN=${turn}: ${left.size} files have their turn with another one`);
const done: TaskResult[] = [];
for (const { tasks, atOnce } of groups) {
  const now = tasks.filter(({ name }) => !left.has(name));
  await runAll(now, atOnce, (result) => {
    done.push(result);
    progress(result);
  });
}
process.exitCode = summarise(done) ? 0 : 1;

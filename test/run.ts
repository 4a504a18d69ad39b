// npm test: everything that must hold before a change is taken. With arguments, a part of it:
//   node test/run.ts [check] [unit] [e2e] [long] [words that the files' paths hold]
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { BUILDS } from "./kubernetes/cluster/binaries.ts";
import type { TestResult } from "./run/reporter.ts";
import { abandon, ROOT, runAll, type Task, type TaskResult } from "./run/task.ts";
import { IN_TURN, turnOf } from "./run/turns.ts";
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
  "age",
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
const ALL_IN_TURN: ReadonlySet<string> = new Set(IN_TURN.flat());
/** Of random input, but in `long`. */
const SEED = 1;
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

/** What holds seconds against the clock (`run/second.ts`): only alone can they be held to one. */
const TIMED: ReadonlySet<string> = new Set([
  "test/approvals/access.test.ts",
  "test/faults/revocation.test.ts",
  "test/http/edge-endings.test.ts",
  "test/kubernetes/ended.test.ts",
  "test/lease.test.ts",
  "test/tunnel.test.ts",
  "test/watch.test.ts",
]);

function groupsOf(part: Part, filters: string[]): Group[] {
  const short = (pattern: string, limitMs: number) =>
    testFiles(pattern, limitMs, filters).filter(({ name }) => !name.endsWith(LONG));
  switch (part) {
    case "check":
      return [{ tasks: checks(), atOnce: 2 }];
    case "unit":
      return [{ tasks: short(SOURCES, 3 * MINUTE), atOnce: AT_ONCE }];
    case "e2e":
      return endToEnd(short("test/**/*.test.ts", 6 * MINUTE));
    case "long": {
      const all = short("test/**/*.test.ts", 10 * MINUTE);
      const [timed, others] = divided(all, ({ name }) => TIMED.has(name));
      return [
        { tasks: short(SOURCES, 10 * MINUTE), atOnce: AT_ONCE },
        ...endToEnd(others.filter(({ name }) => ALL_IN_TURN.has(name))),
        { tasks: timed, atOnce: 1 },
        ...[SOURCES.replace(/\.test\.ts$/, LONG), `test/**/*${LONG}`].map((pattern) => ({
          tasks: testFiles(pattern, 30 * MINUTE, filters),
          atOnce: 1,
        })),
      ];
    }
  }
}

function endToEnd(tasks: Task[]): Group[] {
  const [alone, together] = divided(tasks, ({ name }) => Object.hasOwn(ALONE, name));
  return [
    { tasks: together, atOnce: AT_ONCE },
    { tasks: alone, atOnce: 1 },
  ];
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
  for (const { name, outcome } of results) if (outcome === "failed") console.log(`         ✖ ${name}`);
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

const done: TaskResult[] = [];
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    abandon();
    summarise(done);
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
const isLong = chosen.includes("long");
const turn = turnOf(process.env, Date.now());
const left = new Set(
  words.length === 0 ? IN_TURN.filter((_, index) => index !== turn % IN_TURN.length).flat() : [],
);
// What each file goes by. The same for the same day, so that a run of everything fails for what has changed alone; what
// no one has thought of is for `long` to find.
process.env.TURN = String(turn);
process.env.SEED ??= String(isLong ? Math.floor(Math.random() * 2 ** 31) : SEED);
if (isLong) process.env.LONG_RUNS = "yes";
console.log(
  `SEED=${process.env.SEED} TURN=${turn}${left.size > 0 ? `: ${left.size} files have another turn` : ""}`,
);
for (const { tasks, atOnce } of groups) {
  const now = tasks.filter(({ name }) => !left.has(name));
  await runAll(now, atOnce, (result) => {
    done.push(result);
    progress(result);
  });
}
process.exitCode = summarise(done) ? 0 : 1;

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readLine } from "./line.ts";

/** Shells that people have as their login shell, by the words that start them. */
const SHELLS: Readonly<Record<string, string[]>> = {
  bash: ["/usr/bin/bash", "--norc"],
  dash: ["/usr/bin/dash"],
  zsh: ["/usr/bin/zsh", "-f"],
  mksh: ["/usr/bin/mksh"],
  ksh93: ["/usr/bin/ksh93"],
  busybox: ["/usr/bin/busybox", "sh"],
};

export const INSTALLED: readonly string[] = Object.keys(SHELLS).filter((name) =>
  existsSync(SHELLS[name]![0]!),
);

/** Programs that do nothing but write down that they ran. "no" fails, "out" prints words. */
export const STUBS = ["p", "q", "s", "no", "out", "danger", "hidden", "cat", "more", "[["] as const;
/** Harmless programs that run others. */
const REAL = ["env", "nice", "nohup", "timeout", "xargs", "find", "setsid", "stdbuf", "sh", "bash"];

const STUB = `#!/bin/sh
printf '%s\\0' "$#" "\${0##*/}" "$@" >>"$STUB_LOG"
case "\${0##*/}" in no) exit 1 ;; out) printf '%s\\n' 'danger hidden' ;; esac
exit 0
`;

/** The account's home, for the shells. */
const HOME = "/nowhere/home";

/** What really ran: program and arguments. */
export type Run = string[];

/** A folder in which only stubs can be reached, so that no line does any harm. */
export class RealShells {
  readonly #folder = mkdtempSync(join(tmpdir(), "sallyport-shells-"));
  #rounds = 0;

  constructor() {
    const stubs = join(this.#folder, "bin");
    mkdirSync(stubs);
    for (const name of STUBS) {
      writeFileSync(join(stubs, name), STUB);
      chmodSync(join(stubs, name), 0o755);
    }
    for (const name of REAL) symlinkSync(name === "sh" ? "/bin/sh" : `/usr/bin/${name}`, join(stubs, name));
  }

  /** The programs that each line ran, by the line's place in `lines`. */
  async run(shell: string, lines: readonly string[]): Promise<Run[][]> {
    const folder = join(this.#folder, `round-${this.#rounds++}`);
    mkdirSync(folder);
    const driver = lines.map((line, index) => {
      mkdirSync(join(folder, String(index)));
      const words = [...SHELLS[shell]!, "-c", line].map(quoted).join(" ");
      return `cd ${folder}/${index}; STUB_LOG=${folder}/${index}.log ${words} </dev/null 9>&1 >/dev/null 2>&1\n`;
    });
    // Seconds of processor time, for each process.
    writeFileSync(join(folder, "driver"), `ulimit -t 10\n${driver.join("")}exit 0\n`);
    // All that a line leaves in the background holds descriptor 9, and with it the end of this.
    await promisify(execFile)("/bin/sh", [join(folder, "driver")], {
      env: { PATH: join(this.#folder, "bin"), HOME },
      timeout: 5 * 60_000,
      killSignal: "SIGKILL",
    });
    return lines.map((_, index) => readLog(join(folder, `${index}.log`)));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function readLog(path: string): Run[] {
  if (!existsSync(path)) return [];
  const fields = readFileSync(path, "utf8").split("\0");
  const runs: Run[] = [];
  for (let at = 0; at < fields.length - 1; ) {
    const count = Number(fields[at]!);
    runs.push(fields.slice(at + 1, at + 2 + count));
    at += 2 + count;
  }
  return runs;
}

/** The line, or a command of it, says that not all is known. Programs are all taken as known here. */
export function readForShells(line: string): { opaque: string[]; argvs: (string | null)[][] } {
  const facts = readLine(line, () => ({ known: true, effects: [], reads: [], writes: [], opaque: [] }));
  const opaque = [...facts.opaque, ...facts.commands.flatMap((command) => command.opaque)];
  return { opaque, argvs: facts.commands.map(({ argv }) => argv) };
}

/** One of the commands is this run: null stands for any words. */
function isFound(run: Run, argvs: readonly (readonly (string | null)[])[]): boolean {
  return argvs.some((argv) => matches(run, argv));
}

function matches(run: readonly string[], argv: readonly (string | null)[]): boolean {
  if (argv.length === 0) return run.length === 0;
  const [first, ...rest] = argv;
  if (first === null) {
    for (let taken = 0; taken <= run.length; taken++) if (matches(run.slice(taken), rest)) return true;
    return false;
  }
  const expected = first!.replace(/^~(?=\/|$)/, HOME);
  return run.length > 0 && run[0] === expected && matches(run.slice(1), rest);
}

/** Runs the lines for real: what ran must be told, unless the line says that not all of it is. Answers how many commands ran. */
export async function assertNothingMissed(
  shells: RealShells,
  shell: string,
  lines: readonly string[],
): Promise<number> {
  const clear = lines
    .map((line) => ({ line, ...readForShells(line) }))
    .filter(({ opaque }) => opaque.length === 0);
  const runs = await shells.run(
    shell,
    clear.map(({ line }) => line),
  );
  for (const [index, { line, argvs }] of clear.entries()) {
    for (const run of runs[index]!) {
      assert.ok(isFound(run, argvs), `${shell} ran ${JSON.stringify(run)} by ${JSON.stringify(line)}`);
    }
  }
  return runs.flat().length;
}

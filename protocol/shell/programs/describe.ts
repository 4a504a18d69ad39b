import type { CommandFacts, FileName, ShellEffect } from "../facts.ts";
import { applyProgram } from "./apply.ts";
import { Findings, type Word } from "./program.ts";
import { programNamed } from "./programs.ts";

/** What one call of a program does, by its options and operands. */
export interface ProgramDescription {
  /** Every option and operand of this very call is understood. */
  known: boolean;
  effects: ShellEffect[];
  /** Files of its operands and options; those of redirections are not here. May be patterns: "/var/log/*.log", "/etc/**". */
  reads: FileName[];
  writes: FileName[];
  /** Why it isn't known, in words. */
  opaque: string[];
}

/** What the shell knows of a call, beside its static words. */
export interface Surroundings {
  /** The folder that it runs in; "~", the account's home, by default. Null where it isn't known: relative names are "*" then. */
  folder?: FileName | null;
  /** For words that are null: the pattern, where the word is one that becomes names of files ("/var/log/*.log"). */
  patterns?: (string | null)[];
}

/** Why a call of a program that no row describes isn't known. The starter policies look for it. */
export const UNKNOWN_PROGRAM = "What this program does isn't known.";

/** Characters of a word that is looked into; some patterns here take the square of its length. */
const MAX_WORD = 4_096;

/** Where distributions and administrators put programs; elsewhere a file may have any name. */
const FOLDERS = new Set(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]);

/** Describes `command`, of which only `program`, `path`, `argv` and `stdin` are looked at. */
export function describeProgram(
  command: Pick<CommandFacts, "program" | "path" | "argv" | "stdin">,
  surroundings: Surroundings = {},
): ProgramDescription {
  const { folder = "~", patterns = [] } = surroundings;
  const findings = new Findings(folder);
  const program = trusted(command.path) ? programNamed(command.program) : undefined;
  if (program === undefined) {
    findings.unknown(UNKNOWN_PROGRAM);
  } else if (command.argv.some((word) => (word?.length ?? 0) > MAX_WORD)) {
    findings.unknown(`A word is longer than ${MAX_WORD} characters.`);
  } else {
    const words: Word[] = command.argv
      .slice(1)
      .map((text, index) => ({ text, pattern: text === null ? (patterns[index + 1] ?? null) : null }));
    applyProgram(program, words, command.stdin, findings);
  }
  return {
    known: findings.opaque.size === 0,
    effects: [...findings.effects],
    reads: [...findings.reads],
    writes: [...findings.writes],
    opaque: [...findings.opaque],
  };
}

function trusted(path: string): boolean {
  const slash = path.lastIndexOf("/");
  return path !== "" && (slash < 0 || FOLDERS.has(path.slice(0, slash)));
}

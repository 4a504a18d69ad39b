import { BUILTINS, type Operand } from "./builtins.ts";
import type { CommandFacts, FileName, ShellEffect } from "./facts.ts";
import { type Parsed, parseScript } from "./parse.ts";
import type { Place } from "./place.ts";
import type { describeProgram } from "./programs/describe.ts";
import { WRAPPERS } from "./wrappers/table.ts";
import type { Inner } from "./wrappers/wrapper.ts";

/** Commands of one line that are looked at. */
export const MAX_COMMANDS = 1_000;
/** Variables that one command may assign by its words. */
const MAX_NAMES = 1_000;
/** Programs that run each other, in one line. */
const MAX_DEPTH = 20;

/** Where distributions and administrators put programs. */
const FOLDERS = new Set(["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]);
/** Commands of the shell that keep what is assigned before them, or that assign what their operands name. */
const KEEPING = new Set(
  ": . break continue eval exec exit export readonly return set shift source times trap unset declare typeset local read getopts command builtin".split(
    " ",
  ),
);
/** Those of the shell's commands whose words are run by the shell itself, which knows its functions. */
const IN_SHELL = new Set(["eval", "trap"]);
/** Variables that change which programs the shell runs, what it reads, or what "~" is. */
const CHANGING =
  /^(PATH|HOME|IFS|ENV|BASH_ENV|BASH_FUNC_.*|BASHOPTS|SHELLOPTS|PS4|PROMPT_COMMAND|NULLCMD|READNULLCMD|ZDOTDIR|FPATH|SHELL|LD_.*|DYLD_.*|GCONV_PATH|GLIBC_TUNABLES|POSIXLY_CORRECT|MODULE_PATH)$/;

/** Tells what a call of a program does. */
export type Describe = typeof describeProgram;

/** A simple command with its words and redirections read. */
export interface Call {
  operands: readonly Operand[];
  reads: FileName[];
  writes: FileName[];
  effects: ShellEffect[];
  opaque: string[];
  /** Variables that are assigned before it. */
  assignments: readonly string[];
}

/** Collects commands, and those that they run by their arguments. */
export class ProgramReader {
  readonly commands: CommandFacts[] = [];
  readonly opaque = new Set<string>();
  readonly #readScript: (parsed: Parsed, at: Place) => void;

  readonly #describe: Describe;

  constructor(describe: Describe, readScript: (parsed: Parsed, at: Place) => void) {
    this.#describe = describe;
    this.#readScript = readScript;
  }

  /** Notes why commands may be missing. */
  miss(why: string): void {
    this.opaque.add(why);
  }

  /** No more commands are looked at; notes that. */
  isFull(): boolean {
    const full = this.commands.length >= MAX_COMMANDS;
    if (full) this.miss(`The line has more than ${MAX_COMMANDS} commands.`);
    return full;
  }

  /** Adds the command, and all that it runs; `at` gets what it assigns for those after it. */
  run(call: Call, at: Place): void {
    if (this.isFull()) return;
    const argv = call.operands.map(({ value }) => value);
    const path = argv[0] ?? "";
    const program = path.slice(path.lastIndexOf("/") + 1);
    const own = new Set([...at.assigned, ...call.assignments]);
    const facts: CommandFacts = {
      program,
      path,
      argv,
      via: [...at.via],
      runAs: at.runAs,
      host: at.host,
      reads: [...call.reads],
      writes: [...call.writes],
      assignments: [...own],
      stdin: at.stdin,
      known: false,
      effects: [...call.effects],
      opaque: [...new Set([...call.opaque, ...at.notes])],
    };
    this.commands.push(facts);
    const keeps = KEEPING.has(path) || at.functions.has(path);
    if (program === "") {
      facts.opaque.push("The program's name isn't static.");
    } else {
      this.#judgeShell(facts, call.operands, at);
      this.#fill(facts, call.operands, at);
      if (isTrusted(path) && !at.functions.has(path))
        this.#follow(facts, call.operands, { ...at, assigned: own });
    }
    facts.opaque = [...new Set(facts.opaque)];
    if (facts.opaque.length > 0) facts.known = false;
    if (keeps) at.assigned = new Set([...own, ...this.#namesIn(argv.slice(1))]);
  }

  /** Names that words may assign. */
  #namesIn(words: readonly (string | null)[]): string[] {
    const names = words.flatMap((word) => word?.match(/[A-Za-z_]\w*/g) ?? []);
    if (names.length > MAX_NAMES) this.miss(`A command of the line names more than ${MAX_NAMES} variables.`);
    return names.slice(0, MAX_NAMES);
  }

  /** What a name means to the shell before it looks for a program. */
  #judgeShell({ path, opaque, assignments }: CommandFacts, operands: readonly Operand[], at: Place): void {
    if (at.functions.has(path)) opaque.push(`"${path}" is a function of this line.`);
    const trouble = BUILTINS.get(path)?.(operands.slice(1));
    if (trouble !== undefined && trouble !== null) {
      opaque.push(trouble);
      if (path === "alias") this.miss("An alias changes what later words mean.");
    }
    const changing = assignments.find((name) => CHANGING.test(name));
    if (changing !== undefined) opaque.push(`${changing} is changed, so that another program may run.`);
  }

  #fill(facts: CommandFacts, operands: readonly Operand[], at: Place): void {
    const patterns = operands.map(({ pattern }) => pattern);
    const described = this.#describe(facts, { folder: at.folder, patterns });
    facts.known = described.known;
    facts.reads = union(facts.reads, described.reads);
    facts.writes = union(facts.writes, described.writes);
    facts.effects = union(facts.effects, described.effects);
    facts.opaque.push(...described.opaque);
  }

  #follow(facts: CommandFacts, operands: readonly Operand[], at: Place): void {
    const wrapper = WRAPPERS.get(facts.program);
    if (wrapper === undefined) return;
    const args = facts.argv.slice(1);
    const patterns = operands.slice(1).map(({ pattern }) => pattern);
    const { inner, opaque } = wrapper({ args, patterns, stdin: at.stdin, stdinText: at.stdinText });
    facts.opaque.push(...opaque);
    for (const one of inner) this.#runInner(one, facts, operands, at);
  }

  #runInner(inner: Inner, facts: CommandFacts, operands: readonly Operand[], at: Place): void {
    if (at.depth >= MAX_DEPTH) {
      facts.opaque.push(`More than ${MAX_DEPTH} programs run each other.`);
      return;
    }
    const place: Place = {
      ...at,
      via: [...at.via, facts.program],
      runAs: inner.runAs ?? (inner.host === undefined ? at.runAs : null),
      host: inner.host ?? at.host,
      stdin: inner.stdin ?? at.stdin,
      stdinText: inner.stdin === undefined ? at.stdinText : null,
      folder: inner.folder === undefined ? at.folder : inner.folder,
      assigned: new Set([...at.assigned, ...(inner.assignments ?? [])]),
      functions: IN_SHELL.has(facts.program) ? at.functions : new Set(),
      numbers: new Set(),
      bound: new Map(),
      settable: new Map(),
      steady: !IN_SHELL.has(facts.program),
      depth: at.depth + 1,
      notes: [...at.notes, ...(inner.opaque ?? [])],
    };
    if (typeof inner.run === "string") {
      const parsed = parseScript(inner.run);
      facts.opaque.push(...parsed.opaque);
      this.#readScript(parsed, place);
      return;
    }
    this.run(
      {
        operands: operandsOf(inner, inner.run, operands),
        reads: [],
        writes: [],
        effects: [],
        opaque: [],
        assignments: [],
      },
      place,
    );
  }
}

function isTrusted(path: string): boolean {
  const slash = path.lastIndexOf("/");
  return slash < 0 || FOLDERS.has(path.slice(0, slash));
}

/** The last of the wrapper's own words, where the inner command's are those. */
function operandsOf(
  { patterns }: Inner,
  run: readonly (string | null)[],
  outer: readonly Operand[],
): Operand[] {
  const last = outer.slice(-run.length);
  if (patterns === undefined && run.every((word, index) => word === last[index]?.value)) return last;
  return run.map((value, index) => ({
    value,
    pattern: patterns?.[index] ?? null,
    number: /^-?[0-9]{1,18}$/.test(value ?? ""),
    single: value !== null,
  }));
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])];
}

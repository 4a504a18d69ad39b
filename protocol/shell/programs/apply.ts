import { optionNames, parseOptions } from "./options.ts";
import type { Call, Findings, Program, Word } from "./program.ts";

const NAMES = new Map<string, ReadonlySet<string>>();

/** Whether `name` is among the options that `text` names. */
function among(text: string | undefined, name: string): boolean {
  if (text === undefined) return false;
  let names = NAMES.get(text);
  if (names === undefined) {
    names = new Set(optionNames(text).map(([option]) => option));
    NAMES.set(text, names);
  }
  return names.has(name);
}

/** Finds what a call of `program` with `words` (without its name) does. */
export function applyProgram(
  program: Program,
  words: readonly Word[],
  stdin: Call["stdin"],
  findings: Findings,
): void {
  const parsed = program.verbatim
    ? { options: [], operands: [...words] }
    : parseOptions(program, words, findings);
  const call: Call = { ...parsed, stdin };
  for (const { name, value } of call.options) {
    if (value !== null && among(program.reads, name)) findings.read(value);
    if (value !== null && among(program.writes, name)) {
      findings.write(value);
      findings.does("write");
    }
    for (const [names, effects] of Object.entries(program.does ?? {})) {
      if (among(names, name)) findings.does(...effects);
    }
  }
  if (program.subcommands !== undefined) {
    applySubcommand(program.subcommands, call, findings);
  } else {
    findings.does(...(program.effects ?? ["read"]));
    applyOperands(program, call, findings);
  }
  program.more?.(call, findings);
}

function applySubcommand(
  subcommands: Readonly<Record<string, Program>>,
  call: Call,
  findings: Findings,
): void {
  const first = call.operands[0];
  const name = first === undefined ? "" : first.text;
  const found = name === null ? undefined : rowNamed(subcommands, name);
  if (found === undefined) {
    findings.unknown(
      `The operand ${name === null ? "that names what to do" : JSON.stringify(name.slice(0, 80))} isn't known.`,
    );
    return;
  }
  applyProgram(found, call.operands.slice(1), call.stdin, findings);
}

function applyOperands(program: Program, call: Call, findings: Findings): void {
  const { operands } = call;
  if (operands.length > (program.most ?? Number.POSITIVE_INFINITY)) {
    findings.unknown("It has more operands than are understood.");
  }
  const deep = program.always === "deep" || call.options.some(({ name }) => among(program.deep, name));
  switch (program.operands ?? "text") {
    case "none":
      if (operands.some(({ text }) => text !== null) || (operands.length > 0 && !program.harmless)) {
        findings.unknown("It takes no operands.");
      }
      break;
    case "text":
      break;
    case "lists":
      for (const word of operands) findings.list(word);
      break;
    case "reads":
      for (const word of operands) findings.read(word, deep);
      break;
    case "writes":
      for (const word of operands) findings.write(word);
      break;
    case "text-then-reads": {
      const given = call.options.some(({ name }) => among(program.replaces, name));
      // Where the first word isn't static it may be none, and then the second is the text.
      const files = given ? operands : operands.slice(1);
      for (const word of files) findings.read(word, deep);
      if (deep && files.length === 0) findings.read({ text: ".", pattern: null }, true);
      break;
    }
  }
}

const ROWS = new WeakMap<Readonly<Record<string, Program>>, Map<string, Program>>();

/** The row of `table` that has `name` among the names of its key. */
export function rowNamed(table: Readonly<Record<string, Program>>, name: string): Program | undefined {
  let rows = ROWS.get(table);
  if (rows === undefined) {
    rows = new Map(
      Object.entries(table).flatMap(([names, row]) => names.split(" ").map((each) => [each, row] as const)),
    );
    ROWS.set(table, rows);
  }
  return rows.get(name);
}

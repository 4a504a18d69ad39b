import type { Findings, Program, Word } from "./program.ts";

type Value = "none" | "required" | "attached";

/** The options of a program, read from its row once. */
interface OptionTable {
  value: Map<string, Value>;
}

const TABLES = new WeakMap<Program, OptionTable>();

/** The names that a row's text has, as "-a" and "--all", with the kind of value that each takes. */
export function optionNames(text: string): [string, Value][] {
  const names: [string, Value][] = [];
  for (const token of text.split(/\s+/)) {
    if (token === "") continue;
    const long = token.match(/^(--?[^=]+?)(=\??)?$/);
    if (token.startsWith("-") && long !== null) {
      names.push([long[1]!, long[2] === undefined ? "none" : long[2] === "=" ? "required" : "attached"]);
      continue;
    }
    for (const [, letter, mark] of token.matchAll(/(.)([:?]?)/gu)) {
      names.push([`-${letter}`, mark === ":" ? "required" : mark === "?" ? "attached" : "none"]);
    }
  }
  return names;
}

function tableOf(program: Program): OptionTable {
  let table = TABLES.get(program);
  if (table === undefined) {
    const texts = [
      program.options,
      program.reads,
      program.writes,
      program.deep,
      ...Object.keys(program.does ?? {}),
    ];
    table = { value: new Map(texts.flatMap((text) => optionNames(text ?? ""))) };
    TABLES.set(program, table);
  }
  return table;
}

export interface ParsedOptions {
  options: { name: string; value: Word | null }[];
  operands: Word[];
}

/**
 * Reads `words` as getopt_long(3) does, but for abbreviated long options, which aren't understood. A word that isn't
 * static is an operand, and unless it can't be an option or the program has none that matters, the call isn't
 * understood.
 */
export function parseOptions(program: Program, words: readonly Word[], findings: Findings): ParsedOptions {
  const { value: table } = tableOf(program);
  const options: ParsedOptions["options"] = [];
  const operands: Word[] = [];
  let index = 0;
  const next = (name: string): Word | null => {
    const word = words[index];
    if (word === undefined) {
      findings.unknown(`The option ${name} lacks its value.`);
      return null;
    }
    index++;
    // Unquoted it may be several words, of which the second is an option.
    if (word.text === null && !program.harmless) findings.unknown(`The value of ${name} isn't static.`);
    return word;
  };
  while (index < words.length) {
    const word = words[index]!;
    index++;
    const { text } = word;
    if (text === null) {
      if (!program.harmless && mayBeOption(word))
        findings.unknown("A word that isn't static may be an option.");
      operands.push(word);
    } else if (text === "--") {
      operands.push(...words.slice(index));
      break;
    } else if (!text.startsWith("-") || text === "-") {
      operands.push(word);
      if (program.first) {
        operands.push(...words.slice(index));
        break;
      }
    } else if (program.numbers && /^-[0-9]+$/.test(text)) {
      options.push({ name: "-0", value: null });
    } else if (text.startsWith("--") || table.has(text)) {
      const equals = text.indexOf("=");
      const name = equals < 0 ? text : text.slice(0, equals);
      const kind = table.get(name);
      if (kind === undefined || (kind === "none" && equals >= 0)) {
        findings.unknown(`The option ${name} isn't known.`);
      } else if (equals >= 0) {
        options.push({ name, value: { text: text.slice(equals + 1), pattern: null } });
      } else {
        options.push({ name, value: kind === "required" ? next(name) : null });
      }
    } else {
      cluster(text, table, options, next, findings);
    }
  }
  return { options, operands };
}

function cluster(
  text: string,
  table: OptionTable["value"],
  options: ParsedOptions["options"],
  next: (name: string) => Word | null,
  findings: Findings,
): void {
  for (let at = 1; at < text.length; at++) {
    const name = `-${text[at]}`;
    const rest = text.slice(at + 1);
    const kind = table.get(name);
    if (kind === undefined) {
      findings.unknown(`The option ${name} isn't known.`);
      return;
    }
    if (kind === "none") {
      options.push({ name, value: null });
      continue;
    }
    const attached = rest === "" ? null : { text: rest, pattern: null };
    options.push({ name, value: attached ?? (kind === "required" ? next(name) : null) });
    return;
  }
}

function mayBeOption(word: Word): boolean {
  const start = word.pattern?.match(/^[^*?[]*/)?.[0];
  return start === undefined || start === "" || start.startsWith("-");
}

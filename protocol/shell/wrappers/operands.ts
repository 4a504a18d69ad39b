import { has, lastValue, readOptions } from "./options.ts";
import { type Call, type Inner, type Reading, runs, unknown, type Wrapper } from "./wrapper.ts";

/** xargs adds what it reads to the words, or puts it in their place: those are null. */
const xargs: Wrapper = ({ args }) => {
  const options = readOptions(args, {
    flags: "0oprtx",
    values: "adEILnPs",
    optional: "eil",
    long: "--null --open-tty --interactive --no-run-if-empty --verbose --exit --arg-file= --delimiter= --eof=? --replace=? --max-lines=? --max-args= --max-procs= --max-chars= --process-slot-var=",
  });
  if (typeof options === "string") return unknown(options);
  if (has(options, "process-slot-var")) return unknown("It sets a variable.");
  const words = options.rest.length === 0 ? ["echo"] : options.rest;
  const stdin = { stdin: "file" } as const;
  if (!has(options, "I", "i", "replace")) return runs([...words, null], stdin);
  const mark = lastValue(options, "I", "i", "replace");
  if (mark === "") return unknown("What it replaces is nothing.");
  return runs(replaced(words, mark ?? "{}"), stdin);
};

function replaced(words: readonly (string | null)[], mark: string): (string | null)[] {
  return words.map((word) => (word?.includes(mark) ? null : word));
}

/** A word that isn't static could be "-exec" or ";", unless it is a pattern of paths. */
const find: Wrapper = ({ args, patterns }: Call): Reading => {
  const inner: Inner[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === null) {
      if (/^(\/|\.\/|~|\w)/.test(patterns[index] ?? "")) continue;
      return { inner, opaque: ["A word that may be a part of its expression isn't static."] };
    }
    if (!/^-(exec|ok)(dir)?$/.test(word)) continue;
    const start = index + 1;
    while (index < args.length && args[index] !== ";" && !(args[index] === "+" && args[index - 1] === "{}"))
      index++;
    const words = args.slice(start, index);
    if (words.includes(null) || words.length === 0 || index === args.length) {
      return { inner, opaque: ["The command that it runs isn't static."] };
    }
    if (word.endsWith("dir")) inner.push({ run: replaced(words, "{}"), folder: null });
    else for (const start of startingPoints(args)) inner.push(...found(words, start));
  }
  return { inner, opaque: [] };
};

/** Where `find` begins: null where that isn't static. */
function startingPoints(args: readonly (string | null)[]): (string | null)[] {
  const after = args.findIndex((word) => word === null || !/^(-[HLP]|-O[0-3])$/.test(word));
  const rest = args.slice(after);
  const end = rest.findIndex((word) => word !== null && /^[-(!,)]/.test(word));
  const paths = rest.slice(0, end);
  return paths.length === 0 ? ["."] : paths;
}

/** The command for the starting point itself, and for what is below it: names of it begin with that. */
function found(words: readonly (string | null)[], start: string | null): Inner[] {
  const run = replaced(words, "{}");
  if (start === null || !run.includes(null) || /[*?[\]\\]/.test(start)) return [{ run }];
  const alone = (index: number) => words[index] === "{}";
  const below = `${start.replace(/\/+$/, "")}/**`;
  return [
    { run: run.map((word, index) => (alone(index) ? start : word)) },
    { run, patterns: words.map((_, index) => (alone(index) ? below : null)) },
  ];
}

export const OPERANDS: Readonly<Record<string, Wrapper>> = { xargs, find };

/** Options that a program has: letters and long names, without and with a value. */
export interface OptionTable {
  /** Letters without a value: "EHn". */
  flags?: string;
  /** Letters with a value: "ug". */
  values?: string;
  /** Letters that may have a value, in the same word only. */
  optional?: string;
  /** Long names: "--user=" has a value, "--preserve-env=?" may have one after "=", "--stdin" has none. */
  long?: string;
  /** A word "-5" is an option (nice, xargs of old). */
  number?: boolean;
}

/** It may become several words, of which the second is no value. */
const VALUE = "The value of an option isn't static.";

export interface Options {
  /** Names without dashes, in order; with their values. */
  given: [name: string, value: string | undefined][];
  /** The words from the first that is no option. */
  rest: readonly (string | null)[];
}

/**
 * Reads options as POSIX 12.2 does: up to "--" or the first word that is none. An option that the table lacks, an
 * abbreviated long one, or a word in their midst that isn't static is the reason, in words, why they can't be read.
 */
export function readOptions(args: readonly (string | null)[], table: OptionTable): Options | string {
  const long = new Map<string, "none" | "value" | "optional">();
  for (const option of table.long?.split(" ") ?? []) {
    const [, name, kind] = option.match(/^--?([^=]+)(=\??)?$/)!;
    long.set(name!, kind === undefined ? "none" : kind === "=" ? "value" : "optional");
  }
  const given: Options["given"] = [];
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index]!;
    if (word === null) return "A word that may be an option isn't static.";
    if (word === "--") return { given, rest: args.slice(index + 1) };
    if (!word.startsWith("-") || word === "-") break;
    if (table.number && /^-\d+$/.test(word)) {
      given.push(["number", word.slice(1)]);
      continue;
    }
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const kind = long.get(name);
      const value = equals < 0 ? undefined : word.slice(equals + 1);
      if (kind === undefined || (kind === "none" && value !== undefined)) return unknownOption(word);
      if (kind === "value" && value === undefined) {
        if (++index >= args.length) return `The option ${word} lacks its value.`;
        if (args[index] === null) return VALUE;
        given.push([name, args[index]!]);
      } else {
        given.push([name, value]);
      }
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const rest = word.slice(at + 1);
      if (table.flags?.includes(letter)) {
        given.push([letter, undefined]);
      } else if (table.optional?.includes(letter)) {
        given.push([letter, rest === "" ? undefined : rest]);
        break;
      } else if (table.values?.includes(letter)) {
        if (rest === "" && ++index >= args.length) return `The option -${letter} lacks its value.`;
        const value = rest === "" ? args[index]! : rest;
        if (value === null) return VALUE;
        given.push([letter, value]);
        break;
      } else {
        return unknownOption(word);
      }
    }
  }
  return { given, rest: args.slice(index) };
}

function unknownOption(word: string): string {
  return `The option ${JSON.stringify(word)} isn't known.`;
}

export function has({ given }: Options, ...names: string[]): boolean {
  return given.some(([name]) => names.includes(name));
}

/** The last value given to an option of these names; undefined where there is none. */
export function lastValue({ given }: Options, ...names: string[]): string | undefined {
  return given.findLast(([name]) => names.includes(name))?.[1];
}

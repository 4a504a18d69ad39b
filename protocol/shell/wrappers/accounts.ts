import type { FileName } from "../facts.ts";
import { fileName } from "../programs/file-name.ts";
import { has, lastValue, readOptions } from "./options.ts";
import { accountName } from "./plain.ts";
import { ALONE, type Inner, type Reading, runs, unknown, type Wrapper } from "./wrapper.ts";

const ASSIGNMENT = /^([A-Za-z_]\w*)=/;

/** Programs that run a command as another account. */
export const ACCOUNTS: Readonly<Record<string, Wrapper>> = {
  sudo: ({ args }) => {
    const options = readOptions(args, {
      flags: "ABbEHiKklNnPSsVv",
      values: "CDgpRrTtUu",
      long: "--askpass --bell --background --preserve-env=? --set-home --login --remove-timestamp --reset-timestamp --list --no-update --non-interactive --preserve-groups --stdin --shell --version --validate --close-from= --chdir= --group= --prompt= --chroot= --role= --command-timeout= --type= --other-user= --user=",
    });
    if (typeof options === "string") return unknown(options);
    if (has(options, "l", "list", "v", "validate", "V", "version", "K", "remove-timestamp")) return ALONE;
    if (has(options, "R", "chroot", "g", "group", "r", "role", "t", "type")) {
      return unknown("It runs in another root, group or security context.");
    }
    const user = lastValue(options, "u", "user");
    const { rest, names, trouble } = afterAssignments(options.rest);
    if (trouble !== null) return unknown(trouble);
    const shell = has(options, "i", "login", "s", "shell");
    if (rest.length === 0) {
      if (shell) return unknown("It runs an interactive shell.");
      return ALONE;
    }
    // With -i and -s it is a shell that gets the words, quoted but for "$".
    if (shell && rest.some((word) => word?.includes("$") !== false)) {
      return unknown("Its shell may expand what isn't static.");
    }
    const chdir = lastValue(options, "D", "chdir");
    const changes: Omit<Inner, "run"> = { runAs: accountName(user ?? "root"), assignments: names };
    if (has(options, "i", "login")) changes.folder = null;
    if (chdir !== undefined) changes.folder = folderNamed(chdir);
    return runs(rest, changes);
  },
  doas: ({ args }) => {
    const options = readOptions(args, { flags: "nLs", values: "u" });
    if (typeof options === "string") return unknown(options);
    if (has(options, "L")) return ALONE;
    const user = lastValue(options, "u");
    if (has(options, "s") || options.rest.length === 0) return unknown("It runs an interactive shell.");
    return runs(options.rest, { runAs: accountName(user ?? "root") });
  },
  pkexec: ({ args }) => {
    const options = readOptions(args, { long: "--user= --disable-internal-agent --keep-cwd" });
    if (typeof options === "string") return unknown(options);
    const user = lastValue(options, "user");
    if (options.rest.length === 0) return unknown("It runs an interactive shell.");
    return runs(options.rest, { runAs: accountName(user ?? "root"), folder: null });
  },
  gosu: ({ args }) => userThenCommand(args),
  "su-exec": ({ args }) => userThenCommand(args),
  su: ({ args }) => switchUser(args),
  runuser: ({ args }) => {
    const options = readOptions(args, { values: "u", long: "--user=" });
    if (typeof options === "string" || !has(options, "u", "user")) return switchUser(args);
    const user = lastValue(options, "u", "user");
    return options.rest.length === 0 ? ALONE : runs(options.rest, { runAs: accountName(user!) });
  },
  env: ({ args }) => environment(args, 0),
};

function folderNamed(value: string): FileName | null {
  return value.startsWith("/") || value.startsWith("~") ? fileName(value, null) : null;
}

function userThenCommand([user, ...rest]: readonly (string | null)[]): Reading {
  if (user === undefined) return ALONE;
  if (user === null || user.startsWith("-")) return unknown("The account isn't static.");
  return rest.length === 0 ? ALONE : runs(rest, { runAs: accountName(user.split(":")[0]!) });
}

/** `su` of util-linux: options may stand after the account, and what else follows it goes to the shell. */
function switchUser(args: readonly (string | null)[]): Reading {
  let login = false;
  let line: string | null | undefined;
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === null) return unknown("A word that may be an option isn't static.");
    if (word === "-c" || word === "--command" || word === "--session-command") line = args[++index] ?? null;
    else if (/^--(session-)?command=/.test(word)) line = word.slice(word.indexOf("=") + 1);
    else if (word === "-lc" || word === "-pc" || word === "-mc") {
      login ||= word === "-lc";
      line = args[++index] ?? null;
    } else if (word === "-s" || word === "--shell" || word.startsWith("--shell=")) {
      const shell = word.startsWith("--shell=") ? word.slice(8) : args[++index];
      if (!/^(\/usr)?\/bin\/(ba|da|k|z)?sh$/.test(shell ?? "")) return unknown("Its shell isn't known.");
    } else if (word === "-" || word === "-l" || word === "--login") login = true;
    else if (/^(-m|-p|-P|-f|--preserve-environment|--pty)$/.test(word)) continue;
    else if (word.startsWith("-")) return unknown(`The option ${JSON.stringify(word)} isn't known.`);
    else operands.push(word);
  }
  if (operands.length > 1) return unknown("Its shell gets arguments.");
  if (line === undefined) return unknown("It runs an interactive shell.");
  if (line === null) return unknown("Its script isn't static.");
  return runs(line, { runAs: accountName(operands[0] ?? "root"), ...(login ? { folder: null } : {}) });
}

/** `env`, with strings that it takes apart itself (-S) as far as they have no quotes. */
function environment(args: readonly (string | null)[], splits: number): Reading {
  const options = readOptions(args, {
    flags: "i0v",
    values: "uC",
    long: "--ignore-environment --null --debug --unset= --chdir=",
  });
  if (typeof options === "string") return splitString(args, splits) ?? unknown(options);
  const plain = options.rest[0] === "-" ? options.rest.slice(1) : options.rest;
  const { rest, names, trouble } = afterAssignments(plain);
  if (trouble !== null) return unknown(trouble);
  if (rest.length === 0) return ALONE;
  const changes: Omit<Inner, "run"> = { assignments: names };
  const chdir = lastValue(options, "C", "chdir");
  if (chdir !== undefined) changes.folder = folderNamed(chdir);
  return runs(rest, changes);
}

function splitString(args: readonly (string | null)[], splits: number): Reading | null {
  const index = args.findIndex((word) => word === null || !/^-[i0v]+$/.test(word));
  const before = args.slice(0, index);
  const [first, ...rest] = args.slice(index);
  const attached = first?.match(/^(?:-[i0v]*S|--split-string=)([\s\S]*)$/)?.[1];
  if (index < 0 || attached === undefined || splits > 3) return null;
  const text = attached === "" ? rest.shift() : attached;
  if (typeof text !== "string" || /['"\\$#]/.test(text)) return unknown("What it takes apart isn't plain.");
  const words = text.split(/[ \t\n]+/).filter((word) => word !== "");
  return environment([...before, ...words, ...rest], splits + 1);
}

function afterAssignments(words: readonly (string | null)[]): {
  rest: readonly (string | null)[];
  names: string[];
  trouble: string | null;
} {
  const names: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word === null) {
      return { rest: [], names, trouble: "A word that may be an assignment or a command isn't static." };
    }
    const name = word.match(ASSIGNMENT)?.[1];
    if (name === undefined) {
      // "a-b=c" is an assignment for env and the like, though for no shell.
      if (word.includes("=")) return { rest: [], names, trouble: "An assignment has an unusual name." };
      return { rest: words.slice(index), names, trouble: null };
    }
    names.push(name);
  }
  return { rest: [], names, trouble: null };
}

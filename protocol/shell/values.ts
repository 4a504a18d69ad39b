import {
  type Assignment,
  type CompoundList,
  forEachChild,
  type Statement,
  type SyntaxNode,
  type Word,
  type WordPart,
} from "unbash";
import { NAME } from "./disagreements.ts";
import type { Place } from "./place.ts";
import { readParts, readWord, type WordReading } from "./words.ts";

/**
 * The variables that certainly have been set by the line where a command stands, with the values that each may have
 * there; null where those aren't static.
 */
export type Bound = ReadonlyMap<string, readonly string[] | null>;

/** Readings of one command that values lead to. */
const MAX_READINGS = 50;

/**
 * A value that stays one word in every shell, quoted or not, and means the same when it stands in the variable's place
 * in the text.
 */
const PLAIN_VALUE = /^[A-Za-z0-9_./@%+-][A-Za-z0-9_./@%+:,-]*$/;

/** `word` as a value of a variable; null where another shell could make something else of it. */
export function plainValue(word: Word | undefined): string | null {
  const value = word === undefined ? null : readWord(word).value;
  return value !== null && PLAIN_VALUE.test(value) ? value : null;
}

/** Every way to give the variables in `words` their values; one way, with none, where those are too many. */
export function choices(words: readonly Word[], bound: Bound): ReadonlyMap<string, string>[] {
  const names = new Set(words.flatMap((word) => expansions(word.parts).flatMap(({ name }) => name ?? [])));
  let found: ReadonlyMap<string, string>[] = [new Map()];
  for (const name of names) {
    const values = bound.get(name);
    if (values === undefined || values === null) continue;
    if (found.length * values.length > MAX_READINGS) return [new Map()];
    found = found.flatMap((choice) => values.map((value) => new Map([...choice, [name, value]])));
  }
  return found;
}

/** Reads a word in which these variables have these values. */
export function readWith(word: Word, values: ReadonlyMap<string, string>): WordReading {
  if (values.size === 0) return readWord(word);
  const found = expansions(word.parts);
  // What stands around them must not become special by a value: "~$x", "{$x,b}".
  if (found.length === 0 || /[~{}]/.test(word.text.replace(/\$\{\w+\}/g, ""))) return readWord(word);
  let text = "";
  let at = 0;
  for (const { name, part } of found) {
    const value = name === null ? undefined : values.get(name);
    const [start, end] = [part.pos - word.pos, part.end - word.pos];
    const next = word.text[end] ?? "";
    // zsh reads "$x:t" and "$x[1]" as one.
    if (value === undefined || word.text.slice(start, end) !== part.text || !ends(part, next)) {
      return readWord(word);
    }
    text += word.text.slice(at, start) + value;
    at = end;
  }
  text += word.text.slice(at);
  return readParts(text, undefined, null);
}

/** What follows is no part of the expansion in any shell. */
function ends({ type }: WordPart, next: string): boolean {
  return /^[\s"/.,=@%$-]?$/.test(next) || (type === "ParameterExpansion" && /\w/.test(next));
}

interface Expansion {
  /** The variable whose value it is; null where it is anything else. */
  name: string | null;
  part: WordPart;
}

function expansions(parts: readonly WordPart[] | undefined): Expansion[] {
  return (parts ?? []).flatMap((part): Expansion[] => {
    if (part.type === "Literal" || part.type === "SingleQuoted" || part.type === "Glob") return [];
    if (part.type === "DoubleQuoted") return expansions(part.parts);
    const name = part.text.match(/^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$/);
    const plain = part.type === "SimpleExpansion" || part.type === "ParameterExpansion";
    return [{ name: plain ? (name?.[1] ?? name?.[2] ?? null) : null, part }];
  });
}

/** Variables of every account's environment, or of the shell's own, that hold no secret. */
const WITHOUT_SECRETS =
  /^(HOME|USER|LOGNAME|PWD|OLDPWD|PATH|SHELL|LANG|LC_[A-Z]+|TERM|TZ|HOSTNAME|UID|EUID|PPID|RANDOM|SECONDS|LINENO|EPOCHSECONDS|_)$/;

/**
 * Whether a variable expands in `node` that the line hasn't set: it is the environment's, or one that the account's
 * start-up files set, and may hold a password. Commands in it are looked at by themselves.
 */
export function expandsEnvironment(node: SyntaxNode, bound: Bound): boolean {
  if (node.type === "Script") return false;
  const name =
    node.type === "SimpleExpansion"
      ? node.text.slice(1)
      : node.type === "ParameterExpansion"
        ? node.parameter
        : "";
  if (/^[A-Za-z_]/.test(name) && !WITHOUT_SECRETS.test(name) && !bound.has(name)) return true;
  let found = false;
  forEachChild(node, (child) => {
    found ||= expandsEnvironment(child, bound);
  });
  return found;
}

/** Adds what `node`, which has run, has certainly set. With a redirection, or in an expression, it may have failed. */
export function bind(node: Statement["command"], at: Place): void {
  if (node.type !== "Command" || node.name !== undefined || node.redirects.length > 0) return;
  const plain = node.prefix.filter((part): part is Assignment => part.type === "Assignment");
  if (plain.some(({ text }) => /\$\(\(|\$\[|\?/.test(text))) return;
  bindNames(
    plain.map(({ name }) => name),
    at,
  );
}

/** What `read` has set where it has succeeded: the words after it are names only. */
export function readNames(list: CompoundList): string[] {
  const last = list.commands.at(-1);
  if (last === undefined || last.background || last.command.type !== "Command") return [];
  const { name, args } = last.command;
  if (name === undefined || readWord(name).value !== "read") return [];
  const words = args.map((word) => (word.type === "Word" ? readWord(word).value : null));
  const names = words.filter((word) => word !== "-r");
  return names.every((word) => word !== null && NAME.test(word)) ? (names as string[]) : [];
}

/** Adds those of the variables that can't have failed to be set. */
export function bindNames(names: readonly string[], at: Place): void {
  const known = names.filter((name) => at.settable.has(name));
  if (known.length === 0) return;
  at.bound = new Map([...at.bound, ...known.map((name) => [name, at.settable.get(name)!] as const)]);
}

import type { Word, WordPart } from "unbash";

/** What a word becomes, as far as its text alone says so. */
export interface WordReading {
  /**
   * The one field that it becomes in every shell; null where that depends on variables, files, substitutions or the
   * shell. A leading "~" stands for the account's home: a word with a "~" of its own at the front is null.
   */
  value: string | null;
  /** The pattern, where it becomes names of files: "/var/log/*.log". Null for all others. */
  pattern: string | null;
  /** Why shells don't agree on where it ends or on what runs in it; null where they do. */
  disagreement: string | null;
}

const STATIC: ReadonlySet<WordPart["type"]> = new Set([
  "Literal",
  "SingleQuoted",
  "DoubleQuoted",
  "Glob",
  "BraceExpansion",
]);

const DYNAMIC: WordReading = { value: null, pattern: null, disagreement: null };

/** Reads a word of a command. What stands in its expansions is looked at by `disagreements`. */
export function readWord(word: Word): WordReading {
  return readParts(word.text, word.parts, word.value);
}

/** The same for `text` with these `parts`, which `parsed` is the value of, by the parser. */
export function readParts(
  text: string,
  parts: readonly WordPart[] | undefined,
  parsed: string | null,
): WordReading {
  if (parts?.some((part) => !isStatic(part))) return DYNAMIC;
  const reading = readStatic(text);
  if (reading.value === null || parsed === null || reading.value === parsed) return reading;
  return disagree(`Two readings of ${JSON.stringify(text)} differ.`);
}

function isStatic(part: WordPart): boolean {
  if (!STATIC.has(part.type)) return false;
  if (part.type === "DoubleQuoted") return part.parts.every(isStatic);
  return part.type === "Literal" || part.type === "SingleQuoted" || !("parts" in part)
    ? true
    : (part.parts ?? []).every(isStatic);
}

function disagree(disagreement: string): WordReading {
  return { value: null, pattern: null, disagreement };
}

/** What the walk over a word has found so far. */
interface Scan {
  text: string;
  at: number;
  value: string;
  /** Not one field for all shells, though they agree on where it ends. */
  varies: boolean;
  glob: boolean;
  /** A character that is quoted and would be special in a pattern. */
  quotedGlob: boolean;
}

/** POSIX 2.2 for a word without expansions. */
function readStatic(text: string): WordReading {
  if (text === "{" || text === "}") {
    return disagree("zsh ends a group at a lone brace, wherever it stands.");
  }
  const scan: Scan = { text, at: 0, value: "", varies: false, glob: false, quotedGlob: false };
  while (scan.at < text.length) {
    const trouble = step(scan);
    if (trouble !== null) return disagree(trouble);
  }
  // zsh: "=ls" is the path of ls.
  if (/^=./.test(text) && text !== "==" && text !== "=~") scan.varies = true;
  if (/[{}]/.test(unquoted(text).replaceAll("{}", ""))) scan.varies = true;
  // A "~" after quotes is one of its own.
  if (scan.value.startsWith("~") && !text.startsWith("~")) scan.varies = true;
  if (scan.varies) return DYNAMIC;
  if (scan.glob) {
    return { value: null, pattern: scan.quotedGlob ? null : scan.value, disagreement: null };
  }
  return { value: scan.value, pattern: null, disagreement: null };
}

/** `text` without what is quoted. */
function unquoted(text: string): string {
  return text.replace(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"/g, "");
}

function step(scan: Scan): string | null {
  const { text, at } = scan;
  const character = text[at]!;
  switch (character) {
    case "'": {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return "A quote isn't closed.";
      quote(scan, text.slice(at + 1, end), end + 1);
      return null;
    }
    case '"':
      return doubleQuoted(scan);
    case "\\":
      if (at + 1 >= text.length) return "It ends with a backslash.";
      quote(scan, text[at + 1] === "\n" ? "" : text[at + 1]!, at + 2);
      return null;
    case "$":
      if (at + 1 < text.length && !/[.,/%]/.test(text[at + 1]!)) {
        return "Shells read what follows a $ in different ways.";
      }
      break;
    case "`":
    case "(":
    case ")":
    case "|":
    case "&":
    case ";":
    case "<":
    case ">":
    case " ":
    case "\t":
    case "\n":
      return `${JSON.stringify(character)} stands in a word without quotes.`;
    case "*":
    case "?":
      scan.glob = true;
      break;
    case "[":
      if (text !== "[" && text !== "[[") scan.glob = true;
      break;
    case "~":
      // "~user", and tildes that some shells expand after ":" and "=".
      if (at === 0 ? text.length > 1 && text[1] !== "/" : /[=:]/.test(text[at - 1]!)) scan.varies = true;
      break;
  }
  scan.value += character;
  scan.at++;
  return null;
}

function quote(scan: Scan, content: string, next: number): void {
  if (/[*?[\]\\]/.test(content)) scan.quotedGlob = true;
  scan.value += content;
  scan.at = next;
}

function doubleQuoted(scan: Scan): string | null {
  const { text } = scan;
  let content = "";
  let at = scan.at + 1;
  for (; ; at++) {
    const character = text[at];
    if (character === undefined) return "A quote isn't closed.";
    if (character === '"') break;
    if (character === "`") return "Backquotes stand where the parser saw none.";
    if (character === "$" && !/[\s"|)/,.%\\']/.test(text[at + 1] ?? "")) {
      return "Shells read what follows a $ in different ways.";
    }
    if (character !== "\\") {
      content += character;
      continue;
    }
    at++;
    const escaped = text[at];
    if (escaped === undefined) return "A quote isn't closed.";
    if (escaped !== "\n") content += /[$`"\\]/.test(escaped) ? escaped : `\\${escaped}`;
  }
  quote(scan, content, at + 1);
  return null;
}

/** The text of a here-document whose delimiter has no quotes; null where it has expansions. */
export function readHereDocument(body: string, parts: readonly WordPart[] | undefined): string | null {
  if (parts?.some(({ type }) => type !== "Literal")) return null;
  return /[$`]/.test(body.replace(/\\[$`]/g, ""))
    ? null
    : body.replace(/\\([$`\\\n])/g, (_, escaped: string) => (escaped === "\n" ? "" : escaped));
}

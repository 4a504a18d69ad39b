/** A mistake in a policy text. Line and column count from 1, columns in UTF-16 units. */
export interface PolicyProblem {
  line: number;
  column: number;
  message: string;
  /** What to do about it. */
  hint: string | null;
}

/** One policy of a text, as it stands there. */
export interface PolicySource {
  /** From its first annotation or keyword to its semicolon. */
  text: string;
  /** Where it begins in the whole text. */
  start: number;
  line: number;
}

/** UTF-8 bytes of a policy text. */
export const MAX_TEXT = 256 * 1024;
export const MAX_POLICIES = 1_000;
/** Brackets inside brackets of one policy. */
export const MAX_NESTING = 32;
/** Operators of one policy: each may be one more level of its expression. */
export const MAX_OPERATORS = 160;

/** Places in a text. */
export class Places {
  readonly #lines: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#lines.push(at + 1);
  }

  /** Line and column of an index into the text. */
  of(index: number): { line: number; column: number } {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: index - this.#lines[low]! + 1 };
  }
}

/** The index into `text` of a byte offset into its UTF-8 form, which is how Cedar counts. */
export function indexOfByte(text: string, byte: number): number {
  const bytes = new TextEncoder().encode(text);
  return new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(bytes.subarray(0, byte)).length;
}

/**
 * Splits a text into its policies, and finds what must not reach Cedar: it recurses on the depth of an expression,
 * and overflows its stack at some hundreds of levels, after which the instance answers nothing more.
 */
export function splitPolicies(text: string): { sources: PolicySource[]; problems: PolicyProblem[] } {
  const places = new Places(text);
  const sources: PolicySource[] = [];
  const problems: PolicyProblem[] = [];
  const problem = (at: number, message: string, hint: string) =>
    problems.push({ ...places.of(at), message, hint });
  if (new TextEncoder().encode(text).length > MAX_TEXT) {
    problem(0, `the text is larger than ${MAX_TEXT / 1024} KiB`, "Make it smaller.");
    return { sources, problems };
  }
  let start = -1;
  let nesting = 0;
  let operators = 0;
  let refused = false;
  const end = (until: number) => {
    if (start >= 0 && !refused) {
      sources.push({ text: text.slice(start, until), start, line: places.of(start).line });
    }
    start = -1;
    nesting = 0;
    operators = 0;
    refused = false;
  };
  const refuse = (message: string) => {
    if (!refused)
      problem(start, message, "Split it into several policies: each permit or forbid adds to the others.");
    refused = true;
  };
  for (const token of text.matchAll(TOKEN)) {
    const [word] = token;
    if (HIDDEN.test(word)) {
      problem(
        token.index + word.search(HIDDEN),
        "there is a control character, or one that reorders or hides what one reads",
        "Remove it; in a string, write it as \\u{…}.",
      );
      refused = true;
    }
    if (/^\s|^\/\//.test(word)) continue;
    if (start < 0) start = token.index;
    if (word === ";") end(token.index + 1);
    else if (OPENING.has(word)) nesting += 1;
    else if (CLOSING.has(word)) nesting -= 1;
    if (OPERATORS.has(word)) operators += 1;
    if (word === "?principal" || word === "?resource") {
      problem(
        token.index,
        `templates are not supported: ${word}`,
        'Name the entity: principal == Principal::"NAME", or principal in Group::"NAME".',
      );
      refused = true;
    }
    if (nesting > MAX_NESTING) refuse(`a policy nests brackets deeper than ${MAX_NESTING}`);
    if (operators > MAX_OPERATORS) refuse(`a policy has more than ${MAX_OPERATORS} operators`);
  }
  end(text.length);
  if (sources.length > MAX_POLICIES) {
    problem(
      sources[MAX_POLICIES]!.start,
      `there are more than ${MAX_POLICIES} policies`,
      "Use fewer policies.",
    );
    return { sources: [], problems };
  }
  return { sources, problems };
}

/**
 * Space, comments, strings, words, operators of two characters, anything else. An unclosed string ends with the
 * text, whatever its last character: else each of its quotes would be tried as a beginning.
 */
const TOKEN = /\s+|\/\/[^\n\r]*|"(?:[^"\\]+|\\(?:[\s\S]|$))*(?:"|$)|\?\w+|\w+|&&|\|\||[\s\S]/gu;
const OPENING = new Set(["(", "[", "{"]);
const CLOSING = new Set([")", "]", "}"]);
/** What can be repeated without brackets and makes the expression deeper each time. */
const OPERATORS = new Set(["&&", "||", "+", "-", "*", "!", ".", "[", "if", "when", "unless"]);
/** Others than tab and line ends: controls, marks without width, and those that reorder (the "Trojan Source" attack). */
const HIDDEN = /[^\P{Cc}\t\n\r]|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

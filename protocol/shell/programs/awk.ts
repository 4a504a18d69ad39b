import type { Findings, Program } from "./program.ts";

/** awk(1): a program is understood where it only reads its input and prints. */
export const AWK: Program = {
  options: "F:v: --field-separator= --assign= --version --help -W",
  does: { "f: --file=": ["run-code"] },
  first: true,
  more(call, findings) {
    if (call.options.some(({ name }) => name === "-f" || name === "--file" || name === "-W")) {
      findings.unknown("Its program is in a file.");
      return;
    }
    const [program, ...files] = call.operands;
    if (program === undefined) return;
    if (program.text === null) findings.unknown("Its program isn't static.");
    else understand(program.text, findings);
    for (const file of files) {
      // "name=value" sets a variable.
      if (file.text === null || !/^[A-Za-z_]\w*=/.test(file.text)) findings.read(file);
    }
  },
};

/** Whole words that run, read or change more than the input, wherever they stand: also in strings. */
const BEYOND = /\b(?:system|getline|ARGV|ARGC|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|extension|close)\b|@|\/inet/;
/** After a name, a number or a string a slash divides; after these words it doesn't. */
const DIVIDES = /[\w."]$/;
const KEYWORD =
  /\b(?:print|printf|return|in|case|else|do|exit|BEGIN|END|if|while|for|switch|delete|next|nextfile)$/;

function understand(program: string, findings: Findings): void {
  if (BEYOND.test(program)) {
    findings.does("run-code");
    findings.unknown("Its program runs or reads more than its input.");
    return;
  }
  const code = withoutTexts(program);
  if (code === null) {
    findings.unknown("Its program isn't understood.");
    return;
  }
  if (/\|/.test(code.replaceAll("||", ""))) {
    findings.does("run-code");
    findings.unknown("Its program runs commands.");
  }
  for (const [statement] of code.matchAll(/\bprintf?\b[^;}\n]*/g)) {
    // A comparison in what is printed stands in parentheses.
    const bare = withoutParentheses(statement);
    if (!bare.includes(">")) continue;
    findings.does("write");
    findings.write({ text: null, pattern: null });
  }
}

function withoutParentheses(text: string): string {
  let inner = text;
  for (;;) {
    const next = inner.replace(/\([^()]*\)/g, "_");
    if (next === inner) return inner;
    inner = next;
  }
}

/**
 * The program with `""` and `//` in the place of strings and regular expressions, without comments; null where it
 * can't be told what a slash is: after ")" or "++" it may divide or begin an expression.
 */
function withoutTexts(program: string): string | null {
  let code = "";
  for (let at = 0; at < program.length; at++) {
    const char = program[at]!;
    if (char === "#") {
      while (at < program.length && program[at] !== "\n") at++;
      code += "\n";
    } else if (char === '"') {
      at = endOf(program, at, '"');
      if (at < 0) return null;
      code += '""';
    } else if (char === "/") {
      const before = code.replace(/[ \t]+$/, "");
      const dubious = /(?:\)|\]|\+\+|--|\/|\blength)$/.test(before);
      if (dubious) {
        // Harmless whichever it is, while nothing in the whole program could be hidden by it.
        if (/[|>"]/.test(program)) return null;
        code += "/";
      } else if (!DIVIDES.test(before) || KEYWORD.test(before)) {
        at = endOf(program, at, "/");
        if (at < 0) return null;
        code += "//";
      } else {
        code += "/";
      }
    } else if (char === "\\" && program[at + 1] === "\n") {
      at++;
      code += " ";
    } else {
      code += char;
    }
  }
  return code;
}

function endOf(program: string, begin: number, end: string): number {
  let bracket = false;
  for (let at = begin + 1; at < program.length; at++) {
    const char = program[at]!;
    if (char === "\\") at++;
    else if (char === "\n") return -1;
    else if (char === end) return bracket && end === "/" ? -1 : at;
    else if (char === "[") bracket = true;
    else if (char === "]") bracket = false;
  }
  return -1;
}

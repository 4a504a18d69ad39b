import {
  type ArithmeticExpression,
  type Command,
  forEachChild,
  type SyntaxNode,
  type Word,
  type WordPart,
} from "unbash";
import { harmlessVariable } from "./programs/builtins.ts";
import { plainValue } from "./values.ts";
import { readWord } from "./words.ts";

/** Variables of a line that are followed; what is looked at grows as their square. */
export const MAX_VARIABLES = 500;

/** What a script does to its variables and functions, wherever in it. */
export interface Bindings {
  /** Variables that it sets. */
  assigned: Set<string>;
  /** Functions that it defines. */
  functions: Set<string>;
  /**
   * Variables that hold nothing but whole numbers. In an expression any other is an expression itself: with
   * `x='a[$(reboot)]'`, `$((x))` reboots.
   */
  numbers: Set<string>;
  /**
   * Variables that setting can't fail for; with the values, where it sets them in one place only and to static ones.
   */
  settable: Map<string, readonly string[] | null>;
  /** All that sets its variables is seen: nothing runs text, or commands of names that aren't static. */
  steady: boolean;
}

/** Commands that set the variables that their operands name. */
const SETTERS = new Set(
  "read mapfile readarray getopts printf wait eval . source export readonly declare typeset local let unset set vared".split(
    " ",
  ),
);
/** Commands after which any variable may hold something else. */
const UNSTEADY = new Set(["eval", ".", "source", "trap", "command", "builtin", "unset", "vared"]);
/** Of which zsh keeps a list in lower case, tied to the variable. */
const TIED = /^(path|cdpath|fpath|mailpath|manpath|psvar|module_path|fignore)$/;

export function bindingsOf(script: SyntaxNode): Bindings {
  const assigned = new Set<string>();
  const functions = new Set<string>();
  const candidates = new Map<string, (Word | undefined)[]>();
  const other = new Set<string>();
  let anyOther = false;
  let steady = true;
  const frozen = new Set<string>();
  /** How often each is set, wherever. */
  const places = new Map<string, number>();
  const place = (name: string) => places.set(name, (places.get(name) ?? 0) + 1);
  const bind = (name: string, value: Word | undefined) => {
    for (const variable of withTied(name)) assigned.add(variable);
    const values = candidates.get(name);
    if (values === undefined) candidates.set(name, [value]);
    else values.push(value);
  };
  const visit = (node: SyntaxNode): void => {
    if (node.type === "Assignment") {
      bind(node.name, node.value.type === "Word" ? node.value : undefined);
      place(node.name);
    }
    if (node.type === "Function") functions.add(node.name.text);
    if (node.type === "For") {
      place(node.name.text);
      for (const word of node.wordlist ?? [undefined]) bind(node.name.text, word);
    }
    if (node.type === "ParameterExpansion" && node.operation?.type === "Default") {
      if (node.operation.operator.includes("=")) {
        bind(node.parameter, node.operation.operand);
        steady = false;
      }
    }
    if (node.type === "ArithmeticBinary" && node.operator.endsWith("=")) {
      if (node.left.type === "ArithmeticWord") assigned.add(node.left.value);
      steady = false;
    }
    if (node.type === "ArithmeticUnary" && /\+\+|--/.test(node.operator)) steady = false;
    if (node.type === "Select" || node.type === "Coproc" || node.type === "Function") steady = false;
    if (node.type === "Command" && node.name !== undefined) {
      const name = readWord(node.name).value;
      const [first] = node.args;
      const looksUp = name === "command" && first?.type === "Word" && /^-[vV]$/.test(first.text);
      if (name === null || (UNSTEADY.has(name) && !looksUp)) steady = false;
    }
    if (
      node.type === "Command" &&
      (node.name === undefined || SETTERS.has(readWord(node.name).value ?? "")) &&
      !printsOnly(node)
    ) {
      const program = node.name === undefined ? null : readWord(node.name).value;
      for (const argument of node.args) {
        if (argument.type === "Assignment") {
          frozen.add(argument.name);
          continue;
        }
        const value = readWord(argument).value;
        if (value === null) anyOther = true;
        for (const [name] of (value ?? "").matchAll(/[A-Za-z_]\w*/g)) {
          other.add(name);
          if (program !== "read") frozen.add(name);
        }
      }
    }
    forEachChild(node, visit);
  };
  visit(script);
  for (const name of other) for (const variable of withTied(name)) assigned.add(variable);
  if (assigned.size > MAX_VARIABLES) {
    return { assigned, functions, numbers: new Set(), settable: new Map(), steady: false };
  }
  const numbers = new Set(anyOther ? [] : [...candidates.keys()].filter((name) => !other.has(name)));
  // A variable is a number only where all that it is set to is one; taking one away may take others.
  for (let size = -1; size !== numbers.size; ) {
    size = numbers.size;
    for (const name of numbers) {
      if (!candidates.get(name)!.every((word) => word !== undefined && isNumber(word, numbers))) {
        numbers.delete(name);
      }
    }
  }
  const settable = new Map<string, readonly string[] | null>();
  if (!anyOther && !assigned.has("IFS")) {
    for (const name of [...candidates.keys(), ...other]) {
      if (frozen.has(name) || !harmlessVariable(name)) continue;
      const values =
        places.get(name) === 1 && !other.has(name) ? candidates.get(name)!.map(plainValue) : [null];
      settable.set(name, values.includes(null) ? null : [...new Set(values as string[])]);
    }
  }
  return { assigned, functions, numbers, settable, steady };
}

/** `printf` with a static format sets nothing. */
function printsOnly({ name, args }: Command): boolean {
  if (name === undefined || readWord(name).value !== "printf") return false;
  const [format] = args;
  return (
    format?.type === "Word" &&
    /^[^-%](?:[^%]|%[sd%])*$|^%[sd]/.test(readWord(format).value ?? "-") &&
    !/%[^sd%]/.test(readWord(format).value ?? "-")
  );
}

/** `name`, and the variable that zsh ties to it. */
export function withTied(name: string): string[] {
  return TIED.test(name) ? [name, name.toUpperCase()] : [name];
}

/** The word becomes one whole number and nothing else. */
export function isNumber(word: Word, numbers: ReadonlySet<string>): boolean {
  const value = readWord(word).value;
  if (value !== null) return /^-?[0-9]{1,18}$/.test(value);
  const parts = word.parts ?? [];
  const inner = parts.length === 1 && parts[0]!.type === "DoubleQuoted" ? parts[0]!.parts : parts;
  return inner.length === 1 && isNumberPart(inner[0]!, numbers);
}

function isNumberPart(part: WordPart, numbers: ReadonlySet<string>): boolean {
  if (part.type === "ArithmeticExpansion") return true;
  if (part.type === "BraceExpansion") return /^\{\d+\.\.\d+\}$/.test(part.text);
  if (part.type !== "SimpleExpansion" && part.type !== "ParameterExpansion") return false;
  const name = part.text.match(/^\$\{?([A-Za-z_]\w*|[?#$])\}?$/)?.[1];
  if (name === undefined) return /^\$\{#\w+\}$/.test(part.text);
  return /^[?#$]$/.test(name) || numbers.has(name);
}

/** An expression of numbers, and of variables that hold numbers: evaluating it runs nothing. */
export function isPlainArithmetic(
  expression: ArithmeticExpression | undefined,
  numbers: ReadonlySet<string>,
): boolean {
  if (expression === undefined) return true;
  switch (expression.type) {
    case "ArithmeticBinary":
      return isPlainArithmetic(expression.left, numbers) && isPlainArithmetic(expression.right, numbers);
    case "ArithmeticUnary":
      return isPlainArithmetic(expression.operand, numbers);
    case "ArithmeticTernary":
      return [expression.test, expression.consequent, expression.alternate].every((part) =>
        isPlainArithmetic(part, numbers),
      );
    case "ArithmeticGroup":
      return isPlainArithmetic(expression.expression, numbers);
    case "ArithmeticWord":
      if (expression.parts !== undefined && expression.parts.length > 0) {
        return expression.parts.every((part) => isNumberPart(part, numbers));
      }
      return (
        /^(0[xX][0-9a-fA-F]+|[0-9]+|\$[?#$])$/.test(expression.value) ||
        numbers.has(expression.value.replace(/^\$/, ""))
      );
    case "ArithmeticCommandExpansion":
      return false;
  }
}

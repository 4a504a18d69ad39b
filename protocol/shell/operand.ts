import type { Assignment, Word } from "unbash";
import { isNumber } from "./bindings.ts";
import type { Operand } from "./builtins.ts";
import type { Place } from "./place.ts";
import { readWith } from "./values.ts";
import { readParts } from "./words.ts";

/** A word of a command, or an assignment among its words, as the program gets it; `values`: of the variables in it. */
export function operandOf(
  argument: Word | Assignment,
  at: Place,
  values: ReadonlyMap<string, string> = new Map(),
): Operand {
  if (argument.type === "Word") {
    const [part] = argument.parts ?? [];
    // It is the name of a pipe.
    if (argument.parts?.length === 1 && part?.type === "ProcessSubstitution" && part.operator === "<") {
      return { value: null, pattern: "/dev/fd/*", number: false, single: true };
    }
    const { value, pattern } = readWith(argument, values);
    return {
      value,
      pattern,
      number: isNumber(argument, at.numbers),
      single: value !== null || isSingle(argument),
    };
  }
  const word = argument.value.type === "Word" ? argument.value : null;
  const parsed = word === null ? null : `${argument.name}=${word.value}`;
  const { value } = word === null ? { value: null } : readParts(argument.text, word.parts, parsed);
  return { value, pattern: null, number: false, single: value !== null };
}

/** A word that is as it is written. */
export function literal(value: string): Operand {
  return { value, pattern: null, number: false, single: true };
}

/** Between double quotes, all but "$@" is one word. */
function isSingle({ parts }: Word): boolean {
  return (
    parts?.every(
      (part) =>
        part.type === "Literal" ||
        part.type === "SingleQuoted" ||
        (part.type === "DoubleQuoted" && !/\$\{?[@!]/.test(part.text)),
    ) ?? false
  );
}

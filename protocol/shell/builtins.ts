import { NAME } from "./disagreements.ts";

/** A word of a command, as its text alone tells. */
export interface Operand {
  /** Null where it isn't static. */
  value: string | null;
  /** Where it becomes names of files: the pattern. */
  pattern: string | null;
  /** It becomes one whole number. */
  number: boolean;
  /** It becomes one word, whatever its value. */
  single: boolean;
}

/** What the shell's own commands do with their operands. The answer: why not all that runs is known, in words. */
type Builtin = (operands: readonly Operand[]) => string | null;

const EVALUATED = "In some shells an operand is an expression, which may run code.";

/** Operands are names of variables, or assignments to them; after options of these letters. */
function names(letters: RegExp): Builtin {
  return (operands) => {
    for (const { value } of operands) {
      if (value === null) return EVALUATED;
      if (/^[-+]/.test(value) ? !letters.test(value) : !NAME.test(value.replace(/=[\s\S]*$/, "")))
        return EVALUATED;
    }
    return null;
  };
}

const number: Builtin = (operands) => (operands.every((operand) => operand.number) ? null : EVALUATED);
const never: Builtin = () => "It changes what names and words mean, or runs its operands in some shells.";
const OPTIONS = /^[-+]([abCefhmnuvx]+|-|)$/;
const LONG_OPTIONS =
  /^(allexport|errexit|noclobber|noexec|noglob|nounset|pipefail|verbose|xtrace|monitor|notify|ignoreeof|errtrace|functrace|posix|physical)$/;

const set: Builtin = (operands) => {
  for (let index = 0; index < operands.length; index++) {
    const value = operands[index]!.value;
    if (value === null) return "A word that may be an option of the shell isn't static.";
    if (value === "--" || value === "-") return null;
    if (/^[-+][a-z]*o$/.test(value)) {
      const letters = value.replace(/o$/, "");
      if (letters.length > 1 && !OPTIONS.test(letters)) return "An option of the shell isn't known.";
      const name = operands[++index]?.value;
      if (name !== undefined && !LONG_OPTIONS.test(name ?? "-")) return "An option of the shell isn't known.";
    } else if (/^[-+]/.test(value)) {
      if (!OPTIONS.test(value)) return "An option of the shell isn't known.";
    } else return null;
  }
  return null;
};

const read: Builtin = (operands) => {
  for (let index = 0; index < operands.length; index++) {
    const value = operands[index]!.value;
    if (value === null) return EVALUATED;
    if (/^-[rs]*[pdtnN]$/.test(value)) {
      index++;
      if (/[tnN]$/.test(value) && operands[index]?.number !== true) return EVALUATED;
      if (operands[index]?.value === null) return EVALUATED;
    } else if (value.startsWith("-") ? !/^-[rs]+$/.test(value) : !NAME.test(value)) return EVALUATED;
  }
  return null;
};

/** "-v a[…]" evaluates an index; so do numbers in zsh. */
const printf: Builtin = (operands) => {
  const [first, ...others] = operands[0]?.value === "--" ? operands.slice(1) : operands;
  if (first === undefined) return null;
  if (first.value === null || (first.value.startsWith("-") && operands[0] === first)) return EVALUATED;
  const format = first.value.replaceAll("%%", "");
  if (!/%[^a-zA-Z]*(?:[hlLqjzt]*[diouxXeEfFgGaAcnQT]|\()|\*/.test(format)) return null;
  return others.every((operand) => operand.number) ? null : EVALUATED;
};

const NUMERIC = /^-(eq|ne|lt|le|gt|ge|t|v|R)$/;

/**
 * `test`: ksh and zsh evaluate what -eq and the like compare, and bash what -v names. With more than one word that
 * isn't static, or one that may become several, what is an operator depends on values.
 */
export const test: Builtin = (operands) => {
  const words = [...operands];
  while (words.length > 0 && words[0]!.value === "!") words.shift();
  for (const [index, { value }] of words.entries()) {
    if (value === null || !NUMERIC.test(value)) continue;
    const around = /^-[tvR]$/.test(value) ? [words[index + 1]] : [words[index - 1], words[index + 1]];
    if (!around.every((word) => word === undefined || word.number)) return EVALUATED;
  }
  const changing = words.filter(({ value, number }) => value === null && !number);
  if (changing.length === 0) return null;
  if (words.length > 3 || changing.some(({ single }) => !single)) return EVALUATED;
  return words.length === 1 || words[words.length - 2]!.value !== null ? null : EVALUATED;
};

const alias: Builtin = (operands) =>
  operands.some(({ value }) => value === null || value.includes("=")) ? never([]) : null;

const withoutOptions: Builtin = (operands) =>
  operands.some(({ value }) => value === null || /^[-+]/.test(value)) ? never(operands) : null;

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ["export", names(/^-p$/)],
  ["readonly", names(/^-p$/)],
  ["declare", names(/^-[xrgp]+$/)],
  ["typeset", names(/^-[xrgp]+$/)],
  ["local", names(/^-[xr]+$/)],
  ["unset", names(/^-[vf]$/)],
  ["getopts", (operands) => (NAME.test(operands[1]?.value ?? "") ? null : EVALUATED)],
  ["read", read],
  ["printf", printf],
  ["set", set],
  ["test", test],
  ["[", (operands) => test(operands.at(-1)?.value === "]" ? operands.slice(0, -1) : operands)],
  ["[[", (operands) => test(operands.slice(0, -1))],
  ["shift", number],
  ["exit", number],
  ["return", number],
  ["break", number],
  ["continue", number],
  ["logout", number],
  ["bye", number],
  [
    "ulimit",
    (operands) =>
      operands.every(({ value, number }) => number || /^(-[A-Za-z]+|unlimited|hard|soft)$/.test(value ?? "*"))
        ? null
        : EVALUATED,
  ],
  ["wait", withoutOptions],
  [
    "jobs",
    (operands) => (operands.every(({ value }) => /^(-[lnprs]+|%.*)$/.test(value ?? "*")) ? null : never([])),
  ],
  ["hash", (operands) => (operands.every(({ value }) => value === "-r") ? null : never([]))],
  ["alias", alias],
  ...(
    "let shopt setopt unsetopt emulate enable disable complete compgen compopt bind fc history mapfile readarray " +
    "nameref integer float global print zmodload autoload functions sched zle bindkey vared zparseopts zstyle " +
    "zformat zcompile zprof ztcp zsocket zpty zselect zsystem sysread syswrite sysopen zf_ln zf_rm zf_mv zf_mkdir " +
    "limit unlimit getln zregexparse r repeat foreach noglob nocorrect - coproc select function rehash ttyctl compdef chpwd precmd"
  )
    .split(" ")
    .map((name): [string, Builtin] => [name, never]),
]);

import type { Assignment, Command, HereDoc, ParameterExpansionPart, Redirect, SyntaxNode } from "unbash";
import { readParts, readWord } from "./words.ts";

/** A name of a variable or function (POSIX 3.216). */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Why bash, dash, busybox, ksh and zsh don't agree on what runs by `node`, in words; null where they do, or where those
 * that don't run less (a syntax error). Its children are looked at by themselves. `quoted`: between double quotes.
 */
export function disagreement(node: SyntaxNode, text: string, quoted: boolean): string | null {
  switch (node.type) {
    case "Word":
      return quoted ? null : readWord(node).disagreement;
    case "Assignment":
      return assignment(node);
    case "Command":
      return command(node);
    case "Pipeline":
      if (node.operators.includes("|&")) return '"|&" starts a coprocess in ksh.';
      return node.prefixes.length > 1 ? "More than one word stands before a pipeline." : null;
    case "Redirect":
      return redirect(node);
    case "HereDoc":
      return hereDocument(node);
    case "Function":
      if (/^function\b/.test(text.slice(node.pos))) return '"function" is a program in dash.';
      return NAME.test(node.name.text) ? null : "A function has a name that not every shell takes.";
    case "For":
      return NAME.test(node.name.text) ? null : "A loop has a variable that not every shell takes.";
    case "Coproc":
    case "Select":
      return `"${node.type.toLowerCase()}" is a program in dash.`;
    case "ArithmeticCommand":
    case "ArithmeticFor":
      return '"((" begins commands in dash.';
    case "Subshell":
      return text.startsWith("((", node.pos) ? '"((" begins an expression in some shells.' : null;
    case "TestLogical":
    case "TestGroup":
      return 'What "[[" joins are commands in dash.';
    case "TestBinary":
      return /^[<>]$/.test(node.operator) ? 'What "[[" compares is a redirection in dash.' : null;
    case "LocaleString":
      return quoted ? "A quote stands within quotes." : null;
    case "AnsiCQuoted":
      return node.text.includes("\\'") ? "$'…' with a quote in it ends elsewhere in dash." : null;
    case "ExtendedGlob":
      return "A pattern with brackets runs code in zsh.";
    case "SimpleExpansion":
      return text[node.end] === "[" ? "An index after a variable is an expression in zsh." : null;
    case "ParameterExpansion":
      return parameter(node);
    case "CommandExpansion":
      return commandExpansion(node, quoted);
    case "ArithmeticCommandExpansion":
      return node.script === undefined ? "A substitution couldn't be parsed." : null;
    case "ArithmeticExpansion":
      return node.text.startsWith("$[") ? '"$[" is an expression in bash only.' : null;
    case "ProcessSubstitution":
      if (node.script === undefined) return "A substitution couldn't be parsed.";
      // The parser takes it for a word of its own; in the shells it is a part of the one that it touches.
      return /(^|[^\\]\s|^\s)$/.test(text.slice(Math.max(0, node.pos - 2), node.pos)) &&
        /[\s;&|)]/.test(text[node.end] ?? " ")
        ? null
        : "A process substitution stands in a word.";
    case "Literal":
      return /\$[~=^+[]/.test(node.text) ? "Shells read what follows a $ in different ways." : null;
    default:
      return null;
  }
}

function assignment(node: Assignment): string | null {
  if (node.append) return '"+=" is part of a program\'s name in dash.';
  if (node.index !== undefined) return "The index of a variable is an expression.";
  if (node.value.type === "ArrayValue") return "Lists of values differ between shells.";
  return readParts(node.text, node.value.parts, null).disagreement;
}

/** dash ends the command at "&" of "&>": what follows is another one. */
function command({ name, prefix, suffix }: Command): string | null {
  if (name?.text.includes("=")) return 'zsh assigns by "1=x".';
  const parts = [...prefix, ...(name === undefined ? [] : [name]), ...suffix].sort((a, b) => a.pos - b.pos);
  const both = parts.findIndex((part) => part.type === "Redirect" && part.operator.startsWith("&"));
  const after = both < 0 ? [] : parts.slice(both);
  return after.some(({ type }) => type === "Word" || type === "Assignment")
    ? 'What follows "&>" is a command of its own in dash.'
    : null;
}

function redirect({ descriptor, operator, target }: Redirect): string | null {
  if (target === undefined) return "A redirection has no target.";
  if (descriptor?.type === "FileDescriptorVariable") return "A redirection to a variable is a word in dash.";
  if (descriptor !== undefined && descriptor.value > 9) {
    return "A redirection of two digits is a word in dash.";
  }
  if (!operator.endsWith("&")) return null;
  return /^([0-9]|-)$/.test(target.text) ? null : `Shells read what follows "${operator}" in different ways.`;
}

function hereDocument({ delimiter, closing, body }: HereDoc): string | null {
  if (delimiter === undefined || closing === undefined) return "A here-document isn't closed.";
  if (!/^([\w.-]+|\\[\w.-]+|'[\w .-]+'|"[\w .-]+")$/.test(delimiter.text)) {
    return "The delimiter of a here-document is an unusual one.";
  }
  if (delimiter.quoted) return null;
  return body.text.includes("\\\n") ? "A here-document has a continued line." : null;
}

/** Operations whose operand has neither quotes nor brackets of its own. */
function parameter({ text, prefix, index, operation }: ParameterExpansionPart): string | null {
  if (index !== undefined) return "The index of a variable is an expression.";
  if (prefix === "!") return "A variable names another.";
  if (operation === undefined) {
    return /^\$\{#?([A-Za-z_]\w*|\d+|[@*#?$!-])\}$/.test(text) ? null : "An unusual expansion.";
  }
  if (!["Default", "Remove", "Replace"].includes(operation.type)) {
    return "An expansion that not every shell has.";
  }
  const operand = text.slice(2, -1);
  const inner = operand.replace(/\$\{\w+\}|\$\([^()'"\\{}`]*\)/g, "");
  return /['"\\{}`()\n]/.test(inner) ? "Quotes or brackets stand in an expansion." : null;
}

function commandExpansion(
  { text, script }: { text: string; script: unknown },
  quoted: boolean,
): string | null {
  if (script === undefined) return "A substitution couldn't be parsed.";
  if (text.startsWith("${")) return "A substitution that not every shell has.";
  if (text.startsWith("$((")) return '"$((" begins an expression in some shells.';
  if (!text.startsWith("`")) return null;
  if (text.includes("\\")) return "A backslash stands between backquotes.";
  return quoted && text.includes('"') ? "A quote stands between backquotes within quotes." : null;
}

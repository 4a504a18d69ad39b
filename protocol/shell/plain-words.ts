import type { Word } from "unbash";
import { parseScript } from "./parse.ts";

/**
 * The words of a line that is one command and nothing else: without assignments, redirections, expansions, and unquoted
 * but for patterns of file names, which stay as they are. Null for any other line.
 */
export function plainWords(line: string): string[] | null {
  const { script, opaque } = parseScript(line);
  const [statement] = script?.commands ?? [];
  if (opaque.length > 0 || script?.commands.length !== 1 || statement?.background) return null;
  const command = statement!.command;
  if (command.type !== "Command" || command.name === undefined || command.prefix.length > 0) return null;
  const words: Word[] = [command.name];
  for (const one of command.suffix) {
    if (one.type !== "Word") return null;
    words.push(one);
  }
  return words.every(isPlain) ? words.map(({ value }) => value) : null;
}

function isPlain({ parts }: Word): boolean {
  return (parts ?? []).every((part) => {
    if (part.type === "DoubleQuoted") return part.parts.every(({ type }) => type === "Literal");
    return part.type === "Literal" || part.type === "SingleQuoted" || part.type === "Glob";
  });
}

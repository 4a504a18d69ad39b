import type { Redirection, Word } from "unbash";
import type { CommandFacts, FileName, ShellEffect } from "./facts.ts";
import type { Place } from "./place.ts";
import { fileName } from "./programs/file-name.ts";
import { readHereDocument, readWord, type WordReading } from "./words.ts";

/** What redirections do (POSIX 2.7). */
export interface Redirected {
  reads: FileName[];
  writes: FileName[];
  effects: ShellEffect[];
  opaque: string[];
  stdin: CommandFacts["stdin"];
  stdinText: string | null;
}

/** `read`: how words are read. */
export function readRedirections(
  redirections: readonly Redirection[],
  at: Place,
  read: (word: Word) => WordReading = readWord,
): Redirected {
  const found: Redirected = {
    reads: [],
    writes: [],
    effects: [],
    opaque: [],
    stdin: at.stdin,
    stdinText: at.stdinText,
  };
  for (const redirection of redirections) {
    const descriptor =
      redirection.descriptor?.type === "FileDescriptor" ? redirection.descriptor.value : null;
    if (redirection.type === "HereDoc" || redirection.type === "HereString") {
      if ((descriptor ?? 0) === 0) {
        found.stdin = "text";
        found.stdinText = textOf(redirection);
      }
      continue;
    }
    const { operator, target } = redirection;
    const input = operator.startsWith("<") && (descriptor ?? 0) === 0;
    if (operator.endsWith("&")) {
      if (input) Object.assign(found, { stdin: "pipe", stdinText: null });
      continue;
    }
    if (input) Object.assign(found, { stdin: "file", stdinText: null });
    if (target === undefined) continue;
    if (target.parts?.length === 1 && target.parts[0]!.type === "ProcessSubstitution") {
      if (input) found.stdin = "pipe";
      continue;
    }
    const { value } = read(target);
    if (value !== null && /^\/dev\/(tcp|udp)\//.test(value)) {
      found.effects.push("network");
      continue;
    }
    if (value === null) found.opaque.push("The target of a redirection isn't static.");
    const file = fileName(value, at.folder);
    if (operator.startsWith("<")) found.reads.push(file);
    if (operator !== "<") found.writes.push(file);
  }
  return found;
}

function textOf(redirection: Extract<Redirection, { type: "HereDoc" | "HereString" }>): string | null {
  if (redirection.type === "HereString") {
    const value = redirection.target === undefined ? null : readWord(redirection.target).value;
    return value === null ? null : `${value}\n`;
  }
  const { delimiter, body, operator } = redirection;
  const text = operator === "<<-" ? body.text.replace(/^\t+/gm, "") : body.text;
  return delimiter?.quoted ? text : readHereDocument(text, body.parts);
}

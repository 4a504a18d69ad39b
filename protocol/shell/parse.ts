import { forEachChild, type ParsedScript, parse, type SyntaxNode } from "unbash";
import { HIDDEN } from "../hidden-characters.ts";
import { disagreement } from "./disagreements.ts";

/** UTF-8 bytes of a command line that are looked at. Beyond, it is opaque. */
export const MAX_LINE_BYTES = 64 * 1_024;
/** Levels of a line's tree: about 20 substitutions in each other. */
export const MAX_TREE_DEPTH = 150;

const TOO_DEEP = `The line nests deeper than ${MAX_TREE_DEPTH} levels.`;

/** A script's tree, or as much of it as could be had. */
export interface Parsed {
  script: ParsedScript | null;
  /** Why its tree isn't certainly the one by which every shell runs it, in words; empty where it is. */
  opaque: string[];
}

/**
 * Parses one script, with all that is nested in it. The parser reads Bash and recovers from errors; so any error makes
 * the script opaque, and so does every text that dash, zsh or ksh would take apart in another way.
 */
export function parseScript(text: string): Parsed {
  const trouble = troubleOfText(text);
  if (trouble !== null) return { script: null, opaque: [trouble] };
  const opaque = new Set<string>();
  let script: ParsedScript;
  try {
    script = parse(text);
    check(script, { text, opaque, quoted: false, depth: 0 });
    if (opaque.has(TOO_DEEP)) return { script: null, opaque: [TOO_DEEP] };
  } catch (error) {
    // A tree that is too deep for the stack, or a fault of the parser.
    return { script: null, opaque: [`The line couldn't be parsed (${(error as Error).name}).`] };
  }
  return { script, opaque: [...opaque] };
}

function troubleOfText(text: string): string | null {
  if (Buffer.byteLength(text) > MAX_LINE_BYTES) return `The text is longer than ${MAX_LINE_BYTES} bytes.`;
  if (text.includes("\uFFFD")) return "The text isn't valid UTF-8.";
  HIDDEN.lastIndex = 0;
  const hidden = HIDDEN.exec(text);
  if (hidden !== null) {
    const code = hidden[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return `The text has the invisible character U+${code}, which shells read in different ways.`;
  }
  for (const { index } of text.matchAll(/\\\n/g)) {
    const before = text[index - 1] ?? " ";
    const after = text[index + 2] ?? " ";
    if (after === "#" || !(/[ \t]/.test(before) || /[ \t]/.test(after))) {
      return "A line is continued in the middle of a word.";
    }
  }
  return null;
}

interface Surroundings {
  text: string;
  opaque: Set<string>;
  /** Between double quotes. */
  quoted: boolean;
  depth: number;
}

/** Resolves every lazy part below `node`, and notes errors and what shells don't agree on. */
function check(node: SyntaxNode, at: Surroundings): void {
  if (at.depth > MAX_TREE_DEPTH || at.opaque.has(TOO_DEEP)) {
    at.opaque.add(TOO_DEEP);
    return;
  }
  let text = at.text;
  if (node.type === "Script") {
    for (const { message } of (node as ParsedScript).errors ?? []) at.opaque.add(`Syntax error: ${message}.`);
    text = node.source ?? text;
  }
  const why = disagreement(node, text, at.quoted);
  if (why !== null) at.opaque.add(why);
  const quoted =
    node.type === "DoubleQuoted" || node.type === "HereDocBody" || (at.quoted && node.type !== "Script");
  forEachChild(node, (child) => check(child, { ...at, text, quoted, depth: at.depth + 1 }));
}

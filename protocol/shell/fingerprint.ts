import { createHash } from "node:crypto";
import type { ParsedScript } from "unbash";

/** Where a node stands in the text. */
const PLACES: ReadonlySet<string> = new Set([
  "pos",
  "end",
  "keywordEnd",
  "operatorEnd",
  "parameterPos",
  "parameterEnd",
  "closing",
]);

/**
 * SHA-256, lower-case hex, over a script's tree: equal for scripts that differ in blanks between words and in comments.
 * Words count as they are written, with quotes and what is substituted in them.
 */
export function fingerprintOfScript(script: ParsedScript): string {
  return sha256(`script ${JSON.stringify(script, replacer)}`);
}

/** The same for a text that has no tree that is certain: equal for equal texts only. */
export function fingerprintOfText(text: string): string {
  return sha256(`text ${JSON.stringify(text)}`);
}

function replacer(key: string, value: unknown): unknown {
  if (PLACES.has(key)) return undefined;
  if (typeof value === "object" && value !== null && "type" in value && "text" in value) {
    if (value.type === "Word" || value.type === "Assignment") return `${value.type} ${value.text}`;
    if (value.type === "HereDocBody") return value.text;
  }
  return value;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { html } from "hono/html";
import type { Markup } from "./layout.ts";

/**
 * Characters that show nothing, look like a blank, or change how others show: controls, marks of direction, format
 * characters, what Unicode lets a font ignore, private and unassigned ones, lone surrogates, blanks but the space.
 * Line feed and tab show as themselves.
 */
const HIDDEN =
  /((?![\n\t])(?:[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}))/u;

/**
 * Text that somebody approves, in the order in which it is sent: each hidden character is shown as a mark with its
 * code point, so that what is read is what runs. A mark is an element; text can't pass for one.
 */
export function exactText(text: string): Markup {
  // Split at a group, the odd pieces are what the group matched.
  const pieces = text.split(HIDDEN);
  return html`${pieces.map((piece, index) => (index % 2 === 1 ? html`<mark>${codePoint(piece)}</mark>` : piece))}`;
}

/** `U+202E` */
function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

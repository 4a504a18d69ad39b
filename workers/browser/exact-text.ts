import { html } from "hono/html";
import { codePointName, HIDDEN } from "../../protocol/hidden-characters.ts";
import type { Markup } from "./layout.ts";

/**
 * Text that somebody approves, in the order in which it is sent: each hidden character is shown as a mark with its
 * code point, so that what is read is what runs. A mark is an element; text can't pass for one.
 */
export function exactText(text: string): Markup {
  const pieces = text.split(HIDDEN);
  return html`${pieces.map((piece, index) => (index % 2 === 1 ? html`<mark>${codePointName(piece)}</mark>` : piece))}`;
}

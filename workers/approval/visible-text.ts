import { codePointName, HIDDEN } from "../../protocol/hidden-characters.ts";

/** The text with every hidden character as `⟨U+202E⟩`, so that what is read is what would run. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => `⟨${codePointName(character)}⟩`);
}

/** A visible text of one line and at most `max` characters; says how many are left out. */
export function shortened(text: string, max: number): string {
  const line = visible(text.replaceAll("\n", " ⏎ "));
  const characters = [...line];
  if (characters.length <= max) return line;
  return `${characters.slice(0, max).join("")}… (${characters.length - max} more characters)`;
}

/** How many bytes a text takes within JSON. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/**
 * Splits the beginning of a text into pieces of at most `max` UTF-16 units each, within `budget` bytes of JSON, of which
 * each piece costs `overhead` beside its own; ends a piece at the end of a line where one is near. No character is
 * divided. Answers the pieces, and how many characters (code points) are left out.
 */
export function pieces(
  text: string,
  max: number,
  budget: number,
  overhead: number,
): { pieces: string[]; left: number; spent: number } {
  const result: string[] = [];
  let spent = 0;
  let rest = text;
  while (rest !== "") {
    const piece = beginning(rest, max, budget - spent - overhead);
    if (piece === "") break;
    const cut = piece.length === rest.length ? piece : atLineEnd(piece);
    spent += overhead + jsonBytes(cut);
    result.push(cut);
    rest = rest.slice(cut.length);
  }
  return { pieces: result, left: [...rest].length, spent };
}

function beginning(text: string, max: number, budget: number): string {
  let units = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > budget || units + character.length > max) break;
    units += character.length;
  }
  return text.slice(0, units);
}

function atLineEnd(piece: string): string {
  const end = piece.lastIndexOf("\n") + 1;
  return end > piece.length / 2 ? piece.slice(0, end) : piece;
}

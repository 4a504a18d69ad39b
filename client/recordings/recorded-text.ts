import { printable } from "../terminal.ts";

export type Style = "bold" | "dim" | "red" | "yellow";
/** Colours a text that has been made printable. */
export type Styler = (style: Style, text: string) => string;

/** As wide as a time: what belongs to the line before begins here. */
export const INDENT = " ".repeat(13);
/** Before each further line of recorded text, so that no recorded line can pass for one of ours. */
export const MORE = `${INDENT}│ `;

/** Recorded text on lines of its own. */
export function recorded(text: string): string[] {
  return linesOf(text.replace(/\n$/, "")).map((line) => MORE + line);
}

/** A text's lines, made printable. Tabs are common in what people write, and harmless as blanks. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => printable(line.replaceAll("\t", "    ")));
}

/** Puts the time before what is told, and the day before what is first told of it. */
export class Timeline {
  readonly #style: Styler;
  #day = "";

  constructor(style: Styler) {
    this.#style = style;
  }

  /** `said`: lines that have been made printable; the first gets the time, ms since 1970. */
  tell(at: number, [first, ...more]: string[]): string[] {
    if (first === undefined) return [];
    const time = new Date(at).toISOString();
    return [...this.#newDay(time), `${this.#style("dim", time.slice(11, 23))} ${first}`, ...more];
  }

  #newDay(time: string): string[] {
    const day = time.slice(0, 10);
    if (day === this.#day) return [];
    this.#day = day;
    return [this.#style("bold", `${day} UTC`)];
  }
}

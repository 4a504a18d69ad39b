import { TerminalParser } from "./parser.ts";

/** Characters of a line; a longer one is told in parts. */
const MAX_LINE = 4_096;

/**
 * A terminal's output as lines of text: sequences are left out, a backspace takes back a character, a lone carriage
 * return begins a new line. What was drawn all over the screen comes out in the order in which it was drawn.
 */
export class PlainText {
  readonly #parser = new TerminalParser();
  #line = "";
  #returned = false;

  /** The lines that are whole now. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (const unit of this.#parser.push(bytes)) {
      if (unit.kind === "text") this.#text(unit.text, lines);
      else if (unit.kind === "control") this.#control(unit.code, lines);
    }
    return lines;
  }

  /** What is left of the last line; none when it is empty. */
  end(): string[] {
    const line = this.#line;
    this.#line = "";
    this.#returned = false;
    return line === "" ? [] : [line];
  }

  #text(text: string, lines: string[]): void {
    if (this.#returned) this.#break(lines);
    this.#line += text;
    while (this.#line.length > MAX_LINE) {
      lines.push(this.#line.slice(0, MAX_LINE));
      this.#line = this.#line.slice(MAX_LINE);
    }
  }

  #control(code: number, lines: string[]): void {
    if (code === 0x0a) this.#break(lines);
    else if (code === 0x0d) this.#returned = this.#line !== "";
    else if (code === 0x09) this.#text("\t", lines);
    else if (code === 0x08) this.#line = this.#line.replace(/.$/su, "");
  }

  #break(lines: string[]): void {
    lines.push(this.#line);
    this.#line = "";
    this.#returned = false;
  }
}

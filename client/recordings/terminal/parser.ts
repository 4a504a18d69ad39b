/**
 * What a terminal would take as one: text, a control character, or a sequence (ECMA-48 section 5.4). Strings such as
 * OSC and DCS are read and left out: none of them is of use in a replay.
 */
export type Unit =
  | { kind: "text"; text: string }
  /** C0, but for ESC. */
  | { kind: "control"; code: number }
  /** `ESC intermediates final`. */
  | { kind: "escape"; intermediates: string; final: string }
  /** `CSI parameters intermediates final`; parameters with their private prefix. */
  | { kind: "csi"; parameters: string; intermediates: string; final: string };

/** Characters of a sequence; longer ones are none that a program needs. */
const MAX_SEQUENCE = 128;
/** Characters of a string. One that never ends would hide all that follows from who watches. */
const MAX_STRING = 4_096;

const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const ST = 0x9c;
/** Seven-bit finals of what begins a string: DCS, SOS, OSC, PM, APC. */
const STRINGS = new Set("PX]^_");

type State = "ground" | "escape" | "csi" | "string" | "osc";

/** Cuts a terminal's output, in any pieces, into units. Total; memory is bounded. */
export class TerminalParser {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #state: State = "ground";
  /** Of the sequence that is being read. */
  #parameters = "";
  #intermediates = "";
  #length = 0;
  #text = "";
  #units: Unit[] = [];

  /** Bytes that are no UTF-8, such as controls of eight bits, become U+FFFD. */
  push(bytes: Uint8Array): Unit[] {
    this.#units = [];
    for (const character of this.#decoder.decode(bytes, { stream: true })) this.#take(character);
    this.#endText();
    return this.#units;
  }

  #take(character: string): void {
    const code = character.codePointAt(0)!;
    switch (this.#state) {
      case "ground":
        this.#ground(character, code);
        break;
      case "escape":
        if (!this.#control(code)) this.#escape(character, code);
        break;
      case "csi":
        if (!this.#control(code)) this.#csi(character, code);
        break;
      default:
        this.#string(character, code);
    }
  }

  #ground(character: string, code: number): void {
    if (this.#control(code)) return;
    if (code >= 0x80 && code <= 0x9f) this.#c1(code);
    else this.#text += character;
  }

  /** Controls act also in the midst of a sequence (ECMA-48 leaves it open; terminals do). */
  #control(code: number): boolean {
    if (code === ESC) this.#begin("escape");
    else if (code === CAN || code === SUB) this.#state = "ground";
    else if (code < 0x20) this.#unit({ kind: "control", code });
    else return code === 0x7f;
    return true;
  }

  /** U+0080 to U+009F stand for ESC and a character of 0x40 to 0x5F. */
  #c1(code: number): void {
    this.#begin("escape");
    this.#escape(String.fromCharCode(code - 0x40), code - 0x40);
  }

  #escape(character: string, code: number): void {
    if (code >= 0x80) this.#giveUp(character, code);
    else if (code < 0x30) this.#intermediate(character, code);
    else if (this.#intermediates === "" && character === "[") this.#begin("csi");
    else if (this.#intermediates === "" && STRINGS.has(character)) {
      this.#begin(character === "]" ? "osc" : "string");
    } else {
      this.#state = "ground";
      this.#unit({ kind: "escape", intermediates: this.#intermediates, final: character });
    }
  }

  #csi(character: string, code: number): void {
    if (code >= 0x80) this.#giveUp(character, code);
    else if (code < 0x30) this.#intermediate(character, code);
    else if (code < 0x40) {
      // A parameter behind an intermediate makes it none that can be allowed; it is read to its end.
      if (this.#intermediates === "") this.#parameters += character;
      else this.#intermediates += character;
      this.#grow(character, code);
    } else {
      this.#state = "ground";
      const [parameters, intermediates] = [this.#parameters, this.#intermediates];
      this.#unit({ kind: "csi", parameters, intermediates, final: character });
    }
  }

  #intermediate(character: string, code: number): void {
    this.#intermediates += character;
    this.#grow(character, code);
  }

  #string(character: string, code: number): void {
    if (code === ESC) this.#begin("escape");
    else if (code === CAN || code === SUB || code === ST) this.#state = "ground";
    else if (code === BEL && this.#state === "osc") this.#state = "ground";
    else if (++this.#length > MAX_STRING) this.#giveUp(character, code);
  }

  #grow(character: string, code: number): void {
    if (++this.#length > MAX_SEQUENCE) this.#giveUp(character, code);
  }

  /** This is no sequence: what follows is shown. */
  #giveUp(character: string, code: number): void {
    this.#state = "ground";
    this.#ground(character, code);
  }

  #begin(state: State): void {
    this.#state = state;
    this.#parameters = "";
    this.#intermediates = "";
    this.#length = 0;
  }

  #unit(unit: Unit): void {
    this.#endText();
    this.#units.push(unit);
  }

  #endText(): void {
    if (this.#text === "") return;
    this.#units.push({ kind: "text", text: this.#text });
    this.#text = "";
  }
}

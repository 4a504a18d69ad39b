import { TerminalParser, type Unit } from "./parser.ts";

/**
 * What of a recorded terminal's output may reach the terminal of who replays it. Everything else is left out: what
 * makes a terminal answer (and so type), sets clipboard, titles, colours, keys or mouse, prints, resizes windows, locks
 * the keyboard, or switches off UTF-8. Controls of U+0080 to U+009F leave as sequences of seven bits.
 */

/** BS, HT, LF, VT, FF, CR, SO, SI. */
const CONTROLS = new Set([0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]);

/** `ESC final`: save and restore the cursor, index, next line, reverse index. */
const ESCAPES = new Set("78DEM");
/** `ESC ( final`, `ESC ) final`: line drawing, British and ASCII characters. */
const CHARACTER_SETS = new Set("0AB");

/** `CSI … final` without prefix and intermediates, and the most parameters that it may have. */
const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  // Cursor: CUU … CHA, CHT, CBT, HPA, HPR, VPA, VPR, CUP, HVP, save and restore.
  ...[..."ABCDEFGIZ`ade"].map((final) => [final, 1] as const),
  ["H", 2],
  ["f", 2],
  ["s", 0],
  ["u", 0],
  // Erase, insert, delete, repeat, scroll: ED, EL, ICH, IL, DL, DCH, ECH, REP, SU, SD (with more it follows the mouse).
  ...[..."JK@LMPXbST"].map((final) => [final, 1] as const),
  // Margins.
  ["r", 2],
  ["m", 32],
]);

/** `CSI ? mode h` or `l`: modes of the screen alone, as DECSET numbers them. */
const MODE = {
  reverse: "5",
  origin: "6",
  wrap: "7",
  blink: "12",
  cursor: "25",
  alternate: ["47", "1047", "1049"],
} as const;
/** IRM, which has no `?`. */
const INSERT = "4";
const SAVE_CURSOR = "1048";
const MODES: ReadonlySet<string> = new Set([
  MODE.reverse,
  MODE.origin,
  MODE.wrap,
  MODE.blink,
  MODE.cursor,
  ...MODE.alternate,
  SAVE_CURSOR,
]);

/** Digits of a number that a terminal is made to count to. */
const NUMBERS = /^(?:\d{0,4}(?:[;:]\d{0,4})*)$/;

/** ESC c clears what is in the window's memory, too; this does the same to the screen. */
const SOFT_RESET = "\x1b[!p\x1b[2J\x1b[H";

/** Filters one terminal's output, in any pieces. */
export class SafeOutput {
  readonly #parser = new TerminalParser();
  /** Modes that are not as a terminal has them at first. */
  readonly #changed = new Set<string>();
  #margins = false;
  #cursorStyle = false;

  /** What may be written to a terminal as UTF-8. */
  push(bytes: Uint8Array): string {
    let output = "";
    for (const unit of this.#parser.push(bytes)) output += this.#allowed(unit);
    return output;
  }

  /** Whether a program has the whole screen for itself now. */
  get alternate(): boolean {
    return MODE.alternate.some((mode) => this.#changed.has(mode));
  }

  /** Puts the terminal back as it was before; what is on its normal screen stays. */
  restore(): string {
    const reset: string[] = ["\x0f", "\x1b(B", "\x1b)B", "\x1b[0m"];
    if (this.#changed.delete(MODE.origin)) reset.push("\x1b[?6l");
    // Margins move the cursor when they are set, so it is put back.
    if (this.#margins) reset.push("\x1b7", "\x1b[r", "\x1b8");
    if (this.#changed.delete(INSERT)) reset.push("\x1b[4l");
    for (const mode of this.#changed) reset.push(`\x1b[?${mode}${isOnAtFirst(mode) ? "h" : "l"}`);
    if (this.#cursorStyle) reset.push("\x1b[0 q");
    this.#forget();
    return reset.join("");
  }

  #allowed(unit: Unit): string {
    switch (unit.kind) {
      case "text":
        return unit.text;
      case "control":
        return CONTROLS.has(unit.code) ? String.fromCharCode(unit.code) : "";
      case "escape":
        return this.#escape(unit);
      case "csi":
        return this.#csi(unit);
    }
  }

  #escape({ intermediates, final }: Extract<Unit, { kind: "escape" }>): string {
    const isSet = intermediates === "(" || intermediates === ")";
    if (isSet && CHARACTER_SETS.has(final)) return `\x1b${intermediates}${final}`;
    if (intermediates !== "") return "";
    if (final === "c") return this.#reset();
    return ESCAPES.has(final) ? `\x1b${final}` : "";
  }

  #csi({ parameters, intermediates, final }: Extract<Unit, { kind: "csi" }>): string {
    if (intermediates === " " && final === "q" && /^[0-6]?$/.test(parameters)) {
      this.#cursorStyle = true;
      return `\x1b[${parameters} q`;
    }
    if (intermediates === "!" && final === "p" && parameters === "") return this.#softReset();
    if (intermediates !== "") return "";
    if (final === "h" || final === "l") return this.#mode(parameters, final);
    // DECSED and DECSEL.
    if (/^\?[0-2]?$/.test(parameters) && (final === "J" || final === "K"))
      return `\x1b[${parameters}${final}`;
    const most = FUNCTIONS.get(final);
    if (most === undefined || !NUMBERS.test(parameters)) return "";
    if (parameters !== "" && parameters.split(/[;:]/).length > most) return "";
    // What was before is not the recording's to erase.
    if (final === "J" && Number(parameters) === 3) return "";
    if (final === "r") this.#margins = true;
    return `\x1b[${parameters}${final}`;
  }

  #mode(parameters: string, final: "h" | "l"): string {
    if (parameters === INSERT) {
      this.#note(INSERT, final);
      return `\x1b[4${final}`;
    }
    if (!parameters.startsWith("?")) return "";
    const allowed = parameters
      .slice(1)
      .split(";")
      .filter((mode) => MODES.has(mode));
    for (const mode of allowed) if (mode !== SAVE_CURSOR) this.#note(mode, final);
    return allowed.length === 0 ? "" : `\x1b[?${allowed.join(";")}${final}`;
  }

  #note(mode: string, final: "h" | "l"): void {
    if ((final === "h") === isOnAtFirst(mode)) this.#changed.delete(mode);
    else this.#changed.add(mode);
  }

  #reset(): string {
    const left = MODE.alternate
      .filter((mode) => this.#changed.has(mode))
      .map((mode) => `\x1b[?${mode}l`)
      .join("");
    const colours = this.#changed.has(MODE.reverse) ? "\x1b[?5l" : "";
    this.#forget();
    return left + colours + SOFT_RESET;
  }

  /** DECSTR leaves the screen that is shown, and its colours, as they are. */
  #softReset(): string {
    for (const mode of [INSERT, MODE.origin]) this.#changed.delete(mode);
    this.#margins = false;
    return "\x1b[!p";
  }

  #forget(): void {
    this.#changed.clear();
    this.#margins = false;
    this.#cursorStyle = false;
  }
}

function isOnAtFirst(mode: string): boolean {
  return mode === MODE.wrap || mode === MODE.cursor;
}

import { harmlessJson } from "./harmless-json.ts";

/**
 * Files of terminal sessions as asciinema plays them: a header, then events, one JSON value a line.
 * https://docs.asciinema.org/manual/asciicast/v2/ and …/v3/
 */
export const ASCIICAST_VERSIONS = [2, 3] as const;
export type AsciicastVersion = (typeof ASCIICAST_VERSIONS)[number];

export interface AsciicastHeader {
  columns: number;
  rows: number;
  /** `xterm-256color`; empty when it is not known. */
  term: string;
  /** When it began, ms since 1970. */
  begun: number;
  /** What was run; absent for a shell. */
  command?: string;
  title?: string;
}

/**
 * What an event is: output, input, the terminal's new size as `COLUMNSxROWS`, a marker with words, or the exit status.
 * Version 2 has no exit status.
 */
export type AsciicastCode = "o" | "i" | "r" | "m" | "x";

/** Players read sizes as u16. */
const MAX_SIZE = 65_535;

/** Writes the lines of one file. Each ends with a line feed. */
export class AsciicastWriter {
  readonly #version: AsciicastVersion;
  #begun = 0;
  #last = 0;

  constructor(version: AsciicastVersion) {
    this.#version = version;
  }

  header({ columns, rows, term, begun, command, title }: AsciicastHeader): string {
    this.#begun = begun;
    this.#last = begun;
    const [width, height] = [clamped(columns), clamped(rows)];
    const size =
      this.#version === 2
        ? { width, height }
        : { term: { cols: width, rows: height, ...(term !== "" && { type: term }) } };
    return line({
      version: this.#version,
      ...size,
      timestamp: Math.floor(begun / 1000),
      ...(command !== undefined && { command }),
      ...(title !== undefined && { title }),
      ...(this.#version === 2 && term !== "" && { env: { TERM: term } }),
    });
  }

  /** `time`: ms since 1970; one before the last event's counts as that. Empty for what the version does not have. */
  event(time: number, code: AsciicastCode, data: string): string {
    if (this.#version === 2 && code === "x") return "";
    const now = Math.max(time, this.#last);
    const since = now - (this.#version === 2 ? this.#begun : this.#last);
    this.#last = now;
    return `[${seconds(since)}, ${harmlessJson(code)}, ${harmlessJson(data)}]\n`;
  }

  resized(time: number, columns: number, rows: number): string {
    return this.event(time, "r", `${clamped(columns)}x${clamped(rows)}`);
  }
}

/** Whole milliseconds are written as they are, so that intervals add up without an error. */
function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}`;
}

function line(value: object): string {
  return `${harmlessJson(value)}\n`;
}

function clamped(size: number): number {
  return Math.min(Math.max(size, 1), MAX_SIZE);
}

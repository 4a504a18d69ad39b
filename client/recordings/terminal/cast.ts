import { type AsciicastVersion, AsciicastWriter } from "../../../protocol/asciicast.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Stream, TerminalEvent } from "../../../protocol/terminal-events.ts";
import { SafeOutput } from "./safe-output.ts";
import { exitText, withheldText } from "./words.ts";

/** What of a session bears on a file for asciinema. */
export type CastEvent =
  | TerminalEvent
  /** Who had the session, where. */
  | { type: "titled"; time: number; title: string }
  /** Something is to run in the channel; `command`: null for a shell. */
  | { type: "asked"; time: number; channel: number; command: string | null }
  /** A moment that a viewer may look for; `channel`: null where it bears on all. */
  | { type: "marked"; time: number; channel: number | null; words: string };

type Of<Type extends CastEvent["type"]> = Extract<CastEvent, { type: Type }>;

/** What a channel without a terminal is played in. */
const NO_TERMINAL = { columns: 80, rows: 24, term: "" };
/** Characters of a command that a header shows. */
const MAX_COMMAND = 2_000;
/** What shells add to a signal's number, and the numbers of the signals of RFC 4254 section 6.10. */
const KILLED = 128;
const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};

/**
 * Makes one channel of a recorded session a file for asciinema: what was shown in a terminal, when, with markers where
 * people were asked or the terminal stood still. Sequences that could harm who plays it are left out; the recording has
 * them. `channel`: the first with a terminal, unless it is told; `name`: what channels are called in this session.
 */
export class CastExport {
  readonly #writer: AsciicastWriter;
  readonly #outputs = new Map<Stream, SafeOutput>();
  readonly #input = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #name: "channel" | "exchange";
  #channel: number | null;
  #terminal: typeof NO_TERMINAL | null = null;
  #title = "";
  #begun = false;
  #over = false;
  /** Whether the last output of a channel without a terminal ended with a carriage return. */
  #returned = false;

  constructor(version: AsciicastVersion, channel: number | null, name: "channel" | "exchange" = "channel") {
    this.#writer = new AsciicastWriter(version);
    this.#channel = channel;
    this.#name = name;
  }

  /** The file's next text, often none. */
  push(events: readonly CastEvent[]): string {
    let text = "";
    for (const event of events) if (!this.#over) text += this.#take(event);
    return text;
  }

  /** To be called behind the last entry. Throws `not_found` when there is nothing to play. */
  end(): void {
    if (this.#begun) return;
    throw this.#channel === null
      ? new SallyportError(
          "not_found",
          "This session had no terminal.",
          `--${this.#name} N exports another ${this.#name}; 'sallyport sessions show' lists what ran in them.`,
        )
      : new SallyportError(
          "not_found",
          `Nothing ran in ${article(this.#name)} ${this.#channel} of this session.`,
        );
  }

  #take(event: CastEvent): string {
    if (event.type === "titled") this.#title = event.title;
    if (event.type === "terminal") this.#channel ??= event.channel;
    if ("channel" in event && event.channel !== null && event.channel !== this.#channel) return "";
    if (event.type === "terminal") this.#terminal = event;
    return this.#begin(event) + (this.#begun ? this.#tell(event) : "");
  }

  #begin(event: CastEvent): string {
    if (this.#begun || (event.type !== "asked" && event.type !== "bytes")) return "";
    this.#begun = true;
    const terminal = this.#terminal ?? NO_TERMINAL;
    // Zero is what a client says that doesn't know (RFC 4254 section 6.2).
    const [columns, rows] = [terminal.columns || NO_TERMINAL.columns, terminal.rows || NO_TERMINAL.rows];
    const { term } = terminal;
    const command = event.type === "asked" ? event.command : null;
    const run = command === null ? {} : { command: command.slice(0, MAX_COMMAND) };
    return this.#writer.header({ columns, rows, term, begun: event.time, ...run, title: this.#title });
  }

  #tell(event: CastEvent): string {
    const { time } = event;
    switch (event.type) {
      case "bytes":
        return this.#bytes(event);
      case "withheld":
        return this.#marker(time, withheldText(event.characters));
      case "resized":
        return this.#writer.resized(time, event.columns, event.rows);
      case "marked":
        return this.#marker(time, event.words);
      case "exit":
        return this.#exit(event);
      case "closed":
        this.#over = true;
        return "";
      default:
        return "";
    }
  }

  #bytes({ time, stream, bytes }: Of<"bytes">): string {
    if (stream === "input") {
      const typed = this.#input.decode(bytes, { stream: true });
      return typed === "" ? "" : this.#writer.event(time, "i", typed);
    }
    const shown = this.#shown(this.#output(stream).push(bytes));
    return shown === "" ? "" : this.#writer.event(time, "o", shown);
  }

  /** Each stream has its own beginnings of characters. */
  #output(stream: Stream): SafeOutput {
    const output = this.#outputs.get(stream) ?? new SafeOutput();
    this.#outputs.set(stream, output);
    return output;
  }

  /** A line feed alone does not go back to the line's beginning where no terminal has added that. */
  #shown(text: string): string {
    if (this.#terminal || text === "") return text;
    const before = this.#returned ? "\r" : "";
    this.#returned = text.endsWith("\r");
    return (before + text).replace(/\r?\n/g, "\r\n").slice(before.length);
  }

  #exit({ time, status, signal }: Of<"exit">): string {
    const number = signal === null ? status : KILLED + (SIGNALS[signal] ?? 0);
    const marker = signal === null ? "" : this.#marker(time, exitText({ status, signal }));
    return marker + (number === null ? "" : this.#writer.event(time, "x", String(number)));
  }

  #marker(time: number, words: string): string {
    return this.#writer.event(time, "m", words);
  }
}

function article(name: "channel" | "exchange"): string {
  return name === "channel" ? "a channel" : "an exchange";
}

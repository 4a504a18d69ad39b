import { type AsciicastVersion, AsciicastWriter } from "../../../protocol/asciicast.ts";
import type { Entry } from "../../../protocol/entry.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { SshRequest } from "../../../protocol/ssh/request.ts";
import {
  SshTranscript,
  type SshTranscriptEvent,
  type Stream,
} from "../../../protocol/ssh/transcript/transcript.ts";
import { approvalEntryWords } from "../approval-words.ts";
import { edgeWords } from "../session-words.ts";
import { SafeOutput } from "../terminal/safe-output.ts";
import { exitText, withheldText } from "./narrate.ts";

type Of<Type extends SshTranscriptEvent["type"]> = Extract<SshTranscriptEvent, { type: Type }>;

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
 * Makes one channel of a recorded SSH session a file for asciinema: what was shown in a terminal, when, with markers
 * where people were asked or the terminal stood still. Sequences that could harm who plays it are left out; the
 * recording has them. `channel`: the first with a terminal, unless it is told.
 */
export class CastExport {
  readonly #transcript = new SshTranscript();
  readonly #writer: AsciicastWriter;
  readonly #outputs = new Map<Stream, SafeOutput>();
  readonly #input = new TextDecoder("utf-8", { ignoreBOM: true });
  #channel: number | null;
  #terminal: typeof NO_TERMINAL | null = null;
  #title = "";
  #begun = false;
  #over = false;
  /** Whether the last output of a channel without a terminal ended with a carriage return. */
  #returned = false;

  constructor(version: AsciicastVersion, channel: number | null) {
    this.#writer = new AsciicastWriter(version);
    this.#channel = channel;
  }

  /** The file's next text, often none. */
  push(entry: Entry): string {
    let text = "";
    for (const event of this.#transcript.push(entry)) if (!this.#over) text += this.#take(event);
    return text;
  }

  /** To be called behind the last entry. Throws `not_found` when there is nothing to play. */
  end(): void {
    if (this.#begun) return;
    throw this.#channel === null
      ? new SallyportError(
          "not_found",
          "This session had no terminal.",
          "--channel N exports another channel; 'sallyport sessions show' lists what ran in them.",
        )
      : new SallyportError("not_found", `Nothing ran in a channel ${this.#channel} of this session.`);
  }

  #take(event: SshTranscriptEvent): string {
    if (event.type === "edge" && event.event.event === "opened") {
      const { principal, target } = event.event.facts;
      this.#title = `${principal} on ${target}`;
    }
    if (event.type === "terminal") this.#channel ??= event.channel;
    if ("channel" in event && event.channel !== this.#channel) return "";
    if (event.type === "terminal") this.#terminal = event;
    return this.#begin(event) + (this.#begun ? this.#tell(event) : "");
  }

  #begin(event: SshTranscriptEvent): string {
    if (this.#begun || (event.type !== "request" && event.type !== "bytes")) return "";
    this.#begun = true;
    const terminal = this.#terminal ?? NO_TERMINAL;
    // Zero is what a client says that doesn't know (RFC 4254 section 6.2).
    const [columns, rows] = [terminal.columns || NO_TERMINAL.columns, terminal.rows || NO_TERMINAL.rows];
    const { term } = terminal;
    const command = event.type === "request" ? commandOf(event.asked) : {};
    return this.#writer.header({ columns, rows, term, begun: event.time, ...command, title: this.#title });
  }

  #tell(event: SshTranscriptEvent): string {
    const { time } = event;
    switch (event.type) {
      case "bytes":
        return this.#bytes(event);
      case "withheld":
        return this.#marker(time, withheldText(event.characters));
      case "resized":
        return this.#writer.resized(time, event.columns, event.rows);
      case "judged":
        return this.#marker(time, `${event.decision.verdict}: ${event.decision.reason}`);
      case "approval": {
        const { entry, waited } = event;
        const words =
          entry.event === "approval_asked"
            ? `held: ${entry.question.reason}`
            : approvalEntryWords(entry, waited);
        return this.#marker(time, words);
      }
      case "edge": {
        const { event: name } = event.event;
        const isWatch = name === "watch_begun" || name === "watch_ended";
        return isWatch ? this.#marker(time, edgeWords(event.event)) : "";
      }
      case "frozen":
        return this.#marker(time, "the terminal stands still: nobody watches");
      case "thawed":
        return this.#marker(time, "the terminal goes on: somebody watches");
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

function commandOf(asked: SshRequest): { command?: string } {
  return asked.type === "exec" ? { command: asked.command.slice(0, MAX_COMMAND) } : {};
}

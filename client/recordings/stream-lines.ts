import type { Stream } from "../../protocol/terminal-events.ts";
import { linesOf } from "./recorded-text.ts";
import { PlainText } from "./terminal/plain-text.ts";

/** Channels whose unfinished lines are kept. */
const MAX_CHANNELS = 1_000;
/** Characters of a line; a longer one is told in parts. */
const MAX_LINE = 4_096;

/** In the margin of a line, as wide as a time: error is 2, input `<`. */
const MARGINS: Record<Stream, string> = {
  output: `${" ".repeat(13)}│ `,
  error: `${" ".repeat(11)}2 │ `,
  input: `${" ".repeat(11)}< │ `,
};

interface LineSource {
  push(bytes: Uint8Array): string[];
  end(): string[];
}

type Sources = Map<Stream, LineSource>;

/** Makes what passed through channels lines for people, with a margin that says which stream it was. */
export class StreamLines {
  readonly #channels = new Map<number, Sources>();

  /** The lines that are whole with these bytes. `terminal`: sequences drive it; else they are shown. */
  push(channel: number, stream: Stream, bytes: Uint8Array, terminal: boolean): string[] {
    return laidOut(stream, this.#source(channel, stream, terminal).push(bytes));
  }

  /** The lines that were not ended, where something else is told of the channel. */
  end(channel: number): string[] {
    const sources = this.#channels.get(channel);
    return [...(sources ?? [])].flatMap(([stream, source]) => laidOut(stream, source.end()));
  }

  /** All that is left. */
  endAll(): string[] {
    const lines = [...this.#channels.keys()].flatMap((channel) => this.end(channel));
    this.#channels.clear();
    return lines;
  }

  /** Nothing follows on this channel. */
  forget(channel: number): void {
    this.#channels.delete(channel);
  }

  #source(channel: number, stream: Stream, terminal: boolean): LineSource {
    let sources = this.#channels.get(channel);
    if (!sources) {
      sources = new Map();
      this.#channels.set(channel, sources);
      for (const oldest of this.#channels.keys()) {
        if (this.#channels.size <= MAX_CHANNELS) break;
        this.#channels.delete(oldest);
      }
    }
    let source = sources.get(stream);
    if (!source) {
      source = terminal ? new PlainText() : new RawLines();
      sources.set(stream, source);
    }
    return source;
  }
}

function laidOut(stream: Stream, lines: string[]): string[] {
  return lines.flatMap((line) => linesOf(line).map((printed) => MARGINS[stream] + printed));
}

/** Lines of what is no terminal's, with whatever they hold. */
class RawLines implements LineSource {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #rest = "";

  push(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    while (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest.slice(0, MAX_LINE));
      this.#rest = this.#rest.slice(MAX_LINE);
    }
    return lines.map((line) => line.replace(/\r$/, ""));
  }

  end(): string[] {
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? [] : [rest];
  }
}

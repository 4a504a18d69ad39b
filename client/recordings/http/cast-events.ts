import type { Entry } from "../../../protocol/entry.ts";
import { ExecStreams, execCommand } from "../../../protocol/http/transcript/exec-streams.ts";
import { HttpTranscript, type HttpTranscriptEvent } from "../../../protocol/http/transcript/transcript.ts";
import { argumentsText } from "../../../protocol/policy/arguments.ts";
import type { CastEvent } from "../terminal/cast.ts";
import { castApproval, castEdge } from "../terminal/cast-marks.ts";

/** What of a recorded Kubernetes session bears on a file for asciinema: its exec and attach. */
export class HttpCastEvents {
  readonly #transcript = new HttpTranscript();
  readonly #streams = new ExecStreams();
  readonly #commands = new Map<number, string[]>();

  push(entry: Entry): CastEvent[] {
    return this.#transcript.push(entry).flatMap((event) => this.#castEvents(event));
  }

  #castEvents(event: HttpTranscriptEvent): CastEvent[] {
    const terminal = this.#streams.take(event);
    const { time } = event;
    switch (event.type) {
      case "request":
        if (event.head.websocket) this.#commands.set(event.exchange, execCommand(event.head.target));
        return [];
      case "response":
        return [...(terminal ? [terminal] : []), ...this.#asked(event.exchange, time)];
      case "over":
        this.#commands.delete(event.exchange);
        return terminal ? [terminal] : [];
      case "approval":
        return [{ type: "marked", time, channel: event.exchange, words: castApproval(event) }];
      case "edge": {
        const marked = castEdge(event.event, time);
        return marked ? [marked] : [];
      }
      default:
        return terminal ? [terminal] : [];
    }
  }

  /** What an exec runs, once it runs. */
  #asked(exchange: number, time: number): CastEvent[] {
    const command = this.#commands.get(exchange);
    if (command === undefined || !this.#streams.has(exchange)) return [];
    const text = command.length === 0 ? null : argumentsText(command);
    return [{ type: "asked", time, channel: exchange, command: text }];
  }
}

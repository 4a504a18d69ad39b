import type { Entry } from "../../../protocol/entry.ts";
import type { SshRequest } from "../../../protocol/ssh/request.ts";
import { SshTranscript, type SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import type { CastEvent } from "../terminal/cast.ts";
import { castApproval, castEdge } from "../terminal/cast-marks.ts";
import { terminalEvent } from "./terminal-event.ts";

/** What of a recorded SSH session bears on a file for asciinema. */
export class SshCastEvents {
  readonly #transcript = new SshTranscript();

  push(entry: Entry): CastEvent[] {
    return this.#transcript.push(entry).flatMap((event) => castEvent(event) ?? []);
  }
}

function castEvent(event: SshTranscriptEvent): CastEvent | null {
  const { time } = event;
  switch (event.type) {
    case "request":
      return { type: "asked", time, channel: event.channel, command: commandOf(event.asked) };
    case "judged": {
      const { verdict, reason } = event.decision;
      return { type: "marked", time, channel: event.channel, words: `${verdict}: ${reason}` };
    }
    case "approval":
      return { type: "marked", time, channel: null, words: castApproval(event) };
    case "edge":
      return castEdge(event.event, time);
    case "frozen":
      return mark(event, "the terminal stands still: nobody watches");
    case "thawed":
      return mark(event, "the terminal goes on: somebody watches");
    default:
      return terminalEvent(event);
  }
}

function mark({ time, channel }: { time: number; channel: number }, words: string): CastEvent {
  return { type: "marked", time, channel, words };
}

function commandOf(asked: SshRequest): string | null {
  return asked.type === "exec" ? asked.command : null;
}

import type { SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import type { TerminalEvent } from "../../../protocol/terminal-events.ts";

/** What of a recorded SSH session happened in a terminal; null for all else. */
export function terminalEvent(event: SshTranscriptEvent): TerminalEvent | null {
  switch (event.type) {
    case "terminal":
    case "resized":
    case "bytes":
    case "withheld":
    case "exit":
    case "closed":
      return event;
    default:
      return null;
  }
}

import type { Entry } from "../../../protocol/entry.ts";
import { SshTranscript, type SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import { JsonLines } from "../json-lines.ts";
import type { Styler } from "../recorded-text.ts";
import { lineTeller, replayStaged, type Stage, type StagedOptions, type Teller } from "../staged.ts";
import { Player } from "../terminal/player.ts";
import { type NarratorOptions, SshNarrator } from "./narrate.ts";
import { terminalEvent } from "./terminal-event.ts";

/** Shows an SSH session: plays its terminals in a terminal, else tells it as lines, or as JSON. */
export function replaySsh(
  entries: AsyncIterable<Entry>,
  options: StagedOptions,
  stage: Stage,
): Promise<void> {
  return replayStaged(entries, new SshTranscript(), tellerOf(options, stage), options, stage);
}

/** Plays the terminals of an SSH session's channels. */
export function sshPlayer(style: Styler, options: NarratorOptions = {}): Player<SshTranscriptEvent> {
  return new Player({
    style,
    narrator: new SshNarrator(style, options),
    terminalOf: terminalEvent,
    isEnd: (event) => event.type === "edge" && event.event.event === "ended",
    channel: options.channel,
  });
}

function tellerOf(options: StagedOptions, { isTerminal, style }: Stage): Teller<SshTranscriptEvent> {
  const { verbose, channel } = options;
  const narrating = { ...(verbose && { verbose }), ...(channel !== undefined && { channel }) };
  if (options.json) {
    const json = new JsonLines<SshTranscriptEvent>((event) =>
      event.type === "bytes" ? `${event.channel} ${event.stream}` : null,
    );
    const isTold = (event: SshTranscriptEvent) =>
      channel === undefined || !("channel" in event) || event.channel === channel;
    return {
      playing: false,
      tell: (event) => (isTold(event) ? `${json.line(event)}\n` : ""),
      end: () => "",
    };
  }
  if (isTerminal && !options.text) return sshPlayer(style, narrating);
  return lineTeller(new SshNarrator(style, narrating));
}

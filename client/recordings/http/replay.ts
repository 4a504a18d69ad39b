import type { Entry } from "../../../protocol/entry.ts";
import { ExecStreams } from "../../../protocol/http/transcript/exec-streams.ts";
import { HttpTranscript, type HttpTranscriptEvent } from "../../../protocol/http/transcript/transcript.ts";
import { JsonLines } from "../json-lines.ts";
import type { Styler } from "../recorded-text.ts";
import { lineTeller, replayStaged, type Stage, type StagedOptions, type Teller } from "../staged.ts";
import { Player } from "../terminal/player.ts";
import { HttpNarrator, type HttpNarratorOptions } from "./narrate.ts";

/** Shows an HTTP or Kubernetes session: plays the terminals of exec and attach in a terminal, and tells the rest. */
export function replayHttp(
  entries: AsyncIterable<Entry>,
  options: StagedOptions,
  stage: Stage,
): Promise<void> {
  return replayStaged(entries, new HttpTranscript(), tellerOf(options, stage), options, stage);
}

/** Plays the terminals of a session's exec and attach. */
export function httpPlayer(style: Styler, options: HttpNarratorOptions = {}): Player<HttpTranscriptEvent> {
  const streams = new ExecStreams();
  return new Player({
    style,
    narrator: new HttpNarrator(style, options),
    terminalOf: (event) => streams.take(event),
    isEnd: (event) => event.type === "edge" && event.event.event === "ended",
    channel: options.exchange,
  });
}

function tellerOf(options: StagedOptions, { isTerminal, style }: Stage): Teller<HttpTranscriptEvent> {
  const { verbose, exchange } = options;
  const narrating = { ...(verbose && { verbose }), ...(exchange !== undefined && { exchange }) };
  if (options.json) {
    const json = new JsonLines<HttpTranscriptEvent>(textStream);
    const isTold = (event: HttpTranscriptEvent) =>
      exchange === undefined || !("exchange" in event) || event.exchange === exchange;
    return {
      playing: false,
      tell: (event) => (isTold(event) ? `${json.line(event)}\n` : ""),
      end: () => "",
    };
  }
  if (isTerminal && !options.text) return httpPlayer(style, narrating);
  return lineTeller(new HttpNarrator(style, narrating));
}

/** Of what an event has bytes of, where they may be text: a binary message never is. */
function textStream(event: HttpTranscriptEvent): string | null {
  if (event.type === "bytes" || (event.type === "message" && event.isText)) {
    return `${event.exchange} ${event.from}`;
  }
  return null;
}

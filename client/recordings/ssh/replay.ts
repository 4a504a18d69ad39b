import type { Entry } from "../../../protocol/entry.ts";
import { SshTranscript, type SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import type { Styler } from "../recorded-text.ts";
import { JsonLines } from "./json-lines.ts";
import { SshNarrator } from "./narrate.ts";
import { Player } from "./player.ts";

export interface SshReplayOptions {
  /** Pauses are the session's divided by this; absent: as the session's where a terminal is played, else none. */
  speed?: number;
  /** Longest pause of the session that is kept, in seconds. */
  idleLimit?: number;
  /** Of channels, this one alone. */
  channel?: number;
  /** The session goes on: what comes is shown at once unless `speed` says otherwise. */
  follow?: boolean;
  /** Told as lines, though there is a terminal. */
  text?: boolean;
  json?: boolean;
  verbose?: boolean;
  /** Aborted as the entries are ended by whoever gives them; absent: a signal to the process ends it. */
  signal?: AbortSignal;
}

/** Where a replay is shown. */
export interface Stage {
  /** Waits while whoever reads is slower. */
  write(text: string): Promise<void>;
  isTerminal: boolean;
  style: Styler;
  /** Ends early when it is aborted. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Has `leave` called when the viewer goes away before the end; the returned function takes that back. */
  onLeave(leave: () => string): () => void;
}

const IDLE_LIMIT = 2;

interface Teller {
  /** Whether the pauses of the session are part of what is shown. */
  readonly playing: boolean;
  tell(event: SshTranscriptEvent): string;
  end(): string;
}

/** Shows an SSH session: plays its terminals in a terminal, else tells it as lines, or as JSON. */
export async function replaySsh(
  entries: AsyncIterable<Entry>,
  options: SshReplayOptions,
  stage: Stage,
): Promise<void> {
  const teller = tellerOf(options, stage);
  const stay = options.signal ? () => {} : stage.onLeave(() => teller.end());
  const transcript = new SshTranscript();
  let shown: number | null = null;
  try {
    for await (const entry of entries) {
      for (const event of transcript.push(entry)) {
        const wasPlaying = teller.playing;
        const text = teller.tell(event);
        if (text === "") continue;
        const isPlayed = teller.playing || wasPlaying;
        const speed = options.speed ?? (isPlayed && !options.follow ? 1 : undefined);
        if (speed !== undefined && shown !== null) {
          const pause = Math.min(Math.max(0, event.time - shown), (options.idleLimit ?? IDLE_LIMIT) * 1_000);
          if (pause > 0) await stage.pause(pause / speed, options.signal);
        }
        shown = event.time;
        await stage.write(text);
      }
    }
  } finally {
    stay();
    await stage.write(teller.end());
  }
}

function tellerOf(options: SshReplayOptions, { isTerminal, style }: Stage): Teller {
  const { verbose, channel } = options;
  const narrating = { ...(verbose && { verbose }), ...(channel !== undefined && { channel }) };
  if (options.json) {
    const json = new JsonLines();
    const isTold = (event: SshTranscriptEvent) =>
      channel === undefined || !("channel" in event) || event.channel === channel;
    return {
      playing: false,
      tell: (event) => (isTold(event) ? `${json.line(event)}\n` : ""),
      end: () => "",
    };
  }
  if (isTerminal && !options.text) return new Player(style, narrating);
  const narrator = new SshNarrator(style, narrating);
  const lines = (told: string[]) => told.map((line) => `${line}\n`).join("");
  return {
    playing: false,
    tell: (event) => lines(narrator.tell(event)),
    end: () => lines(narrator.end()),
  };
}

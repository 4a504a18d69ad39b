import type { Entry } from "../../protocol/entry.ts";
import type { Styler } from "./recorded-text.ts";

export interface StagedOptions {
  /** Pauses are the session's divided by this; absent: as the session's where a terminal is played, else none. */
  speed?: number;
  /** Longest pause of the session that is kept, in seconds. */
  idleLimit?: number;
  /** Of an SSH session's channels, this one alone. */
  channel?: number;
  /** Of an HTTP or Kubernetes session's exchanges, this one alone. */
  exchange?: number;
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

/** Makes events text. */
export interface Teller<Event> {
  /** Whether the pauses of the session are part of what is shown. */
  readonly playing: boolean;
  tell(event: Event): string;
  end(): string;
}

/** A teller that lays each event out as lines. */
export function lineTeller<Event>(narrator: {
  tell(event: Event): string[];
  end(): string[];
}): Teller<Event> {
  const lines = (told: string[]) => told.map((line) => `${line}\n`).join("");
  return {
    playing: false,
    tell: (event) => lines(narrator.tell(event)),
    end: () => lines(narrator.end()),
  };
}

/** Shows a session's events as the teller makes them text, with the pauses that are asked for. */
export async function replayStaged<Event extends { time: number }>(
  entries: AsyncIterable<Entry>,
  transcript: { push(entry: Entry): Event[] },
  teller: Teller<Event>,
  options: StagedOptions,
  stage: Stage,
): Promise<void> {
  const stay = options.signal ? () => {} : stage.onLeave(() => teller.end());
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

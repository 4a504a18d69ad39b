import { setTimeout as delay } from "node:timers/promises";
import { carriesExchanges } from "../../protocol/control.ts";
import { HeldStatements, type Told } from "../../protocol/postgres/transcript/held.ts";
import { Transcript, type TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { printLines, styled } from "../terminal.ts";
import { replayHttp } from "./http/replay.ts";
import { ofKind } from "./kind.ts";
import { Narrator } from "./narrate.ts";
import { replaySsh } from "./ssh/replay.ts";
import { standardOutput } from "./stage.ts";
import type { StagedOptions } from "./staged.ts";

export interface ReplayOptions extends StagedOptions {
  /** Rows of each result that are shown; absent: all. */
  rows?: number;
}

/** Longest pause of a session with a database, ms: nobody sits through a session's idle hour. */
const LONGEST_PAUSE = 3_000;

/**
 * Shows what the entries tell, as they come, by the kind of their target: a session's terminals are played where
 * standard output is a terminal.
 */
export async function replay(entries: AsyncIterable<RecordedEntry>, options: ReplayOptions): Promise<void> {
  const recording = await ofKind(entries);
  if (recording.kind === "ssh") await replaySsh(recording.entries, options, standardOutput());
  else if (carriesExchanges(recording.kind)) await replayHttp(recording.entries, options, standardOutput());
  else await replayStatements(recording.entries, options);
}

async function replayStatements(
  entries: AsyncIterable<RecordedEntry>,
  options: ReplayOptions,
): Promise<void> {
  const transcript = new Transcript();
  const narrator = new Narrator(styled, options.rows ?? Number.POSITIVE_INFINITY, options.verbose);
  const held = new HeldStatements();
  const tell = options.json
    ? (event: TranscriptEvent) => [JSON.stringify(withStatement(event, held.take(event)))]
    : (event: TranscriptEvent) => narrator.tell(event);
  let time: number | null = null;
  for await (const entry of entries) {
    if (options.speed !== undefined && time !== null) {
      await delay(Math.min(Math.max(0, entry.time - time) / options.speed, LONGEST_PAUSE));
    }
    time = entry.time;
    await printLines(transcript.push(entry).flatMap(tell));
  }
  if (!options.json) await printLines(narrator.end());
}

/** An event of an approval says of which statement it is, too: its entry has the question's number only. */
function withStatement(event: TranscriptEvent, told: Told | null): object {
  return told ? { ...event, statement: told.question?.statement ?? null } : event;
}

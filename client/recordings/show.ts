import { carriesExchanges } from "../../protocol/control.ts";
import { HttpTranscript } from "../../protocol/http/transcript/transcript.ts";
import { Transcript } from "../../protocol/postgres/transcript.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { SshTranscript } from "../../protocol/ssh/transcript/transcript.ts";
import { printJson } from "../terminal.ts";
import { HttpSummarizer } from "./http/summary.ts";
import { printHttpSummary } from "./http/summary-table.ts";
import { ofKind } from "./kind.ts";
import { SshSummarizer } from "./ssh/summary.ts";
import { printSshSummary } from "./ssh/summary-table.ts";
import { Summarizer } from "./summary.ts";
import { printSummary } from "./summary-table.ts";

export interface ShowOptions {
  /** Statements or requests that are listed, the latest. */
  limit: number;
  json?: boolean;
}

/** Prints what a session did, by the kind of its target. */
export async function show(
  entries: AsyncIterable<RecordedEntry>,
  { limit, json }: ShowOptions,
): Promise<void> {
  const recording = await ofKind(entries);
  if (recording.kind === "ssh") {
    const summarizer = new SshSummarizer(limit);
    await gather(recording.entries, new SshTranscript(), summarizer);
    if (json) printJson(summarizer.summary);
    else printSshSummary(summarizer.summary);
    return;
  }
  if (carriesExchanges(recording.kind)) {
    const summarizer = new HttpSummarizer(limit);
    await gather(recording.entries, new HttpTranscript(), summarizer);
    if (json) printJson(summarizer.summary);
    else printHttpSummary(summarizer.summary);
    return;
  }
  const summarizer = new Summarizer(limit);
  await gather(recording.entries, new Transcript(), summarizer);
  if (json) printJson(summarizer.summary);
  else printSummary(summarizer.summary);
}

async function gather<Event>(
  entries: AsyncIterable<RecordedEntry>,
  transcript: { push(entry: RecordedEntry): Event[] },
  summarizer: { entry(): void; take(event: Event): void },
): Promise<void> {
  for await (const entry of entries) {
    summarizer.entry();
    for (const event of transcript.push(entry)) summarizer.take(event);
  }
}

import { TARGET_KINDS, type TargetKind } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";

/** A recording of which the first entry has been looked at. */
export interface OfKind {
  /** `postgres` where the recording does not say: such were the first. */
  kind: TargetKind;
  /** All entries, the first among them. */
  entries: AsyncIterable<RecordedEntry>;
}

/** Finds what kind of target a recording is of, which its first entry says. */
export async function ofKind(entries: AsyncIterable<RecordedEntry>): Promise<OfKind> {
  const rest = entries[Symbol.asyncIterator]();
  const first = await rest.next();
  if (first.done) return { kind: "postgres", entries: none() };
  const event = first.value.kind === EntryKind.edge ? edgeEvent(first.value.frame) : null;
  const named = event?.event === "opened" ? event.facts.kind : "postgres";
  const kind = TARGET_KINDS.find((one) => one === named) ?? "postgres";
  return { kind, entries: joined(first.value, rest) };
}

async function* joined(
  first: RecordedEntry,
  rest: AsyncIterator<RecordedEntry>,
): AsyncGenerator<RecordedEntry> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* none(): AsyncGenerator<RecordedEntry> {}

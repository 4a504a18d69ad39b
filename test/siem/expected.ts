import { SessionEvents } from "../../protocol/ocsf/session.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";

/** The names of all events that a recording gives, in order. */
export function expectedUids(entries: readonly RecordedEntry[]): string[] {
  const events = new SessionEvents("edge");
  return [...entries.flatMap((entry) => events.entry(entry)), ...events.end()].map(
    ({ metadata }) => metadata.uid,
  );
}

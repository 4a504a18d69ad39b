import { recordingEntry, recordingHeader, recordingTrailer } from "../../protocol/recording.ts";
import { SessionLog, type Sql } from "./log.ts";
import type { SessionRecord } from "./record.ts";

/** Entries that a download reads from the log at a time. */
const BATCH = 16;

/** A session's export file, as far as it goes now; read from the log as the reader asks for it. `sealed` answers the record at the end. */
export function download(sql: Sql, record: SessionRecord, sealed: () => SessionRecord): ReadableStream {
  const log = new SessionLog(sql, record.id, record.number);
  const last = log.seq;
  let next = 1;
  return new ReadableStream({
    type: "bytes",
    start: (controller) => controller.enqueue(recordingHeader(record.id)),
    pull: (controller) => {
      for (const entry of log.read(next, Math.min(BATCH, last + 1 - next))) {
        controller.enqueue(recordingEntry(entry, entry.hash));
        next = entry.seq + 1;
      }
      if (next <= last) return;
      const { edgeSeal, connectorSeal } = sealed();
      controller.enqueue(
        recordingTrailer({ ...(edgeSeal && { edgeSeal }), ...(connectorSeal && { connectorSeal }) }),
      );
      controller.close();
    },
  });
}

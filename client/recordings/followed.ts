import { SallyportError } from "../../protocol/errors.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import type { EdgeApi } from "../edge-api.ts";
import { followSession } from "./follow.ts";

/**
 * A session's entries as they come, until it has ended; of one that is encrypted since, the rest of what is recorded of it, which
 * `recorded` reads from its beginning. Throws what either does.
 */
export async function* followed(
  api: EdgeApi,
  session: string,
  recorded: () => AsyncIterable<RecordedEntry>,
): AsyncGenerator<RecordedEntry> {
  let last = 0;
  try {
    for await (const entry of followSession(api, session)) {
      yield entry;
      last = entry.seq;
    }
    return;
  } catch (error) {
    if (!(error instanceof SallyportError && error.code === "recording_encrypted")) throw error;
  }
  for await (const entry of recorded()) if (entry.seq > last) yield entry;
}

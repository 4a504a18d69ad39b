import type { Page, Session } from "../../protocol/directory.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import type { EdgeApi } from "../edge-api.ts";
import type { IdentitySource } from "../recordings/identity.ts";
import { downloaded, fileBytes, recordedEntries } from "../recordings/source.ts";
import { unpacked } from "../recordings/unpacked.ts";

/** A recording to replay, read once from its beginning. */
export interface Source {
  /** What to call it before it has told whose session it is: its id, or its file. */
  name: string;
  entries(): AsyncIterable<RecordedEntry>;
}

/** Which sessions: those that were open at some time from `since` to `until`, ms since 1970. */
export interface Selection {
  since: number;
  until: number;
  target?: string;
  principal?: string;
}

/** The listing is by opening: a session that was opened longer before and has ended since is not found. */
export const LOOK_BACK_MS = 24 * 60 * 60_000;
const PAGE = 100;

/** The recordings of the sessions that the edge has for a selection, the oldest first. */
export async function selectSessions(
  api: EdgeApi,
  selection: Selection,
  identities: IdentitySource,
): Promise<Source[]> {
  const { since, until, target, principal } = selection;
  const found = new Map<string, Session>();
  for (const state of ["open", "ended"]) {
    const earliest = state === "open" ? Number.NEGATIVE_INFINITY : since - LOOK_BACK_MS;
    let cursor: string | undefined;
    do {
      const query = { state, target, principal, limit: String(PAGE), cursor };
      const page: Page<Session> = await api.get("/v1/sessions", query);
      for (const session of page.items) {
        const { id, opened, ended } = session;
        if (opened <= until && (ended === null || ended >= since)) found.set(id, session);
      }
      const last = page.items.at(-1);
      cursor = last && last.opened >= earliest ? (page.next ?? undefined) : undefined;
    } while (cursor !== undefined);
  }
  return [...found.values()]
    .toSorted((one, other) => one.opened - other.opened)
    .map(({ id }) => sessionSource(api, id, identities));
}

/** A session's recording at the edge. */
export function sessionSource(api: EdgeApi, session: string, identities: IdentitySource): Source {
  return { name: session, entries: () => recordedEntries(unpacked(downloaded(api, session), identities)) };
}

/** An exported recording. */
export function fileSource(path: string, identities: IdentitySource): Source {
  return { name: path, entries: () => recordedEntries(unpacked(fileBytes(path), identities)) };
}

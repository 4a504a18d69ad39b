import { ActivityReader } from "../../protocol/activity/activities.ts";
import type { Entry } from "../../protocol/entry.ts";
import { DistinctActivities, type DistinctActivity, distinct } from "./distinct.ts";
import { type ActivityFilter, compare, isWanted, type Position } from "./request.ts";

/** Bytes of a recording that one search reads; the next one goes on where it ended. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Sessions of an object of which is kept what was read: the rest is read anew. */
const MAX_KEPT = 8;

/** What of a session that is not sealed is searched for. */
export interface LiveRequest extends ActivityFilter {
  after: Position | null;
  limit: number;
}

/** The newest that were found, at most `limit`. */
export interface LiveFound {
  rows: DistinctActivity[];
  /** Whether all of the recording was looked at, as far as it goes. */
  isWhole: boolean;
}

export const NOTHING_FOUND: LiveFound = { rows: [], isWhole: true };

/** What of a session's entries was read so far. */
class Reading {
  readonly #reader = new ActivityReader();
  readonly #distinct = new DistinctActivities();
  #next = 1;
  /** One search at a time reads on. */
  #turn: Promise<unknown> = Promise.resolve();

  find(
    session: string,
    entries: (from: number) => AsyncIterable<Entry>,
    request: LiveRequest,
  ): Promise<LiveFound> {
    const found = this.#turn.then(async () => {
      const isWhole = await this.#readOn(entries);
      return this.#found(session, request, isWhole);
    });
    this.#turn = found.catch(() => undefined);
    return found;
  }

  async #readOn(entries: (from: number) => AsyncIterable<Entry>): Promise<boolean> {
    let bytes = 0;
    for await (const entry of entries(this.#next)) {
      for (const activity of this.#reader.entry(entry)) this.#distinct.add(activity);
      this.#next = entry.seq + 1;
      bytes += entry.frame.length;
      if (bytes > MAX_BYTES) return false;
    }
    return true;
  }

  #found(session: string, request: LiveRequest, isWhole: boolean): LiveFound {
    const { after, limit } = request;
    const open = this.#reader.open.filter((one) => !this.#distinct.has(one)).map(distinct);
    const rows = [...this.#distinct.rows, ...open]
      .filter((row) => isWanted(request, after, session, row))
      .sort((one, other) => compare({ ...one, session }, { ...other, session }))
      .slice(0, limit);
    return { rows: rows.map((row) => ({ ...row })), isWhole: isWhole && this.#distinct.isWhole };
  }
}

/**
 * Searches sessions of one object that are not sealed: their entries are read as a search asks for them, each once while
 * the object remembers it. Memory is bounded.
 */
export class LiveActivities {
  readonly #readings = new Map<string, Reading>();

  /** `entries`: of the session, from one on. Rejects as reading them does. */
  async find(
    session: string,
    entries: (from: number) => AsyncIterable<Entry>,
    request: LiveRequest,
  ): Promise<LiveFound> {
    const reading = this.#readings.get(session) ?? new Reading();
    this.#readings.delete(session);
    this.#readings.set(session, reading);
    if (this.#readings.size > MAX_KEPT) this.#readings.delete(this.#readings.keys().next().value!);
    try {
      return await reading.find(session, entries, request);
    } catch (error) {
      this.#readings.delete(session);
      throw error;
    }
  }
}

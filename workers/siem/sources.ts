import type { Entry } from "../../protocol/entry.ts";
import type { IndexedEntry } from "../../protocol/ledger/entry.ts";
import type { OcsfEvent } from "../../protocol/ocsf/event.ts";
import { ledgerEvents } from "../../protocol/ocsf/ledger.ts";
import { SessionEvents } from "../../protocol/ocsf/session.ts";
import type { Position } from "./destination.ts";

/** How far a source goes. */
export interface Extent {
  /** Its last entry now, from 1. */
  last: number;
  /** It gets no more: of a session, it is over and its log complete. */
  isOver: boolean;
}

/** What became known with one entry. */
export interface Step {
  seq: number;
  events: OcsfEvent[];
  /** Bytes that were read for it, about. */
  bytes: number;
}

/** Reads a source once, from the beginning or where its positions allow it to begin. */
export interface SourceReader {
  /** Every step from the last one on, to the end of what there is now; of a source that is over, also its end's. */
  steps(): AsyncIterable<Step>;
}

/** The sources of an object: its sessions, or the ledger. */
export interface Sources {
  /** Null where nothing is left of it. */
  extent(source: string): Extent | null;
  /**
   * `after`: what was delivered already; a reader may still begin before it. `isEdges`: what is delivered stays with the edge, which
   * must not keep what an encrypted recording says.
   */
  reader(source: string, after: Position, isEdges: boolean): SourceReader;
}

/** What the object of sessions offers. */
export interface SessionEntriesHost {
  extent(session: string): Extent | null;
  /** Whether the session's recording is encrypted, or will be. */
  isEncrypted(session: string): boolean;
  /** The session's entries from `from` on, sealed ones as well, as far as they go now. */
  entries(session: string, from: number): AsyncIterable<Entry>;
}

/** Sessions: what they tell follows from all that went before, so each is read from its first entry on. */
export function sessionSources(host: SessionEntriesHost): Sources {
  return {
    extent: (session) => host.extent(session),
    reader: (session, _after, isEdges) => {
      const events = new SessionEvents("edge", !(isEdges && host.isEncrypted(session)));
      let next = 1;
      let hasEnded = false;
      return {
        async *steps() {
          if (hasEnded) return;
          for await (const entry of host.entries(session, next)) {
            next = entry.seq + 1;
            yield { seq: entry.seq, events: events.entry(entry), bytes: entry.frame.length };
          }
          const { last, isOver } = host.extent(session) ?? { last: next - 1, isOver: true };
          if (!isOver || last >= next) return;
          hasEnded = true;
          yield { seq: next, events: events.end(), bytes: 0 };
        },
      };
    },
  };
}

/** The one source of the ledger's object. */
export const LEDGER = "ledger";

/** What the ledger's object offers. */
export interface LedgerEntriesHost {
  /** How many entries it has. */
  size(): number;
  /** Its entries from this index on. */
  entries(from: number): AsyncIterable<IndexedEntry> | Iterable<IndexedEntry>;
}

/** The ledger: each entry stands for itself. Its seq is the index plus one. */
export function ledgerSources(host: LedgerEntriesHost): Sources {
  return {
    extent: () => ({ last: host.size(), isOver: false }),
    reader: (_source, after) => {
      // The last entry of which something was delivered may have more.
      let next = Math.max(after.seq, 1);
      return {
        async *steps() {
          for await (const indexed of host.entries(next - 1)) {
            next = indexed.index + 2;
            const events = ledgerEvents(indexed);
            yield { seq: indexed.index + 1, events, bytes: 1_024 * events.length };
          }
        },
      };
    },
  };
}

/** Sources of one object by their names. */
export function sourcesByName(sources: Readonly<Record<string, Sources>>): Sources {
  return {
    extent: (source) => sources[source]?.extent(source) ?? null,
    reader: (source, after, isEdges) => sources[source]!.reader(source, after, isEdges),
  };
}

import type { OcsfEvent } from "../../protocol/ocsf/event.ts";
import type { Destination, Outgoing, Sent } from "./destination.ts";
import type { Sources } from "./sources.ts";

/** An event of which only its name counts. */
export function namedEvent(uid: string, padding = 0): OcsfEvent {
  const metadata = { uid };
  return { class_uid: 6003, activity_id: 1, type_uid: 600301, time: 1, metadata, pad: "x".repeat(padding) };
}

/** Sources whose entries are lists of events, for tests. Each is read from its beginning. */
export class ListSources implements Sources {
  readonly lists = new Map<string, { entries: OcsfEvent[][]; isOver: boolean }>();
  /** How often each was read from its beginning. */
  readonly readers = new Map<string, number>();
  /** Sources that can't be read now. */
  readonly damaged = new Set<string>();

  /** Adds an entry with so many events; answers their names. */
  add(source: string, count: number, padding = 0): string[] {
    const list = this.lists.get(source) ?? { entries: [], isOver: false };
    this.lists.set(source, list);
    const seq = list.entries.length + 1;
    const events = Array.from({ length: count }, (_, item) =>
      namedEvent(`${source}/${seq}/${item}`, padding),
    );
    list.entries.push(events);
    return events.map(({ metadata }) => metadata.uid);
  }

  extent(source: string) {
    const list = this.lists.get(source);
    return list === undefined ? null : { last: list.entries.length, isOver: list.isOver };
  }

  reader(source: string) {
    this.readers.set(source, (this.readers.get(source) ?? 0) + 1);
    const { lists, damaged } = this;
    let next = 1;
    let hasEnded = false;
    return {
      async *steps() {
        const list = lists.get(source)!;
        for (; next <= list.entries.length; ) {
          if (damaged.has(source)) throw new Error("the recording is damaged");
          const seq = next++;
          yield { seq, events: list.entries[seq - 1]!, bytes: 100 };
        }
        if (!list.isOver || hasEnded) return;
        hasEnded = true;
        yield { seq: next, events: [namedEvent(`${source}/end`)], bytes: 0 };
      },
    };
  }
}

/** A destination that does as `answer` says, and keeps what it took. */
export class ListDestination implements Destination {
  readonly name: Destination["name"] = "http";
  readonly isEdges = false;
  readonly lingerMs = 1_000;
  maxEvents = 5;
  maxBytes = 10_000;
  mixes = true;
  /** Names, as they were taken; the same may come again. */
  readonly taken: string[] = [];
  readonly batches: string[][] = [];
  answer: (uids: string[]) => Sent & { took?: true } = () => ({ outcome: "delivered" });

  async send(batch: readonly Outgoing[]): Promise<Sent> {
    const uids = batch.map(({ event }) => event.metadata.uid);
    this.batches.push(uids);
    const sent = this.answer(uids);
    if (sent.outcome === "delivered" || sent.took) this.taken.push(...uids);
    return sent;
  }
}

import type { Entry } from "../../protocol/entry.ts";
import type { OcsfEvent } from "../../protocol/ocsf/event.ts";
import { SessionEvents } from "../../protocol/ocsf/session.ts";
import type { EntryReader } from "./tap.ts";

/**
 * The events of one session, as lines. An event's `metadata.uid` is not the one that the edge gives, but `SESSION/cSEQ/ITEM` in its
 * place.
 */
export class ToldEvents implements EntryReader {
  readonly loss = "its events can't be told";
  readonly #events = new SessionEvents("connector");
  readonly #add: (line: string) => void;

  constructor(add: (line: string) => void) {
    this.#add = add;
  }

  entry(entry: Entry): void {
    this.#tell(this.#events.entry(entry));
  }

  end(): void {
    this.#tell(this.#events.end());
  }

  #tell(events: readonly OcsfEvent[]): void {
    for (const event of events) this.#add(JSON.stringify(event));
  }
}

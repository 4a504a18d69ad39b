import { TARGET_KINDS, type TargetKind } from "../control.ts";
import { type Entry, EntryKind } from "../entry.ts";
import { edgeEvent } from "../recording/events.ts";
import type { Activity } from "./activity.ts";
import { HttpActivities } from "./http.ts";
import type { KindReader } from "./kind-reader.ts";
import { PostgresActivities } from "./postgres.ts";
import { SshActivities } from "./ssh.ts";

const READERS: Record<TargetKind, () => KindReader> = {
  postgres: () => new PostgresActivities(),
  ssh: () => new SshActivities(),
  http: () => new HttpActivities(),
  kubernetes: () => new HttpActivities(),
};

/**
 * Reads what an agent asked of a target from the entries of one recording, in their order and from the first on: each
 * activity when its outcome is known, in the order in which that became known, once. `seq` and `item` are its name. Pure;
 * memory is bounded whatever the entries hold, and it never throws for that: it trusts their order, not their content.
 * What the target answered is no part of an activity's text.
 */
export class ActivityReader {
  #reader: KindReader | null = null;

  /** Those whose outcome is known with this entry, often none. */
  entry(entry: Entry): Activity[] {
    this.#reader ??= READERS[kindOf(entry)]();
    return this.#reader.entry(entry);
  }

  /** Those whose outcome is not known yet, as far as the entries tell of them; `entry` or `end` gives them later. */
  get open(): Activity[] {
    return this.#reader?.open ?? [];
  }

  /** Those of which the entries do not tell more. Call it once, after the last entry. */
  end(): Activity[] {
    return this.#reader?.end() ?? [];
  }

  /** Values that were masked in the session, by label or detector, where it is not told in the answer to what. */
  get unassigned(): Record<string, number> {
    return Object.fromEntries(this.#reader?.unassigned ?? []);
  }
}

/** The activities of a recording, as `ActivityReader` gives them. */
export async function* activities(entries: AsyncIterable<Entry> | Iterable<Entry>): AsyncGenerator<Activity> {
  const reader = new ActivityReader();
  for await (const entry of entries) yield* reader.entry(entry);
  yield* reader.end();
}

/** What kind of target a session is with, as its first entry says; `postgres` where it says nothing: such were the first. */
function kindOf(first: Entry): TargetKind {
  const event = first.kind === EntryKind.edge ? edgeEvent(first.frame) : null;
  const kind = event?.event === "opened" ? event.facts.kind : undefined;
  return TARGET_KINDS.find((one) => one === kind) ?? "postgres";
}

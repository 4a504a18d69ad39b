import { createHash } from "node:crypto";
import type { Activity } from "../../protocol/activity/activity.ts";
import { addMasked } from "../../protocol/activity/draft.ts";

/** Different activities of a session that are kept for search: those that were allowed, and all others. */
export const MAX_ALLOWED = 2_000;
export const MAX_OTHERS = 1_000;
/** Characters of all their texts. */
export const MAX_TEXTS = 1024 * 1024;
/** Activities that are the same are one within this, ms: so a search by time finds those of a long session. */
export const SAME_WITHIN_MS = 60 * 60_000;

/** The same kind, verdict and text, asked once or more within an hour. */
export interface DistinctActivity {
  /** Of the first. */
  seq: number;
  item: number;
  /** Of the first and the last, ms since 1970. */
  time: number;
  last: number;
  count: number;
  kind: Activity["kind"];
  verdict: Activity["verdict"];
  /** Each run of blanks is one. */
  text: string;
}

/** What a session did, counted; `masked`: values. */
export interface SessionTallies {
  allowed: number;
  approved: number;
  blocked: number;
  /** Those about which people were asked. */
  held: number;
  masked: number;
}

const TALLY = { allow: "allowed", approve: "approved", block: "blocked" } as const;

/** Gathers what is kept of a session for search. Memory is bounded. */
export class DistinctActivities {
  readonly tallies: SessionTallies = { allowed: 0, approved: 0, blocked: 0, held: 0, masked: 0 };
  /** Values that were masked, by label: of very many labels the rest go by one name. */
  readonly labels = new Map<string, number>();
  readonly #rows = new Map<string, DistinctActivity>();
  #allowed = 0;
  #characters = 0;
  #isWhole = true;

  add(activity: Activity): void {
    this.tallies[TALLY[activity.verdict]]++;
    if (activity.approval !== null) this.tallies.held++;
    this.mask(activity.masked);
    const row = distinct(activity);
    const key = keyOf(row);
    const before = this.#rows.get(key);
    if (before) merge(before, row);
    else this.#keep(key, row);
  }

  /** Counts values that were masked. */
  mask(values: Readonly<Record<string, number>>): void {
    for (const count of Object.values(values)) this.tallies.masked += count;
    addMasked(this.labels, Object.entries(values));
  }

  /** In the order in which they were completed first. */
  get rows(): IterableIterator<DistinctActivity> {
    return this.#rows.values();
  }

  has(activity: Activity): boolean {
    return this.#rows.has(keyOf(distinct(activity)));
  }

  /** Whether all that was added is in the rows. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  #keep(key: string, row: DistinctActivity): void {
    const isAllowed = row.verdict === "allow";
    const others = this.#rows.size - this.#allowed;
    const isFull = isAllowed ? this.#allowed >= MAX_ALLOWED : others >= MAX_OTHERS;
    if (isFull || this.#characters + row.text.length > MAX_TEXTS) {
      this.#isWhole = false;
      return;
    }
    this.#rows.set(key, row);
    this.#characters += row.text.length;
    if (isAllowed) this.#allowed++;
  }
}

export function distinct({ seq, item, time, kind, verdict, text }: Activity): DistinctActivity {
  return {
    seq,
    item,
    time,
    last: time,
    count: 1,
    kind,
    verdict,
    text: text.replace(/\s+/g, " ").trim(),
  };
}

function keyOf({ kind, verdict, text, time }: DistinctActivity): string {
  const hour = Math.floor(time / SAME_WITHIN_MS);
  return `${kind} ${verdict} ${hour} ${createHash("sha256").update(text).digest("base64")}`;
}

function merge(row: DistinctActivity, same: DistinctActivity): void {
  row.count++;
  row.last = Math.max(row.last, same.last);
  if (same.seq > row.seq || (same.seq === row.seq && same.item > row.item)) return;
  // It was asked before, and answered after.
  row.seq = same.seq;
  row.item = same.item;
  row.time = same.time;
}

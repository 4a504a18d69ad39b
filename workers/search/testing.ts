import type { Activity } from "../../protocol/activity/activity.ts";
import { type DistinctActivity, distinct } from "./distinct.ts";
import { placeOf } from "./places.ts";
import type { SearchRequest } from "./request.ts";

/** A time at which sessions of tests run. */
export const T0 = 1_800_000_000_000;

export function activityOf(part: Partial<Activity>): Activity {
  return {
    seq: 1,
    item: 0,
    time: T0,
    kind: "statement",
    text: "SELECT 1",
    isCut: false,
    verdict: "allow",
    actions: [],
    policies: [],
    reason: null,
    approval: null,
    outcome: "ok",
    status: null,
    durationMs: null,
    masked: {},
    ...part,
  };
}

export function searchOf(part: Partial<SearchRequest>): SearchRequest {
  return {
    principal: null,
    target: null,
    owner: null,
    kind: null,
    verdict: null,
    since: null,
    until: null,
    terms: [],
    after: null,
    limit: 100,
    ...part,
  };
}

/** Rows of the index as `indexSession` would have written them, for tests of many. */
export interface SyntheticRow extends DistinctActivity {
  session: string;
  principal: string;
  onBehalfOf: string | null;
  target: string;
}

export function syntheticRow(part: Partial<Activity> & Partial<SyntheticRow>): SyntheticRow {
  const { session = "0".repeat(32), principal = "corp/alice", onBehalfOf = null, target = "orders" } = part;
  return { ...distinct(activityOf(part)), session, principal, onBehalfOf, target };
}

export const INSERT_ROWS = `INSERT INTO activities
  (id, session, seq, item, last, count, kind, verdict, principal, on_behalf_of, target, text)
  SELECT value ->> 'id', value ->> 'session', value ->> 'seq', value ->> 'item', value ->> 'last', value ->> 'count',
    value ->> 'kind', value ->> 'verdict', value ->> 'principal', value ->> 'onBehalfOf', value ->> 'target',
    value ->> 'text' FROM json_each(?1)`;

/** The rows with places: of those of one ms in the order given. */
export function placed(rows: readonly SyntheticRow[]): string {
  const taken = new Map<number, number>();
  const all = rows.map((row) => {
    const first = placeOf(row.time);
    const tie = taken.get(first) ?? 0;
    taken.set(first, tie + 1);
    return { ...row, id: first + tie };
  });
  return JSON.stringify(all);
}

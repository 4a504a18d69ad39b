import type { Activity } from "../../protocol/activity/activity.ts";
import { decodeCursor, encodeCursor } from "../directory/page.ts";
import type { DistinctActivity } from "./distinct.ts";
import { matches } from "./terms.ts";

/** What of activities is searched for; all that is given must hold. */
export interface ActivityFilter {
  kind: Activity["kind"] | null;
  verdict: Activity["verdict"] | null;
  /** Asked between these times, both included; ms since 1970. */
  since: number | null;
  until: number | null;
  /** As `searchTerms` has them; empty for any text. */
  terms: string[];
}

/** A search: activities of these sessions. */
export interface SearchRequest extends ActivityFilter {
  principal: string | null;
  target: string | null;
  /** Whose sessions are shown: those of this principal, with a user those that it opened for that user; null for all. */
  owner: { principal: string; onBehalfOf?: string } | null;
  /** What comes after this is wanted; null for the newest. */
  after: Position | null;
  /** Hits of a page. */
  limit: number;
}

/** Where a hit stands: hits are in the order of these, the highest first. */
export type Position = Pick<DistinctActivity, "time" | "seq" | "item"> & { session: string };

/** For sorting: the newest first, then by session, entry and item, all downwards. */
export function compare(one: Position, other: Position): number {
  if (one.time !== other.time) return other.time - one.time;
  if (one.session !== other.session) return one.session < other.session ? 1 : -1;
  return other.seq - one.seq || other.item - one.item;
}

export function encodePosition({ time, session, seq, item }: Position): string {
  return encodeCursor([time, session, seq, item]);
}

/** Throws `invalid_request`. */
export function decodePosition(cursor: string): Position {
  const [time, session, seq, item] = decodeCursor(cursor, ["number", "string", "number", "number"]);
  return { time, session, seq, item };
}

/** Whether an activity is searched for, and comes after the request's position. */
export function isWanted(
  filter: ActivityFilter,
  after: Position | null,
  session: string,
  row: DistinctActivity,
): boolean {
  const { kind, verdict, since, until, terms } = filter;
  return (
    (kind === null || row.kind === kind) &&
    (verdict === null || row.verdict === verdict) &&
    (since === null || row.last >= since) &&
    (until === null || row.time <= until) &&
    (after === null || compare(after, { ...row, session }) < 0) &&
    matches(row.text, terms)
  );
}

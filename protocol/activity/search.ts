import type { Activity } from "./activity.ts";

/** What `GET /v1/search` finds: something that an agent asked for, once or more within an hour. */
export interface SearchHit {
  session: string;
  principal: string;
  onBehalfOf: string | null;
  target: string;
  /** Entry and item of the first (`Activity`). */
  seq: number;
  item: number;
  /** When it was asked first and last, ms since 1970, and how often. */
  time: number;
  last: number;
  count: number;
  kind: Activity["kind"];
  verdict: Activity["verdict"];
  /** Of the activity's text, on one line, at most 240 characters around what was searched for; … where there is more. */
  excerpt: string;
  /** It was found in a recording that is not sealed. */
  isLive: boolean;
}

/** A page of hits, the newest first; there may be fewer than asked for, or none, and others after it. */
export interface SearchPage {
  items: SearchHit[];
  /** The cursor of what follows; null at the end. */
  next: string | null;
  /** Sessions that are not sealed of which not all was looked at; at most 100 are named. */
  partial: string[];
}

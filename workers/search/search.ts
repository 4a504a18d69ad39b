import type { SearchHit, SearchPage } from "../../protocol/activity/search.ts";
import type { Env } from "../environment.ts";
import { searchIndex } from "./indexed.ts";
import { searchLive } from "./live.ts";
import { compare, encodePosition, type SearchRequest } from "./request.ts";

/**
 * Searches what agents asked for, in sealed sessions by the index and in others by asking them: the newest first. A page
 * may have fewer hits than asked for, or none, with others after it: the work of one search is bounded.
 */
export async function search(env: Env, request: SearchRequest, window?: number): Promise<SearchPage> {
  // In this order: what is sealed meanwhile is in both, and not in none.
  const live = await searchLive(env, request);
  const indexed = await searchIndex(env.DIRECTORY, request, window);
  const { end } = indexed;
  const all = distinctHits([...indexed.hits, ...live.hits]).sort(compare);
  const hits = end === null ? all : all.filter((hit) => compare(hit, end) < 0);
  const items = hits.slice(0, request.limit);
  const last = hits.length > items.length ? items.at(-1) : end;
  return { items, next: last ? encodePosition(last) : null, partial: live.partial };
}

/** Of the same hit the first: it was sealed meanwhile, or is one's own by two ways. */
function distinctHits(hits: SearchHit[]): SearchHit[] {
  const known = new Set<string>();
  return hits.filter(({ session, seq, item }) => {
    const key = `${session} ${seq} ${item}`;
    return !known.has(key) && known.add(key);
  });
}

import type { SearchHit } from "../../protocol/activity/search.ts";
import { type DistinctActivity, SAME_WITHIN_MS } from "./distinct.ts";
import { PLACES, placeOf, timeOf } from "./places.ts";
import { compare, type Position, type SearchRequest } from "./request.ts";
import { excerptOf, gramQuery } from "./terms.ts";

/**
 * Rows that one query looks at, and queries of one search: what is searched for may be rare among them. More than two ms
 * can have: each query gets on.
 */
export const WINDOW = 10_000;
const MAX_WINDOWS = 5;

/** What the index has: the newest hits, and how far it was looked. */
export interface Found {
  hits: SearchHit[];
  /** All before this position was looked at, and hits after it are not all that there are; null where all was. */
  end: Position | null;
}

interface Row extends Omit<DistinctActivity, "time"> {
  id: number;
  session: string;
  principal: string;
  on_behalf_of: string | null;
  target: string;
}

type Value = string | number;

/** SQL with its values in their order. */
export interface Part {
  sql: string;
  values: Value[];
}

/** In which order rows are looked at: the newest first, of all that the condition lets through. */
interface Driver {
  from: string;
  id: string;
  where: Part[];
}

const COLUMNS =
  "a.id, a.session, a.seq, a.item, a.last, a.count, a.kind, a.verdict, a.principal, a.on_behalf_of, a.target, a.text";

/**
 * Searches the index of sealed sessions: the newest `limit` hits and one more. Each query looks at `WINDOW` rows at most, by
 * an index that has them in order, and a search makes few: where it ends before there are enough hits, `end` says where.
 */
export async function searchIndex(
  db: D1Database,
  request: SearchRequest,
  window: number = WINDOW,
): Promise<Found> {
  const found = await Promise.all(driversOf(request).map((driver) => searchBy(db, request, driver, window)));
  const hits = found.flatMap((one) => one.hits).sort(compare);
  const ends = found.flatMap(({ end }) => end ?? []).sort(compare);
  const [end = null] = ends;
  return { hits, end };
}

async function searchBy(
  db: D1Database,
  request: SearchRequest,
  driver: Driver,
  window: number,
): Promise<Found> {
  const { limit } = request;
  const lowest = request.since === null ? 0 : placeOf(request.since - SAME_WITHIN_MS);
  let highest = highestOf(request);
  const rows: Row[] = [];
  for (let windows = 0; windows < MAX_WINDOWS; windows++) {
    const part = windowQuery(driver, request, { lowest, highest, window }, limit + 1 - rows.length);
    const { results } = await prepared(db, part).all<Row>();
    rows.push(...results);
    if (rows.length > limit) {
      // The one too many tells that there are others; of the same ms as the last it may come before it.
      const [last, other] = rows.slice(-2);
      const isWhole = timeOf(last!.id) !== timeOf(other!.id);
      const all = isWhole ? rows : await wholeMs(db, request, driver, rows);
      return { hits: sorted(all, request), end: null };
    }
    const { results: ends } = await prepared(db, windowEnd(driver, { lowest, highest, window })).all<{
      id: number;
    }>();
    if (ends.length === 0) return { hits: sorted(rows, request), end: null };
    highest = ends[0]!.id - 1;
  }
  // What lies in the same ms as the last row may come before it: all of it is looked at again.
  const end: Position = { time: timeOf(highest + 1) + 1, session: "", seq: 0, item: 0 };
  return { hits: sorted(rows, request), end };
}

/** Rows of one ms are in no order: where the last has others, those belong to it. */
async function wholeMs(
  db: D1Database,
  request: SearchRequest,
  driver: Driver,
  rows: readonly Row[],
): Promise<Row[]> {
  const lowest = placeOf(timeOf(rows.at(-1)!.id));
  const highest = Math.min(lowest + PLACES - 1, highestOf(request));
  const range = { lowest, highest, window: PLACES };
  const { results } = await prepared(db, windowQuery(driver, request, range, PLACES)).all<Row>();
  return [...rows.filter(({ id }) => id > range.highest), ...results];
}

function highestOf({ until, after }: SearchRequest): number {
  return placeOf(Math.min(until ?? Infinity, after?.time ?? Infinity)) + PLACES - 1;
}

/** By which indexes rows are looked at; whoever sees some sessions only is not kept waiting by the rows of others. */
function driversOf({ owner, principal, target, verdict, terms }: SearchRequest): Driver[] {
  if (owner !== null) {
    const own = rowsBy("activities_principal", "principal = ?", owner.principal);
    if (owner.onBehalfOf !== undefined) return [own];
    return [own, rowsBy("activities_user", "on_behalf_of = ?", owner.principal)];
  }
  const query = gramQuery(terms);
  if (query !== null) {
    const where = [{ sql: "activity_texts MATCH ?", values: [query] }];
    return [{ from: "activity_texts", id: "rowid", where }];
  }
  if (principal !== null) return [rowsBy("activities_principal", "principal = ?", principal)];
  if (verdict !== null && verdict !== "allow") {
    return [rowsBy("activities_verdict", "verdict <> 'allow' AND verdict = ?", verdict)];
  }
  if (target !== null) return [rowsBy("activities_target", "target = ?", target)];
  return [{ from: "activities", id: "id", where: [] }];
}

function rowsBy(index: string, sql: string, value: Value): Driver {
  return { from: `activities INDEXED BY ${index}`, id: "id", where: [{ sql, values: [value] }] };
}

/** Which rows a query looks at: those of these places, and no more than `window` of them. */
interface Range {
  lowest: number;
  highest: number;
  window: number;
}

function windowOf({ from, id, where }: Driver, { lowest, highest }: Range): Part {
  const range = { sql: `${id} >= ? AND ${id} <= ?`, values: [lowest, highest] };
  const { sql, values } = joined([...where, range]);
  return { sql: `SELECT ${id} AS id FROM ${from} WHERE ${sql} ORDER BY ${id} DESC`, values };
}

/** The rows of a window that are searched for, the newest first. */
export function windowQuery(driver: Driver, request: SearchRequest, range: Range, limit: number): Part {
  const window = windowOf(driver, range);
  const wanted = joined(conditionsOf(request));
  return {
    sql: `SELECT ${COLUMNS} FROM (${window.sql} LIMIT ${range.window}) AS f CROSS JOIN activities AS a ON a.id = f.id
       WHERE ${wanted.sql} LIMIT ?`,
    values: [...window.values, ...wanted.values, limit],
  };
}

/** The last row of a window; none where the window has all that there is. */
function windowEnd(driver: Driver, range: Range): Part {
  const window = windowOf(driver, range);
  return { sql: `${window.sql} LIMIT 1 OFFSET ${range.window - 1}`, values: window.values };
}

function conditionsOf(request: SearchRequest): Part[] {
  const { owner, principal, target, kind, verdict, since, until, terms, after } = request;
  const parts: Part[] = [];
  const where = (sql: string, ...values: Value[]) => parts.push({ sql, values });
  if (owner?.onBehalfOf !== undefined) {
    where("a.principal = ? AND a.on_behalf_of = ?", owner.principal, owner.onBehalfOf);
  }
  if (principal !== null) where("a.principal = ?", principal);
  if (target !== null) where("a.target = ?", target);
  if (kind !== null) where("a.kind = ?", kind);
  if (verdict !== null) where("a.verdict = ?", verdict);
  if (since !== null) where("a.last >= ?", since);
  if (until !== null) where("a.id < ?", placeOf(until) + PLACES);
  if (after !== null) {
    const { time, session, seq, item } = after;
    where("(a.id < ? OR (a.session, a.seq, a.item) < (?, ?, ?))", placeOf(time), session, seq, item);
  }
  for (const term of terms) where("instr(lower(a.text), ?) > 0", term);
  return parts.length === 0 ? [{ sql: "TRUE", values: [] }] : parts;
}

function joined(parts: readonly Part[]): Part {
  return {
    sql: parts.map(({ sql }) => sql).join(" AND "),
    values: parts.flatMap(({ values }) => values),
  };
}

function prepared(db: D1Database, { sql, values }: Part): D1PreparedStatement {
  return db.prepare(sql).bind(...values);
}

function sorted(rows: readonly Row[], { terms }: SearchRequest): SearchHit[] {
  return rows
    .map(({ id, on_behalf_of, text, ...row }) => ({
      ...row,
      onBehalfOf: on_behalf_of,
      time: timeOf(id),
      excerpt: excerptOf(text, terms),
      isLive: false,
    }))
    .sort(compare);
}

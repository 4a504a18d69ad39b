import { createHash } from "node:crypto";
import { ActivityReader } from "../../protocol/activity/activities.ts";
import type { Activity } from "../../protocol/activity/activity.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import type { Entry } from "../../protocol/entry.ts";
import type { Env } from "../environment.ts";
import { DistinctActivities, type DistinctActivity, type SessionTallies } from "./distinct.ts";
import { PLACES, placeOf } from "./places.ts";

/** Bytes of a recording that are looked through, and activities: a session's alarm has no more than some seconds. */
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_ACTIVITIES = 300_000;
/** Characters of rows that one statement carries; a value of D1 has 2 MB at most. */
const MAX_JSON = 256 * 1024;
/** How often places are chosen anew that another session took meanwhile. */
const TRIES = 5;

/** Whose session it is. */
export type Indexed = Pick<SessionFacts, "session" | "principal" | "onBehalfOf" | "target">;

/** `partial`: there was more than is kept. */
export interface IndexedSession {
  indexed: "whole" | "partial";
  rows: number;
}

type Placed = DistinctActivity & { id: number };

/**
 * Makes a sealed session searchable: reads its entries, in their order and from the first on, and writes what was asked in
 * them in place of what the index has of the session. In one transaction, and safe to repeat. The first `MAX_BYTES` and
 * `MAX_ACTIVITIES` are read, and rows are kept as `DistinctActivities` bounds them; the rest makes it `partial`. `hasTexts`: false for
 * a recording that is encrypted: then the index has who, when, of what kind and with what verdict. Throws what D1 throws.
 */
export async function indexSession(
  env: Pick<Env, "DIRECTORY">,
  facts: Indexed,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  hasTexts = true,
): Promise<IndexedSession> {
  const { distinct, isWhole } = await read(entries, hasTexts);
  const rows = [...distinct.rows];
  for (let tries = 1; ; tries++) {
    const placed = await place(env.DIRECTORY, facts.session, rows);
    const indexed = isWhole && placed.length === rows.length ? "whole" : "partial";
    try {
      await write(env.DIRECTORY, facts, placed, { ...distinct.tallies, indexed }, distinct.labels);
      return { indexed, rows: placed.length };
    } catch (error) {
      if (tries >= TRIES || !/UNIQUE constraint failed: activities/.test(String(error))) throw error;
    }
  }
}

/** Takes a session out of the index, and what is counted of it. Safe to repeat. */
export async function forgetSession(env: Pick<Env, "DIRECTORY">, session: string): Promise<void> {
  await env.DIRECTORY.batch(removal(env.DIRECTORY, session));
}

/** What is counted of sealed sessions, by id; at most as many as one page has. */
export async function talliesOf(
  db: D1Database,
  sessions: readonly string[],
): Promise<Map<string, SessionTallies & { indexed: "whole" | "partial" }>> {
  const { results } = await db
    .prepare(
      `SELECT session, allowed, approved, blocked, held, masked, indexed FROM session_tallies
       WHERE session IN (SELECT value FROM json_each(?1))`,
    )
    .bind(JSON.stringify(sessions))
    .all<SessionTallies & { session: string; indexed: "whole" | "partial" }>();
  return new Map(results.map(({ session, ...tallies }) => [session, tallies]));
}

async function read(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  hasTexts: boolean,
): Promise<{ distinct: DistinctActivities; isWhole: boolean }> {
  const reader = new ActivityReader();
  const distinct = new DistinctActivities();
  const add = (activity: Activity) => distinct.add(hasTexts ? activity : { ...activity, text: "" });
  let bytes = 0;
  let activities = 0;
  let isWhole = true;
  for await (const entry of entries) {
    bytes += entry.frame.length;
    isWhole = bytes <= MAX_BYTES && activities <= MAX_ACTIVITIES;
    if (!isWhole) break;
    for (const activity of reader.entry(entry)) {
      add(activity);
      activities++;
    }
  }
  for (const activity of reader.end()) add(activity);
  distinct.mask(reader.unassigned);
  return { distinct, isWhole: isWhole && distinct.isWhole };
}

/** Gives each row a place that no other session has now. Rows of a ms that has none left are left out. */
async function place(db: D1Database, session: string, rows: readonly DistinctActivity[]): Promise<Placed[]> {
  const taken = await takenAt(db, session, rows);
  const placed: Placed[] = [];
  for (const row of rows) {
    const first = placeOf(row.time);
    const start = tieOf(session, row);
    for (let tries = 0; tries < PLACES; tries++) {
      const id = first + ((start + tries) % PLACES);
      if (taken.has(id)) continue;
      taken.add(id);
      placed.push({ ...row, id });
      break;
    }
  }
  return placed;
}

/** The places that other sessions have in these ms. */
async function takenAt(
  db: D1Database,
  session: string,
  rows: readonly DistinctActivity[],
): Promise<Set<number>> {
  const firsts = [...new Set(rows.map(({ time }) => placeOf(time)))];
  const { results } = await db
    .prepare(
      `SELECT a.id FROM json_each(?1) AS ms CROSS JOIN activities AS a
       ON a.id >= ms.value AND a.id < ms.value + ${PLACES} WHERE a.session <> ?2`,
    )
    .bind(JSON.stringify(firsts), session)
    .all<{ id: number }>();
  return new Set(results.map(({ id }) => id));
}

/** Where to look first: the same for the same row, and seldom that of another. */
function tieOf(session: string, { seq, item }: DistinctActivity): number {
  return createHash("sha256").update(`${session} ${seq} ${item}`).digest().readUInt16BE() % PLACES;
}

async function write(
  db: D1Database,
  { session, principal, onBehalfOf, target }: Indexed,
  rows: readonly Placed[],
  tallies: SessionTallies & { indexed: string },
  labels: ReadonlyMap<string, number>,
): Promise<void> {
  const insert = db.prepare(
    `INSERT INTO activities (id, session, seq, item, last, count, kind, verdict, principal, on_behalf_of, target, text)
     SELECT value ->> 'id', ?2, value ->> 'seq', value ->> 'item', value ->> 'last', value ->> 'count', value ->> 'kind',
       value ->> 'verdict', ?3, ?4, ?5, value ->> 'text' FROM json_each(?1)`,
  );
  const { allowed, approved, blocked, held, masked, indexed } = tallies;
  await db.batch([
    ...removal(db, session),
    ...chunks(rows).map((json) => insert.bind(json, session, principal, onBehalfOf ?? null, target)),
    db
      .prepare(
        `INSERT INTO session_tallies (session, allowed, approved, blocked, held, masked, indexed, ids)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
      )
      .bind(
        session,
        allowed,
        approved,
        blocked,
        held,
        masked,
        indexed,
        JSON.stringify(rows.map(({ id }) => id)),
      ),
    ...(labels.size === 0
      ? []
      : [
          db
            .prepare("INSERT INTO session_labels (session, labels) VALUES (?1, ?2)")
            .bind(session, JSON.stringify(Object.fromEntries(labels))),
        ]),
  ]);
}

/** A session's rows are found by the ids that stand beside what is counted: an index for that would cost a row each. */
function removal(db: D1Database, session: string): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `DELETE FROM activities WHERE session = ?1
         AND id IN (SELECT value FROM json_each((SELECT ids FROM session_tallies WHERE session = ?1)))`,
      )
      .bind(session),
    db.prepare("DELETE FROM session_tallies WHERE session = ?1").bind(session),
    db.prepare("DELETE FROM session_labels WHERE session = ?1").bind(session),
  ];
}

/** The rows as JSON arrays, each of a bounded length. */
function chunks(rows: readonly Placed[]): string[] {
  const arrays: string[] = [];
  let array: string[] = [];
  let length = 0;
  for (const { time: _, ...row } of rows) {
    const json = JSON.stringify(row);
    if (length + json.length > MAX_JSON && array.length > 0) {
      arrays.push(`[${array.join()}]`);
      array = [];
      length = 0;
    }
    array.push(json);
    length += json.length;
  }
  if (array.length > 0) arrays.push(`[${array.join()}]`);
  return arrays;
}

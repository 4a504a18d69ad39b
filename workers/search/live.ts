import type { SearchHit } from "../../protocol/activity/search.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { sessionStub } from "../session/stub.ts";
import type { LiveFound, LiveRequest } from "./live-activities.ts";
import type { SearchRequest } from "./request.ts";
import { excerptOf } from "./terms.ts";

/** Sessions that one search asks, the newest, and at once so many of them. */
const MAX_ASKED = 32;
const AT_ONCE = 8;
/** Further sessions that it names as not looked at. */
const MAX_NAMED = 100;
/** How long it waits for a session's answer, ms. */
const ANSWER_MS = 5_000;

/** A session whose recording is not sealed. */
interface LiveSession {
  id: string;
  principal: string;
  on_behalf_of: string | null;
  target: string;
}

export interface LiveHits {
  hits: SearchHit[];
  /** Sessions of which not all was looked at. */
  partial: string[];
}

/** Asks the sessions that are not sealed for what is searched for: of each the newest `limit` hits and one more. */
export async function searchLive(env: Env, request: SearchRequest): Promise<LiveHits> {
  const sessions = await liveSessions(env.DIRECTORY, request);
  const partial = sessions.slice(MAX_ASKED).map(({ id }) => id);
  const hits: SearchHit[] = [];
  const asked = sessions.slice(0, MAX_ASKED);
  const { kind, verdict, since, until, terms, after, limit } = request;
  const filter: LiveRequest = { kind, verdict, since, until, terms, after, limit: limit + 1 };
  const ask = async () => {
    for (let session = asked.shift(); session; session = asked.shift()) {
      const found = await answerOf(env, session.id, filter);
      hits.push(...(found?.rows ?? []).map((row) => hitOf(session!, row, terms)));
      if (!found?.isWhole) partial.push(session.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return { hits, partial: partial.slice(0, MAX_NAMED) };
}

/** Null where the session does not answer in time: a search tells of it and goes on. */
async function answerOf(env: Env, session: string, request: LiveRequest): Promise<LiveFound | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), ANSWER_MS);
  try {
    return await Promise.race([sessionStub(env, session).findActivities(session, request), late.promise]);
  } catch (error) {
    logLine("warning", "a session can't be searched", { session, error });
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** The sessions that are not in the index yet and may have what is searched for, the newest first. */
async function liveSessions(db: D1Database, request: SearchRequest): Promise<LiveSession[]> {
  const { owner, principal, target, since, until, after } = request;
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(` AND ${condition}`);
    values.push(...bound);
  };
  if (owner?.onBehalfOf !== undefined) {
    where("principal = ? AND on_behalf_of = ?", owner.principal, owner.onBehalfOf);
  } else if (owner) where("(principal = ? OR on_behalf_of = ?)", owner.principal, owner.principal);
  if (principal !== null) where("principal = ?", principal);
  if (target !== null) where("target = ?", target);
  const latest = Math.min(until ?? Infinity, after?.time ?? Infinity);
  if (latest < Infinity) where("opened <= ?", latest);
  const columns = "id, principal, on_behalf_of, target";
  const most = MAX_ASKED + MAX_NAMED;
  const open = `SELECT ${columns} FROM sessions WHERE ended IS NULL${conditions.join("")} ORDER BY opened DESC, id DESC LIMIT ${most}`;
  const ended = `SELECT ${columns} FROM sessions
     WHERE ended IS NOT NULL AND sealed IS NULL AND never_opened = 0 AND ended >= ?${conditions.join("")}
     AND NOT EXISTS (SELECT 1 FROM session_tallies WHERE session = id) ORDER BY ended DESC, id DESC LIMIT ${most}`;
  const [running, waiting] = await db.batch<LiveSession>([
    db.prepare(open).bind(...values),
    db.prepare(ended).bind(since ?? 0, ...values),
  ]);
  return [...running!.results, ...waiting!.results].slice(0, most);
}

function hitOf(
  { id, principal, on_behalf_of, target }: LiveSession,
  { text, ...row }: LiveFound["rows"][number],
  terms: readonly string[],
): SearchHit {
  return {
    session: id,
    principal,
    onBehalfOf: on_behalf_of,
    target,
    ...row,
    excerpt: excerptOf(text, terms),
    isLive: true,
  };
}

import type { SiemDestination, SiemStatus } from "../../protocol/siem.ts";
import { destinationsOf, type SiemEnv } from "./settings.ts";

/** Events that were given up and are shown, the latest first. */
const MAX_SHOWN = 20;

interface Sums {
  destination: string;
  delivered: number;
  quarantined: number;
  last_delivered: number | null;
  sources: number;
  oldest: number | null;
}

/** How the delivery of events stands, as the objects that deliver have reported it: some seconds ago at most. */
export async function siemStatus(env: SiemEnv & { DIRECTORY: D1Database }, now: number): Promise<SiemStatus> {
  const db = env.DIRECTORY;
  const [lanes, totals, errors, quarantine] = await db.batch([
    db.prepare(
      `SELECT destination, sum(delivered) AS delivered, sum(quarantined) AS quarantined,
         max(last_delivered) AS last_delivered, sum(sources) AS sources, min(oldest) AS oldest
       FROM siem_lanes GROUP BY destination`,
    ),
    db.prepare("SELECT *, 0 AS sources, NULL AS oldest FROM siem_totals"),
    db.prepare(
      `SELECT destination, error, attempts, max(reported) AS reported FROM siem_lanes
       WHERE error IS NOT NULL GROUP BY destination`,
    ),
    db.prepare(`SELECT * FROM siem_quarantine ORDER BY time DESC, uid LIMIT ${MAX_SHOWN}`),
  ]);
  const sums = [...(lanes!.results as Sums[]), ...(totals!.results as Sums[])];
  const failing = errors!.results as {
    destination: string;
    error: string;
    attempts: number;
    reported: number;
  }[];
  return {
    destinations: destinationsOf(env, fetch).map(({ name, format, place, fault }): SiemDestination => {
      const own = sums.filter(({ destination }) => destination === name);
      const failed = failing.find(({ destination }) => destination === name);
      const oldest = own.flatMap(({ oldest }) => (oldest === null ? [] : [oldest]));
      const latest = own.flatMap(({ last_delivered }) => (last_delivered === null ? [] : [last_delivered]));
      return {
        name,
        format,
        place,
        state: fault !== null ? "misconfigured" : failed ? "failing" : "ok",
        error: fault ?? failed?.error ?? null,
        errorTime: fault === null && failed ? failed.reported : null,
        attempts: failed?.attempts ?? 0,
        waiting: own.reduce((sum, { sources }) => sum + sources, 0),
        oldest: oldest.length === 0 ? null : Math.min(...oldest),
        lagMs: oldest.length === 0 ? 0 : Math.max(0, now - Math.min(...oldest)),
        delivered: own.reduce((sum, { delivered }) => sum + delivered, 0),
        lastDelivered: latest.length === 0 ? null : Math.max(...latest),
        quarantined: own.reduce((sum, { quarantined }) => sum + quarantined, 0),
      };
    }),
    quarantined: (quarantine!.results as unknown as QuarantineRow[]).map(
      ({ destination, uid, time, class: classUid, bytes, detail }) => ({
        destination,
        uid,
        time,
        classUid,
        bytes,
        detail,
      }),
    ),
  };
}

interface QuarantineRow {
  destination: string;
  uid: string;
  time: number;
  class: number;
  bytes: number;
  detail: string;
}

/** Objects whose report is old though something waits there: their alarm may have been lost. */
export async function staleLanes(
  db: D1Database,
  before: number,
  limit: number,
): Promise<{ object: string; kind: "session" | "ledger" }[]> {
  const { results } = await db
    .prepare(
      "SELECT DISTINCT object, kind FROM siem_lanes WHERE sources > 0 AND reported < ?1 ORDER BY reported LIMIT ?2",
    )
    .bind(before, limit)
    .all<{ object: string; kind: "session" | "ledger" }>();
  return results;
}

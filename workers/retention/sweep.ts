import type { Env } from "../environment.ts";
import { alarmLine } from "../ledger/alarm-line.ts";
import { carryOut, type DeletionMeans } from "./carry-out.ts";
import { decideByRule, dueDeletions, findDeletion } from "./deletions.ts";
import { dueCandidates, noteDue, postpone, readPass, retentionInForce, savePass } from "./due.ts";
import { deletionMeans, type ReadSealed, sealedReader } from "./means.ts";
import { sweepRows } from "./rows.ts";
import { isForever } from "./rules.ts";
import { entryOf } from "./stub.ts";

/** Recordings that one run looks at, approvals and leases likewise, and deletions that it goes on with, and decides: what is due waits for the next. */
const LOOKED_AT = 1_000;
const AT_ONCE = 50;
/** Since the last run, ms: after a longer time the edge was off, or its clock jumps. Then rules delete nothing for a while. */
const LONGEST_GAP_MS = 24 * 60 * 60_000;
const BACKWARD_MS = 60_000;
const PAUSE_MS = 6 * 60 * 60_000;
/** When a recording that can't be deleted is looked at again, ms. */
const AGAIN_MS = 24 * 60 * 60_000;

/** Goes on with deletions, decides on those that retention rules want, and removes approvals and leases by them. Safe to run twice at once. `now` in ms. */
export async function sweepRetention(env: Env, now: number): Promise<void> {
  await sweepDirectory(env.DIRECTORY, deletionMeans(env), sealedReader(env), now);
}

/** The same with means of its own. */
export async function sweepDirectory(
  db: D1Database,
  means: DeletionMeans,
  readSealed: ReadSealed,
  now: number,
): Promise<void> {
  for (const deletion of await dueDeletions(db, now, AT_ONCE)) await carryOut(deletion, means);
  const force = await retentionInForce(db);
  const before = await readPass(db);
  const paused = pausedUntil(before, now);
  await savePass(db, { settings: force?.text ?? "", swept: now, paused });
  if (!force || isForever(force.settings)) return;
  await noteDue(db, force, LOOKED_AT);
  if (now < paused) return;
  for (const name of ["approvals", "leases"] as const) await sweepRows(db, name, force, LOOKED_AT, now);
  for (const { session, until, by } of await dueCandidates(db, force.settings, now, AT_ONCE)) {
    if (until > now) {
      await postpone(db, session, until);
      continue;
    }
    const sealed = await readSealed(session);
    if ("fault" in sealed) {
      alarmLine("recording_not_deleted", { session, step: "decide", fault: sealed.fault });
      await postpone(db, session, now + AGAIN_MS);
    } else if (await decideByRule(db, entryOf(sealed, by, null, now), force.text)) {
      await carryOut((await findDeletion(db, session))!, means);
    }
  }
}

/** Until when rules delete nothing, ms since 1970. */
function pausedUntil(before: { swept: number; paused: number } | null, now: number): number {
  if (before === null) return 0;
  const { swept, paused } = before;
  if (now >= swept - BACKWARD_MS && now - swept <= LONGEST_GAP_MS) {
    // What was set by a clock that was ahead lasts no longer than a pause.
    return Math.min(paused, now + PAUSE_MS);
  }
  alarmLine("retention_paused", { gap: now - swept, until: now + PAUSE_MS });
  return now + PAUSE_MS;
}

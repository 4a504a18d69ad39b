import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { isSiemOn } from "./settings.ts";
import { staleLanes } from "./status.ts";

/** A report is old after so long, ms: more than the longest wait after failures. */
const STALE_MS = 10 * 60_000;
/** Objects that are woken at a time. */
const MAX_WOKEN = 50;

/**
 * Wakes objects that have something to tell and have not been heard of: their alarm was lost, or there was no destination for a
 * while. Never throws: it is done again with the next sweep.
 */
export async function wakeStaleLanes(env: Env, now: number): Promise<void> {
  if (!isSiemOn(env)) return;
  try {
    for (const { object, kind } of await staleLanes(env.DIRECTORY, now - STALE_MS, MAX_WOKEN)) {
      if (kind === "ledger") await env.LEDGER.get(env.LEDGER.idFromString(object)).deliverEvents();
      else await env.SESSION.get(env.SESSION.idFromString(object)).deliverEvents();
    }
  } catch (error) {
    logLine("warning", "objects with events could not be woken", { error });
  }
}

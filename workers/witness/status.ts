import type { WitnessConflict, WitnessStatus } from "../../protocol/witness/status.ts";
import type { WitnessSettings } from "./settings.ts";
import type { WitnessState } from "./state.ts";

/** A lag over this is an alarm, ms. */
export const MAX_LAG_MS = 300_000;

/** How far the witness is; pure. `oldest` reads the entry of a leaf. */
export function statusOf(known: {
  settings: WitnessSettings | null;
  problem: string | null;
  origin: string | null;
  size: number;
  state: WitnessState | null;
  oldest(index: number): string | undefined;
  conflicts: WitnessConflict[];
  now: number;
}): WitnessStatus {
  const { settings, problem, origin, size, state, conflicts, now } = known;
  const covered = state?.covered ?? 0;
  const lag =
    settings === null || size <= covered
      ? { leaves: 0, ms: 0 }
      : { leaves: size - covered, ms: Math.max(0, now - (timeOf(known.oldest(covered)) ?? now)) };
  const isSet = settings !== null || problem !== null;
  return {
    state: stateOf(isSet, problem, state),
    alarm: isSet && (problem !== null || state?.isStopped === true || lag.ms > MAX_LAG_MS),
    problem,
    table: settings?.table ?? null,
    region: settings?.region ?? null,
    origin,
    size,
    cursor: state?.cursor ?? 0,
    covered,
    lag,
    maxLagMs: MAX_LAG_MS,
    lastWritten: state?.lastWritten ?? null,
    error: state?.failure ?? null,
    conflicts,
  };
}

function stateOf(isSet: boolean, problem: string | null, state: WitnessState | null): WitnessStatus["state"] {
  if (!isSet) return "off";
  if (problem !== null) return "misconfigured";
  if (state?.isStopped) return "conflict";
  return state?.failure ? "failing" : "working";
}

function timeOf(entry: string | undefined): number | null {
  if (entry === undefined) return null;
  const { time } = JSON.parse(entry) as { time?: unknown };
  return Number.isSafeInteger(time) ? (time as number) : null;
}

import type { PlanEstimate } from "../control.ts";
import type { Mentions } from "./expression.ts";

/** Counts of a session, or of all sessions that a principal has on one connector. */
export interface Usage {
  statements: number;
  statementsLastMinute: number;
  rows: number;
  bytes: number;
  /** How often this statement's fingerprint was judged in the last minute. */
  repeatedLastMinute: number;
}

/** The parts of the context that are counted, not proved. */
export interface Counts {
  plan: PlanEstimate | null;
  session: Usage;
  principalUsage: Usage;
}

/** Between which of the constants that policies compare them with the counts lie; null where that isn't all. */
export function bandOf(mentions: Mentions, counts: Counts): string | null {
  if (mentions.whole || mentions.unbounded) return null;
  const bands: string[] = [];
  if (mentions.attributes.has("plan")) bands.push(`plan:${counts.plan === null ? "no" : "yes"}`);
  for (const [path, constants] of [...mentions.thresholds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [record = "", name = ""] = path.split(".");
    const value = (counts as unknown as Record<string, Record<string, number> | null>)[record]?.[name];
    if (value === undefined) continue;
    const below = [...constants].filter((constant) => constant < value).length;
    bands.push(`${path}:${below}${constants.has(value) ? "=" : ""}`);
  }
  return bands.join(" ");
}

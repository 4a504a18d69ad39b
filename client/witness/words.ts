import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { printable, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

const STATES: Readonly<Record<WitnessStatus["state"], string>> = {
  off: "off: the edge has no witness (docs/witness.md)",
  misconfigured: "misconfigured: nothing is written",
  working: "working",
  failing: "failing: it is tried again",
  conflict: "conflict: nothing is written any more",
};

/** Whether somebody should look: the edge says so, there is no witness, or the lag is over what was asked for, ms. */
export function isBad({ state, alarm, lag }: WitnessStatus, maxLagMs: number | undefined): boolean {
  return alarm || state === "off" || (maxLagMs !== undefined && lag.ms > maxLagMs);
}

/** The witness's state for people, as lines. */
export function statusLines(status: WitnessStatus): string[] {
  const { state, problem, table, region, origin, size, covered, lag, lastWritten, error, conflicts } = status;
  const rows: [string, string][] = [["State", STATES[state]]];
  if (problem !== null) rows.push(["Problem", problem]);
  if (table !== null) rows.push(["Table", `${table} in ${region}`]);
  if (origin !== null) rows.push(["Ledger", `${origin}, ${leaves(size)}`]);
  if (state !== "off") {
    rows.push(["Witnessed", `${leaves(covered)}, last written ${timeText(lastWritten)}`]);
    rows.push(["Lag", lag.leaves === 0 ? "none" : `${leaves(lag.leaves)}, ${durationText(lag.ms)}`]);
  }
  if (error !== null) {
    rows.push(["Error", `${error.words} (${error.attempts} attempts since ${timeText(error.since)})`]);
  }
  for (const { table: place, region: where, place: key, time, words, ours, theirs } of conflicts) {
    rows.push(["Conflict", `${key} in ${place}, ${where}, found ${timeText(time)}. ${words}`]);
    rows.push(["", `the edge has ${ours}`]);
    rows.push(["", `the witness has ${theirs === "" ? "nothing" : theirs}`]);
  }
  return rows.map(([name, words]) => `${name.padEnd(10)} ${printable(words)}`);
}

function leaves(count: number): string {
  return `${count} ${count === 1 ? "leaf" : "leaves"}`;
}

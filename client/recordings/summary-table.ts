import { print, printable, printTable, styled, timeText } from "../terminal.ts";
import { leaseText } from "./approval-words.ts";
import { detectedWords, maskedWords } from "./masking-words.ts";
import { stampText } from "./narrate.ts";
import type { ApprovalCounts, SessionSummary } from "./summary.ts";

const OUTCOME = 60;
const STATEMENT = 100;

type Field = [name: string, value: string];

/** Prints a session's facts, how it ended, and its statements as a table. */
export function printSummary(summary: SessionSummary): void {
  const { facts, end, entries, statements, blocked, held, approvals, policies, listed } = summary;
  const { masked, maskedValues, detected } = summary;
  if (facts) {
    const sets = policies.length > 0 ? policies : [facts.policy];
    const { lease } = facts;
    const fields: Field[] = [
      ["session", facts.session],
      ["principal", facts.onBehalfOf ? `${facts.principal} for ${facts.onBehalfOf}` : facts.principal],
      ["groups", facts.groups.join(", ") || "-"],
      ["target", `${facts.target} (${facts.kind})`],
      ["connector", facts.connector],
      ["address", facts.address],
      ["policy", sets.map(stampText).join(", then ")],
      ...(lease ? [["right", leaseText(lease)] satisfies Field] : []),
      ["opened", timeText(facts.opened)],
      ["ended", end ? timeText(end.time) : "not yet, as far as this recording goes"],
    ];
    if (end) fields.push(["because", `${end.code}: ${end.reason}${end.by ? ` (by ${end.by})` : ""}`]);
    fields.push(["entries", String(entries)]);
    fields.push(["statements", `${statements}, of which ${blocked} blocked and ${held} held for approval`]);
    if (masked > 0) {
      const values = maskedWords(Object.entries(maskedValues)) ?? "no value";
      fields.push(["masked", `${masked} ${masked === 1 ? "statement" : "statements"}: ${values}`]);
    }
    const found = Object.entries(detected);
    if (found.length > 0) fields.push(["detected", detectedWords(found)]);
    if (approvals.asked > 0) fields.push(["approvals", countsText(approvals)]);
    for (const [name, value] of fields) print(`${styled("bold", name.padEnd(10))} ${printable(value)}`);
    print("");
  }
  if (statements > listed.length) print(`the latest ${listed.length} of ${statements} statements:`);
  printTable(
    ["#", "TIME", "MS", "ROWS", "OUTCOME", "STATEMENT"],
    listed.map(({ number, time, duration, rows, outcome, text }) => [
      String(number),
      new Date(time).toISOString().slice(11, 23),
      String(duration),
      String(rows),
      onOneLine(outcome, OUTCOME),
      onOneLine(text ?? "(its text is not in this recording)", STATEMENT),
    ]),
  );
}

/** `2 asked: 1 approved, 1 denied · 1 answer did not count`; what is zero goes without saying. */
function countsText({ asked, covered, rejected, ...ends }: ApprovalCounts): string {
  const became = (["approved", "used", "denied", "expired", "withdrawn"] as const)
    .filter((end) => ends[end] > 0)
    .map(
      (end) =>
        `${ends[end]} ${end}${end === "approved" && covered > 0 ? ` (${covered} covered by an earlier one)` : ""}`,
    );
  const notes = rejected === 0 ? "" : ` · ${rejected} ${rejected === 1 ? "answer" : "answers"} did not count`;
  return `${asked} asked${became.length === 0 ? "" : `: ${became.join(", ")}`}${notes}`;
}

function onOneLine(text: string, limit: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat;
}

import { readTraceContext } from "../../protocol/trace-context.ts";
import { print, printable, styled, timeText } from "../terminal.ts";
import { leaseText } from "./approval-words.ts";
import { detectedWords } from "./masking-words.ts";
import type { ApprovalCounts, CommonSummary } from "./session-summary.ts";
import { stampText } from "./session-words.ts";

export type Field = [name: string, value: string];

/** Prints a session's facts and how it ended; `own`: what sessions of its kind count. Nothing, where it has no facts. */
export function printFields(summary: CommonSummary, own: Field[]): void {
  const { facts, end, entries, approvals, policies, detected } = summary;
  if (!facts) return;
  const sets = policies.length > 0 ? policies : [facts.policy];
  const { lease } = facts;
  const trace = readTraceContext(facts.trace?.traceparent);
  const found = Object.entries(detected);
  const fields: Field[] = [
    ["session", facts.session],
    ["principal", facts.onBehalfOf ? `${facts.principal} for ${facts.onBehalfOf}` : facts.principal],
    ["groups", facts.groups.join(", ") || "-"],
    ["target", `${facts.target} (${facts.kind})`],
    ["connector", facts.connector],
    ["address", facts.address],
    ["policy", sets.map(stampText).join(", then ")],
    ...(lease ? [["right", leaseText(lease)] satisfies Field] : []),
    ...(trace ? [["trace", trace.traceId] satisfies Field] : []),
    ["opened", timeText(facts.opened)],
    ["ended", end ? timeText(end.time) : "not yet, as far as this recording goes"],
  ];
  if (end) fields.push(["because", `${end.code}: ${end.reason}${end.by ? ` (by ${end.by})` : ""}`]);
  fields.push(["entries", String(entries)], ...own);
  if (found.length > 0) fields.push(["detected", detectedWords(found)]);
  if (approvals.asked > 0) fields.push(["approvals", countsText(approvals)]);
  for (const [name, value] of fields) print(`${styled("bold", name.padEnd(10))} ${printable(value)}`);
  print("");
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

/** A cell of a table: on one line, cut. */
export function onOneLine(text: string, limit: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat;
}

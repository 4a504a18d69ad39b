import { type ApprovalChannel, CHANNELS } from "../../protocol/approval/approval.ts";
import type { Lease } from "../../protocol/control.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import type { ApprovalEntry } from "../../protocol/postgres/transcript/approval-entry.ts";
import { timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

const TOLD = {
  slack: "in Slack",
  webhook: "by the webhook",
  api: "by the API",
  link: "by the link",
} as const satisfies Record<ApprovalChannel, string>;

/** What an entry of an approval says, but for the question itself. The text is as it was recorded. */
export function approvalEntryWords(
  entry: Exclude<ApprovalEntry, { event: "approval_asked" }>,
  waitedMs: number | null,
): string {
  const after = waitedMs === null ? "" : ` after ${waitText(waitedMs)}`;
  switch (entry.event) {
    case "approval_opened":
      return `asked as ${entry.id}, until ${timeText(entry.expires)}`;
    case "approval_told": {
      const { channel, reached, detail } = entry;
      const why = detail === "" ? "" : ` (${detail})`;
      return reached ? `told ${TOLD[channel]}${why}` : `${CHANNELS[channel]} could not be reached${why}`;
    }
    case "approval_answered": {
      const { by, channel, reason } = entry.vote;
      const said = entry.answer === "approve" ? "approved" : "denied";
      return `${by} ${said} by ${CHANNELS[channel]}${reason === null ? "" : `: "${reason}"`}`;
    }
    case "approval_rejected":
      return `an answer of ${entry.by} by ${CHANNELS[entry.channel]} does not count: ${entry.reason}`;
    case "approval_decided":
      return decidedWords(entry, after);
    case "approval_withdrawn":
      return `no longer asked${after}: ${entry.reason}`;
    case "approval_used":
      return `released${after}`;
  }
}

function decidedWords(entry: Extract<ApprovalEntry, { event: "approval_decided" }>, after: string): string {
  const { status, by, reason, until, under } = entry;
  const people = by.length === 0 ? "" : ` by ${by.join(", ")}`;
  const why = reason === null ? "" : `: ${reason}`;
  if (status === "approved") {
    const covered = under === null ? "" : `, covered by approval ${under}`;
    const holds = until === null ? "" : `, holds until ${timeText(until)}`;
    return `approved${people}${after}${covered}${holds}${why}`;
  }
  // How long it held says more than how long ago it was asked.
  return `${status}${people}${status === "lapsed" ? "" : after}${why}`;
}

/** `3f0c…-0, approved by corp/dana, until 2026-11-22T05:00:00Z`. */
export function leaseText({ id, by, until }: Lease): string {
  return `${id}, approved by ${by.join(", ")}, until ${timeText(until)}`;
}

/** A short wait to the millisecond, a longer one as a duration. */
export function waitText(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, ms)} ms` : durationText(ms);
}

/** Who would have to agree, and for how long the question stands. `asked`: of what a scope covers more. */
export function approvalWords(
  { approvals, expiresMs, scope }: Pick<Approve, "approvals" | "expiresMs" | "scope">,
  asked: "statements" | "requests" = "statements",
): string {
  const scopes: Record<Approve["scope"], string> = {
    once: "this time only",
    fingerprint: `${asked} of this shape`,
    session: "the session",
  };
  const groups = approvals.map(({ approvers, quorum }) => `${quorum} of ${approvers.join(" or ")}`);
  const whom = groups.length === 0 ? "" : `approval by ${groups.join(" and ")}, `;
  return `${whom}within ${durationText(expiresMs)}, for ${scopes[scope]}`;
}

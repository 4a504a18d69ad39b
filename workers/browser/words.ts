import type { Approval, ApprovalChannel, ApprovalQuestion, ApprovalStatus } from "../../protocol/approval.ts";

/** What stands over an approval's page. */
export const HEADINGS = {
  pending: "Approval needed",
  approved: "Approved",
  used: "Approved and run",
  lapsed: "Approval over",
  denied: "Denied",
  expired: "Expired",
  withdrawn: "Withdrawn",
} as const satisfies Record<ApprovalStatus, string>;

export const CHANNELS = {
  slack: "Slack",
  webhook: "the webhook",
  api: "the API or the command line",
  link: "this page",
} as const satisfies Record<ApprovalChannel, string>;

/** What became of a question that is no longer pending. */
export function outcomeText({ status, until }: Approval, now: number): string {
  switch (status) {
    case "pending":
      return "Nobody, or not enough people, have answered yet.";
    case "approved":
      return until === null
        ? "It may run now."
        : `It holds until ${utc(until)} (${duration(until - now)} more).`;
    case "used":
      return "It was approved, and has gone to the target.";
    case "lapsed":
      return "It was approved; the approval holds no longer.";
    case "denied":
      return "It was refused.";
    case "expired":
      return "Nobody, or not enough people, answered in time, which is a refusal.";
    case "withdrawn":
      return "Whoever asked is gone, or asks no more.";
  }
}

/** What an approval would permit. */
export function scopeText(question: ApprovalQuestion): string {
  const lasts = duration(question.lastsMs);
  if (question.kind === "connect") return `every connection to the target, for ${lasts}`;
  switch (question.scope) {
    case "once":
      return "exactly this, once";
    case "fingerprint":
      return `statements of this shape in this session, for ${lasts}`;
    case "session":
      return `whatever these rules hold in this session, for ${lasts}`;
  }
}

/** `2026-11-22 05:40:12 UTC` */
export function utc(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A time (ms) in its two largest units. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts: [count: number, unit: string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const told = parts.filter(([count]) => count > 0).slice(0, 2);
  return told.length === 0 ? "0 s" : told.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

import type { ApprovalQuestion, ApprovalStatus } from "../../protocol/approval/approval.ts";

/** What stands over an approval's page, and over its message. */
export const HEADINGS = {
  pending: "Approval needed",
  approved: "Approved",
  used: "Approved and run",
  lapsed: "Approval over",
  denied: "Denied",
  expired: "Expired",
  withdrawn: "Withdrawn",
} as const satisfies Record<ApprovalStatus, string>;

/** What an approval would permit. */
export function scopeText(question: ApprovalQuestion): string {
  const lasts = duration(question.lastsMs);
  if (question.kind === "connect") return `every connection to the target, for ${lasts}`;
  switch (question.scope) {
    case "once":
      return "exactly this, once";
    case "fingerprint":
      return `${question.kind === "request" ? "requests" : "statements"} of this shape in this session, for ${lasts}`;
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

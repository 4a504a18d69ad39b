import type { ApprovalAsk, ApprovalEvent } from "../../protocol/approval.ts";
import type { TranscriptEvent } from "../../protocol/postgres/transcript.ts";

/** What a recording tells of approvals: the connector's entries and the edge's. */
export type ApprovalEntry = ApprovalAsk | ApprovalEvent;

const FROM_CONNECTOR: ReadonlySet<string> = new Set<ApprovalAsk["event"]>([
  "approval_asked",
  "approval_withdrawn",
  "approval_used",
]);
const FROM_EDGE: ReadonlySet<string> = new Set<ApprovalEvent["event"]>([
  "approval_opened",
  "approval_told",
  "approval_answered",
  "approval_rejected",
  "approval_decided",
]);

/** The entry of an approval that an event is, or null. Each counts only from the side that writes it. */
export function approvalEntry({ type, ...rest }: TranscriptEvent): ApprovalEntry | null {
  if (type !== "edge" && type !== "connector") return null;
  const { event } = rest as { event: { event: string } };
  const known = type === "edge" ? FROM_EDGE : FROM_CONNECTOR;
  return known.has(event.event) ? (event as ApprovalEntry) : null;
}

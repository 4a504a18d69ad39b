import { type ApprovalAsk, type ApprovalEvent, isAsk, isByEdge } from "../../approval/approval.ts";
import type { TranscriptEvent } from "../transcript.ts";

/** What a recording tells of approvals: the connector's entries and the edge's. */
export type ApprovalEntry = ApprovalAsk | ApprovalEvent;

/** The entry of an approval that an event is, or null. Each counts only from the side that writes it. */
export function approvalEntry({ type, ...rest }: TranscriptEvent): ApprovalEntry | null {
  if (type !== "edge" && type !== "connector") return null;
  const { event } = rest as { event: { event: string } };
  if (type === "edge") return isByEdge(event) ? event : null;
  return isAsk(event) ? event : null;
}

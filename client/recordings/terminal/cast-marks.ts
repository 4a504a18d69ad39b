import type { ApprovalEvent } from "../../../protocol/approval/approval.ts";
import type { EdgeEvent } from "../../../protocol/control.ts";
import type { ApprovalEntry } from "../../../protocol/postgres/transcript/approval-entry.ts";
import { approvalEntryWords } from "../approval-words.ts";
import { edgeWords } from "../session-words.ts";
import type { CastEvent } from "./cast.ts";

/** The words of a marker for an entry of an approval. */
export function castApproval({ entry, waited }: { entry: ApprovalEntry; waited: number | null }): string {
  return entry.event === "approval_asked"
    ? `held: ${entry.question.reason}`
    : approvalEntryWords(entry, waited);
}

/** What of the edge's own entries bears on a file for asciinema. */
export function castEdge(event: Exclude<EdgeEvent, ApprovalEvent>, time: number): CastEvent | null {
  if (event.event === "opened") {
    const { principal, target } = event.facts;
    return { type: "titled", time, title: `${principal} on ${target}` };
  }
  const isWatch = event.event === "watch_begun" || event.event === "watch_ended";
  return isWatch ? { type: "marked", time, channel: null, words: edgeWords(event) } : null;
}

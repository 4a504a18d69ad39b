import { MAX_APPROVAL_REASON } from "../../protocol/approval/approval.ts";
import type { ApprovalInput } from "./machine.ts";

/** Characters of a principal's name, as `PRINCIPAL` has it. */
export const MAX_SPEAKER_NAME = 255;
/** Groups that are kept of a voter, as many as a token may carry. */
const MAX_GROUPS = 200;

/** What comes from outside, cut to its bounds; names are compared and therefore refused instead, not cut. */
export function bounded(input: ApprovalInput): ApprovalInput {
  if (input.type === "answer") {
    const { answer } = input;
    return {
      type: "answer",
      answer: {
        ...answer,
        groups: answer.groups.slice(0, MAX_GROUPS).filter((group) => group.length <= MAX_SPEAKER_NAME),
        reason: answer.reason === null ? null : cut(answer.reason, MAX_APPROVAL_REASON),
      },
    };
  }
  if (input.type === "revoke")
    return { ...input, by: cut(input.by, MAX_SPEAKER_NAME), reason: cut(input.reason, MAX_APPROVAL_REASON) };
  return "reason" in input ? { ...input, reason: cut(input.reason, MAX_APPROVAL_REASON) } : input;
}

/** The text, or as much of it as may be, with an ellipsis. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}

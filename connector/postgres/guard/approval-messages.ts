import type { StatementQuestion } from "../../../protocol/approval/approval.ts";
import { errorFields } from "../../../protocol/postgres/backend.ts";
import { type HeldWords, type NotApproved, notApprovedWords } from "../../guard/approval-words.ts";
import { Refusal } from "./refusal.ts";

/** As the server says it of a statement that its client cancelled. */
export const CANCELLED = Refusal.of("57014", "canceling statement due to user request");

/** SQLSTATE 01000: a warning of no particular kind, as servers give notices that have none of their own. */
export function heldNotice({ message, detail, hint }: HeldWords): Buffer {
  const fields: [string, string][] = [
    ["S", "NOTICE"],
    ["V", "NOTICE"],
    ["C", "01000"],
    ["M", message],
  ];
  if (detail !== undefined) fields.push(["D", detail]);
  if (hint !== undefined) fields.push(["H", hint]);
  return errorFields("NoticeResponse", fields);
}

/** What the agent is told when a held statement does not run. */
export function refusalOfAnswer(question: StatementQuestion, why: NotApproved): Refusal {
  if (why.why === "cancelled") return CANCELLED;
  const { message, hint } = notApprovedWords(question, why);
  return Refusal.of("42501", message, hint);
}

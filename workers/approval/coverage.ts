import type { ApprovalSubject, StatementQuestion } from "../../protocol/approval.ts";
import { agreed, isNotMuchMore } from "../../protocol/approval-cover.ts";
import type { ApprovalState } from "./machine.ts";

/**
 * Whether an approval that was given for longer than one statement is also the answer to a later question of the
 * same session. All must hold; whatever is in doubt is asked anew:
 *
 * - it is approved now, by people's own votes, and its time has not run out;
 * - the same principal asks, for the same user, of the same target and database, in the same session;
 * - every policy that holds the new statement held the approved one, and everyone whom they want asked has agreed;
 * - neither scope is `once`; where either is `fingerprint`, so is the statement's fingerprint the same, and its plan
 *   has at most twice the rows that were shown (one that is not known covers only one that is not known).
 */
export function covers(
  given: ApprovalState,
  subject: ApprovalSubject,
  asked: StatementQuestion,
  now: number,
): boolean {
  const { question } = given;
  if (given.status !== "approved" || given.under !== null || question.kind !== "statement") return false;
  if (given.until === null || now >= given.until || now < given.asked) return false;
  if (!isSameSubject(given.subject, subject) || question.database !== asked.database) return false;
  if (question.scope === "once" || asked.scope === "once") return false;
  if (!agreed(question, asked)) return false;
  if (question.scope === "session" && asked.scope === "session") return true;
  return (
    question.fingerprint === asked.fingerprint &&
    asked.fingerprint !== "" &&
    isNotMuchMore(question.plan, asked.plan)
  );
}

function isSameSubject(one: ApprovalSubject, other: ApprovalSubject): boolean {
  return (
    one.session !== undefined &&
    one.session === other.session &&
    one.principal === other.principal &&
    one.onBehalfOf === other.onBehalfOf &&
    one.target === other.target
  );
}

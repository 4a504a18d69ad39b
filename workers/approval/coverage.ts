import type { ApprovalRule, ApprovalSubject, StatementQuestion } from "../../protocol/approval.ts";
import type { ApprovalState } from "./machine.ts";

/** A later plan may have this many times the rows that the approvers were shown. */
const MORE_ROWS = 2;

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
  if (!asked.policies.every((policy) => question.policies.includes(policy))) return false;
  const agreed = new Set(question.approvals.map(ruleKey));
  if (asked.approvals.length === 0 || !asked.approvals.every((rule) => agreed.has(ruleKey(rule))))
    return false;
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

function isNotMuchMore(shown: StatementQuestion["plan"], now: StatementQuestion["plan"]): boolean {
  if (shown === null || now === null) return shown === now;
  return now.rows <= shown.rows * MORE_ROWS;
}

/** The same groups, in whatever order, with the same quorum. */
function ruleKey({ approvers, quorum }: ApprovalRule["approvals"][number]): string {
  return JSON.stringify([quorum, ...new Set(approvers.toSorted())]);
}

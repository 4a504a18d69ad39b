import type { PlanEstimate } from "../control.ts";
import type { ApprovalRule } from "./approval.ts";

/** A plan may have this many times the rows that people were shown; of one that has more they know nothing. */
const MORE_ROWS = 2;

/**
 * Whether everyone whom these policies want asked has been asked, by the same policies. What wants nobody asked was
 * not agreed to by anybody.
 */
export function agreed(
  given: Pick<ApprovalRule, "policies" | "approvals">,
  wanted: Pick<ApprovalRule, "policies" | "approvals">,
): boolean {
  const rules = new Set(given.approvals.map(ruleKey));
  return (
    wanted.approvals.length > 0 &&
    wanted.policies.every((policy) => given.policies.includes(policy)) &&
    wanted.approvals.every((rule) => rules.has(ruleKey(rule)))
  );
}

/** The same groups, in whatever order, with the same quorum. */
function ruleKey({ approvers, quorum }: ApprovalRule["approvals"][number]): string {
  return JSON.stringify([quorum, ...new Set(approvers.toSorted())]);
}

/** Whether a plan does not go far beyond the one that people were shown; of one that is not known nothing is known. */
export function isNotMuchMore(shown: PlanEstimate | null, now: PlanEstimate | null): boolean {
  if (shown === null || now === null) return shown === now;
  return now.rows <= shown.rows * MORE_ROWS;
}

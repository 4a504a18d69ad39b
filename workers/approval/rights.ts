import type { Approval, ApprovalQuestion, ApprovalRule } from "../../protocol/approval/approval.ts";
import { isAsker } from "../../protocol/approval/votes.ts";
import type { PolicySet, PolicyTarget } from "../../protocol/policy/policy-set.ts";
import type { Subject } from "../identity/identity.ts";

/** What the right to answer depends on. */
export interface Held {
  principal: string;
  onBehalfOf: string | null;
  target: string;
  /** Cedar actions that wait. */
  actions: string[];
  approvals: ApprovalRule["approvals"];
}

/** What waits in a question: of an access request it is `connect`. */
export function heldActions(question: ApprovalQuestion): string[] {
  return question.kind === "connect" ? ["connect"] : question.actions;
}

export function heldBy({ principal, onBehalfOf, target, question }: Approval): Held {
  return { principal, onBehalfOf, target, actions: heldActions(question), approvals: question.approvals };
}

/**
 * Whether somebody has a part in asking: as the asker, as the user for whom it asks, as another agent of that user, or
 * as a user of the asking agent. Nobody of these may answer, whatever policies say.
 */
export function isOwnQuestion(who: Subject, { principal, onBehalfOf, target }: Held): boolean {
  const subject = { principal, target, ...(onBehalfOf !== null && { onBehalfOf }) };
  return isAsker(subject, { by: who.principal, onBehalfOf: who.onBehalfOf });
}

/**
 * For which of `approvals`, by index, somebody may speak: those of which the policies permit `approve` for everything
 * that is held. Not whether it is the asker. Never throws: what can't be decided isn't permitted.
 */
export function mayAnswerFor(set: PolicySet, who: Subject, target: PolicyTarget, held: Held): number[] {
  const permitted = (approvers: string[], action: string) =>
    set.decide(who, "approve", target, { approvers, requester: held.principal, action }).verdict === "allow";
  return held.approvals.flatMap(({ approvers }, index) =>
    held.actions.length > 0 && held.actions.every((action) => permitted(approvers, action)) ? [index] : [],
  );
}

import type { Approval, ApprovalChannel, ApprovalId } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";
import { sessionStub } from "../session/stub.ts";
import type { Answer, AnswerOutcome } from "./machine.ts";

/** What an object that holds approvals answers over RPC; both kinds of objects do. Times are ms since 1970. */
export interface ApprovalHost {
  /** The approval as it stands now, or null when this object has none of this id. */
  viewApproval(id: ApprovalId): Promise<Approval | null>;
  /** Counts an answer whose right was judged just now, or says why it does not count. */
  answerApproval(id: ApprovalId, answer: Answer): Promise<AnswerOutcome>;
  /** Records an answer that was refused before it came here. */
  rejectAnswer(id: ApprovalId, by: string, channel: ApprovalChannel, reason: string): Promise<void>;
  /** Ends an approval that lasts; false when it does not, or no longer. */
  revokeApproval(id: ApprovalId, by: string, reason: string): Promise<boolean>;
  /** Ends a question that its asker no longer asks; false when it had ended. Access requests only. */
  withdrawApproval(id: ApprovalId, reason: string): Promise<boolean>;
  /** Keeps where a channel's message can be brought up to date. */
  keepResponseUrl(id: ApprovalId, url: string): Promise<void>;
}

/** The number of an access request's question; held statements count from 1. */
const ACCESS_REQUEST = "0";

/** The session, or access request, and the question's number, of an id that `APPROVAL_ID` matches. */
export function approvalOwner(id: ApprovalId): { owner: string; accessRequest: boolean } {
  const [owner, number] = id.split("-") as [string, string];
  return { owner, accessRequest: number === ACCESS_REQUEST };
}

/** The approval's id of an access request. */
export function accessApprovalId(request: string): ApprovalId {
  return `${request}-${ACCESS_REQUEST}`;
}

/**
 * The object that holds an approval, by its id, which `APPROVAL_ID` must match. An object is made by being asked:
 * whoever takes ids from outside looks into the directory first (`findApproval`).
 */
export function approvalHost(
  env: Pick<Env, "SESSION" | "SESSION_SHARDS" | "ACCESS">,
  id: ApprovalId,
): ApprovalHost {
  const { owner, accessRequest } = approvalOwner(id);
  const stub = accessRequest ? env.ACCESS.getByName(owner) : sessionStub(env, owner);
  return stub as unknown as ApprovalHost;
}

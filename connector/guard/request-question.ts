import { MAX_APPROVAL_TEXT, type RequestQuestion } from "../../protocol/approval.ts";
import { agreed } from "../../protocol/approval-cover.ts";
import { requestDigest } from "../../protocol/approval-digest.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { actionsOf } from "../../protocol/policy/ssh.ts";
import type { SshRequest } from "../../protocol/ssh/request.ts";
import { checkAskable } from "./askable.ts";

/** A request that policies hold. */
export interface HeldRequest {
  /** The login name on the target. */
  account: string;
  request: SshRequest;
  /** As of `RequestQuestion`. */
  fingerprint: string;
}

/**
 * The question about a request, which keeps what it was when it was asked. Throws `limit_exceeded` for one that people
 * can't be shown whole, or that can't be asked for another reason: nobody shall approve what they did not see. The
 * message says that it needs an approval.
 */
export function requestQuestion(decision: Approve, held: HeldRequest): RequestQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = decision;
  const { account, request, fingerprint } = held;
  const question: RequestQuestion = {
    kind: "request",
    ...structuredClone({ policies, reason, approvals, expiresMs, lastsMs, scope }),
    account,
    actions: actionsOf(request),
    request: { ...request },
    sha256: requestDigest(account, request),
    fingerprint,
  };
  try {
    checkAskable(question);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw new SallyportError(
      "limit_exceeded",
      `needs an approval, but can't be held: ${error.message}`,
      `People can be shown ${MAX_APPROVAL_TEXT} bytes. Put a long command into a file, or split it.`,
    );
  }
  return question;
}

/** Whether what was approved is what would go to the target now: the same bytes, held by no other rules. */
export function isStillApproved(was: RequestQuestion, is: RequestQuestion): boolean {
  return (
    was.sha256 === is.sha256 &&
    was.fingerprint === is.fingerprint &&
    (was.scope === "once" || is.scope !== "once") &&
    agreed(was, is)
  );
}

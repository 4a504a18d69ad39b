import {
  type HeldRequest,
  MAX_APPROVAL_TEXT,
  MAX_CONTENT_TYPE,
  type RequestQuestion,
} from "../../protocol/approval/approval.ts";
import { agreed } from "../../protocol/approval/cover.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import { heldActions } from "../../protocol/approval/request.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { checkAskable } from "./askable.ts";

/** What policies hold of a request. */
export interface Held {
  /** As of `RequestQuestion`. */
  account: string;
  request: HeldRequest;
  /** As of `RequestQuestion`. */
  fingerprint: string;
  /** The content type of the request's response, where it is that which is held, as it can't be looked into. */
  unreadable?: string | null;
}

/**
 * The question about a request, which keeps what it was when it was asked. Throws `limit_exceeded` for one that people
 * can't be shown whole, or that can't be asked for another reason: nobody shall approve what they did not see. The
 * message says that it needs an approval.
 */
export function requestQuestion(decision: Approve, held: Held): RequestQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = decision;
  const { account, request, fingerprint, unreadable } = held;
  const unshown = unshownOf(request);
  if (unshown !== null) {
    throw new SallyportError(
      "limit_exceeded",
      `needs an approval, but can't be held: ${unshown}`,
      "People agree to what they can read: send text, or ask for a policy that permits it.",
    );
  }
  const question: RequestQuestion = {
    kind: "request",
    ...structuredClone({ policies, reason, approvals, expiresMs, lastsMs, scope }),
    account,
    actions: heldActions(request, typeof unreadable === "string"),
    request: structuredClone(request),
    sha256: requestDigest(account, request),
    fingerprint,
    ...(typeof unreadable === "string" && { unreadable: shownType(unreadable) }),
  };
  try {
    checkAskable(question);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw new SallyportError(
      "limit_exceeded",
      `needs an approval, but can't be held: ${error.message}`,
      `People can be shown ${MAX_APPROVAL_TEXT} bytes. Split what is longer.`,
    );
  }
  return question;
}

/** Whether what was approved is what would go to the target now: the same bytes, held by no other rules. */
export function isStillApproved(was: RequestQuestion, is: RequestQuestion): boolean {
  return (
    was.sha256 === is.sha256 &&
    was.actions.join() === is.actions.join() &&
    was.fingerprint === is.fingerprint &&
    was.unreadable === is.unreadable &&
    (was.scope === "once" || is.scope !== "once") &&
    agreed(was, is)
  );
}

/** A content type as people are shown it: it is the target's own word, and may have anything in it. */
function shownType(contentType: string): string {
  const plain = contentType.slice(0, MAX_CONTENT_TYPE + 1).replaceAll(/[^ -~]/g, "?");
  return plain.length <= MAX_CONTENT_TYPE ? plain : `${plain.slice(0, MAX_CONTENT_TYPE - 3)}...`;
}

/** Why people can't be shown all of a request; null where they can. */
function unshownOf(request: HeldRequest): string | null {
  if (request.type !== "http") return null;
  if (request.streamed) return "its body is longer than what is read before it goes on";
  if (request.body !== null && request.body.text === null) return "its body is not text";
  return null;
}

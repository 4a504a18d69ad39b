import type { HeldQuestion } from "../../protocol/approval/approval.ts";
import { readApprovalAsk } from "../../protocol/approval/reading.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";

/** A number of at most nine digits stands in the place of the 1. */
const MAX_ASK = MAX_PAYLOAD - 8;

/**
 * Whether the edge would take the question: what it would not take ends the session. Throws `limit_exceeded` for one
 * that is too long for a message, `protocol_violation` for any other that it would refuse.
 */
export function checkAskable(question: HeldQuestion): void {
  const ask = JSON.stringify({ event: "approval_asked", approval: 1, question });
  if (Buffer.byteLength(ask) > MAX_ASK) {
    throw new SallyportError("limit_exceeded", "as a message it has more bytes than one may have");
  }
  readApprovalAsk(JSON.parse(ask));
}

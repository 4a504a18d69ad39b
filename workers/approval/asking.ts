import { readApprovalAsk } from "../../protocol/approval/reading.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import type { ApprovalDesk } from "./desk.ts";

/**
 * A connector asks for approval of what it holds, or says what became of that: `json` is the payload of an event frame with
 * `FrameFlag.ask`. Throws what `readApprovalAsk` does.
 */
export function askDesk(desk: ApprovalDesk, facts: SessionFacts, json: Uint8Array, now: number): void {
  const ask = readApprovalAsk(json);
  if (ask.event === "approval_asked") {
    const { principal, onBehalfOf, target, session } = facts;
    const subject = { principal, ...(onBehalfOf !== undefined && { onBehalfOf }), target, session };
    desk.ask(ask.approval, subject, ask.question, now);
  } else if (ask.event === "approval_withdrawn") {
    desk.withdraw(ask.approval, ask.reason, now);
  } else {
    desk.used(ask.approval, now);
  }
}

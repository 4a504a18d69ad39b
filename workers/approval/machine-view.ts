import type { Approval, ApprovalNews } from "../../protocol/approval/approval.ts";
import { progress, voters } from "../../protocol/approval/votes.ts";
import type { ApprovalState } from "./machine.ts";

/** What the connector must hear of a state as long as what it asked about has not run; null once it has. */
export function newsOf(state: ApprovalState): ApprovalNews | null {
  const { approval, id, status, question, votes, expires, decided, under } = state;
  if (state.released !== null) return null;
  const [by, reason] = [decided?.by ?? null, decided?.reason ?? null];
  const told = (news: ApprovalNews["news"]): ApprovalNews => ({ type: "approval", approval, news });
  switch (status) {
    case "pending":
      return told({ status, id, expires, ...progress(question.approvals, votes) });
    case "approved":
      return told({ status, by: voters(question.approvals, votes), under });
    case "denied":
      return told({ status, by: by ?? "", reason });
    case "expired":
      return told({ status });
    case "withdrawn":
      return told({ status, reason: reason ?? "" });
    case "lapsed":
      // Whoever revoked it refused what still waits.
      return by === null
        ? told({ status: "withdrawn", reason: reason ?? "" })
        : told({ status: "denied", by, reason });
    case "used":
      return null;
  }
}

/** The approval as it is shown. */
export function viewOf(state: ApprovalState): Approval {
  const { id, subject, status, asked, expires, question, votes, decided, until } = state;
  return {
    id,
    kind: question.kind,
    session: subject.session ?? null,
    principal: subject.principal,
    onBehalfOf: subject.onBehalfOf ?? null,
    target: subject.target,
    status,
    asked,
    expires,
    question,
    votes,
    decided,
    until,
  };
}

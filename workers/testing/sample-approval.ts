import type { Approval, ApprovalVote, ConnectQuestion, StatementQuestion } from "../../protocol/approval.ts";

/** When the sample was asked, ms since 1970: 2026-11-22 05:00:00 UTC. */
export const ASKED = 1_795_323_600_000;
export const SAMPLE_ID = `${"0123456789abcdef".repeat(2)}-1`;

/** A statement that is held, of which tests change what they are about. */
export function sampleApproval(
  change: Partial<Approval> = {},
  question: Partial<StatementQuestion> = {},
): Approval {
  return {
    id: SAMPLE_ID,
    kind: "statement",
    session: SAMPLE_ID.slice(0, 32),
    principal: "service/agent",
    onBehalfOf: null,
    target: "orders",
    status: "pending",
    asked: ASKED,
    expires: ASKED + 900_000,
    question: {
      kind: "statement",
      policies: ["mass-write"],
      reason: "This may change many rows: it needs an approval.",
      approvals: [{ approvers: ["dba"], quorum: 1 }],
      expiresMs: 900_000,
      lastsMs: 900_000,
      scope: "once",
      database: "orders",
      actions: ["postgres:delete"],
      statement: "DELETE FROM orders WHERE created < $1",
      parameters: ["2020-01-01"],
      sha256: "ab".repeat(32),
      fingerprint: "f0",
      plan: { rows: 1_200, cost: 90 },
      ...question,
    },
    votes: [],
    decided: null,
    until: null,
    ...change,
  };
}

/** An access request. */
export function sampleRequest(purpose: string): Approval {
  const { question, ...approval } = sampleApproval();
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = question;
  const asked: ConnectQuestion = {
    kind: "connect",
    purpose,
    policies,
    reason,
    approvals,
    expiresMs,
    lastsMs,
    scope,
  };
  return { ...approval, id: `${SAMPLE_ID.slice(0, 32)}-0`, kind: "connect", session: null, question: asked };
}

export function sampleVote(by: string, reason: string | null = null): ApprovalVote {
  return { for: [0], by, groups: ["dba"], channel: "api", reason, at: ASKED + 60_000 };
}

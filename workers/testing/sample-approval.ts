import type {
  Approval,
  ApprovalRule,
  ApprovalVote,
  ConnectQuestion,
  RequestQuestion,
  StatementQuestion,
} from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import type { Answer } from "../approval/machine.ts";

/** When the sample was asked, ms since 1970: 2026-11-22 05:00:00 UTC. */
export const ASKED = 1_795_323_600_000;
export const SAMPLE_ID = `${"0123456789abcdef".repeat(2)}-1`;

const RULE = {
  policies: ["mass-write"],
  reason: "This may change many rows: it needs an approval.",
  approvals: [{ approvers: ["dba"], quorum: 1 }],
  expiresMs: 900_000,
  lastsMs: 900_000,
  scope: "once",
} as const;

export function sampleQuestion(change: Partial<StatementQuestion> = {}): StatementQuestion {
  return {
    ...(structuredClone(RULE) as unknown as ApprovalRule),
    kind: "statement",
    database: "orders",
    actions: ["postgres:delete"],
    statement: "DELETE FROM orders WHERE created < $1",
    parameters: ["2020-01-01"],
    sha256: "ab".repeat(32),
    fingerprint: "f0".repeat(16),
    plan: { rows: 1_200, cost: 90 },
    ...change,
  };
}

export function sampleConnect(change: Partial<ConnectQuestion> = {}): ConnectQuestion {
  return {
    ...(structuredClone(RULE) as unknown as ApprovalRule),
    kind: "connect",
    purpose: "the monthly report",
    ...change,
  };
}

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
    question: sampleQuestion(question),
    votes: [],
    decided: null,
    until: null,
    ...change,
  };
}

/** An access request. */
export function sampleRequest(purpose: string): Approval {
  const id = `${SAMPLE_ID.slice(0, 32)}-0`;
  return sampleApproval({ id, kind: "connect", session: null, question: sampleConnect({ purpose }) });
}

export function sampleRequestQuestion(change: Partial<RequestQuestion> = {}): RequestQuestion {
  const {
    account = "deploy",
    request = { type: "exec", command: "systemctl restart web", terminal: false },
  } = change;
  return {
    ...(structuredClone(RULE) as unknown as ApprovalRule),
    kind: "request",
    account,
    actions: ["ssh:exec"],
    request,
    sha256: requestDigest(account, request),
    fingerprint: "f0".repeat(32),
    ...change,
  };
}

/** An SSH request that is held. */
export function sampleHeldRequest(
  question: Partial<RequestQuestion> = {},
  change: Partial<Approval> = {},
): Approval {
  return sampleApproval({
    kind: "request",
    target: "web-1",
    question: sampleRequestQuestion(question),
    ...change,
  });
}

/** Somebody's approval, before whom nobody had answered. */
export function sampleAnswer(by: string, change: Partial<Answer> = {}): Answer {
  return {
    answer: "approve",
    by,
    groups: ["dba"],
    for: [0],
    channel: "api",
    reason: null,
    judged: [],
    standing: [],
    ...change,
  };
}

export function sampleVote(by: string, reason: string | null = null): ApprovalVote {
  return { for: [0], by, groups: ["dba"], channel: "api", reason, at: ASKED + 60_000 };
}

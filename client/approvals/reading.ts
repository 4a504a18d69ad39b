import {
  APPROVAL_ID,
  type Approval,
  type ApprovalKind,
  type ApprovalQuestion,
  type ApprovalRule,
  type ApprovalStatus,
  type ApprovalSummary,
  type ApprovalVote,
  STATUSES,
} from "../../protocol/approval/approval.ts";
import { isChannel } from "../../protocol/approval/reading.ts";
import { isHeldRequest } from "../../protocol/approval/request.ts";
import type { LeaseRecord } from "../../protocol/directory.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { isPlan } from "../../protocol/policy/reading.ts";

/**
 * Whether what an edge answered is what the types of approvals say. Each is total: any value is answered. How much there
 * may be is bounded by the answer that it came in.
 */

const SCOPES: readonly unknown[] = ["once", "fingerprint", "session"] satisfies Approve["scope"][];
const KINDS: readonly unknown[] = ["statement", "request", "connect"] satisfies ApprovalKind[];
/** The latest time that a Date can have, ms. */
const LAST_TIME = 8.64e15;

export function isApproval(value: unknown): value is Approval {
  if (!isHead(value)) return false;
  const { question, votes } = value;
  return isQuestion(question) && question.kind === value.kind && Array.isArray(votes) && votes.every(isVote);
}

export function isApprovalSummary(value: unknown): value is ApprovalSummary {
  if (!isHead(value)) return false;
  const { summary, reason, approvals } = value;
  return isText(summary) && isText(reason) && areApprovals(approvals);
}

function isQuestion(value: unknown): value is ApprovalQuestion {
  if (!isRule(value)) return false;
  const { kind, purpose, database, account, actions, request, statement, parameters, plan } =
    value as ApprovalRule & Record<string, unknown>;
  const { sha256, fingerprint } = value as ApprovalRule & Record<string, unknown>;
  if (kind === "connect") return isText(purpose);
  if (![sha256, fingerprint].every(isText) || !areTexts(actions)) return false;
  if (kind === "request") return isText(account) && isHeldRequest(request);
  return (
    kind === "statement" &&
    [database, statement].every(isText) &&
    Array.isArray(parameters) &&
    parameters.every(isTextOrNull) &&
    isPlan(plan)
  );
}

function isVote(value: unknown): value is ApprovalVote {
  if (!isObject(value)) return false;
  const { for: rules, by, onBehalfOf, groups, channel, reason, at } = value;
  return (
    Array.isArray(rules) &&
    rules.every((index) => Number.isSafeInteger(index)) &&
    isText(by) &&
    (onBehalfOf === undefined || isText(onBehalfOf)) &&
    areTexts(groups) &&
    isChannel(channel) &&
    isTextOrNull(reason) &&
    isTime(at)
  );
}

export function isLeaseRecord(value: unknown): value is LeaseRecord {
  if (!isObject(value)) return false;
  const { id, principal, onBehalfOf, target, granted, until, by, revoked } = value;
  return (
    [id, principal, target].every(isText) &&
    isTextOrNull(onBehalfOf) &&
    isTime(granted) &&
    isTime(until) &&
    areTexts(by) &&
    (revoked === null ||
      (isObject(revoked) && isTime(revoked.at) && isText(revoked.by) && isText(revoked.reason)))
  );
}

function isStatus(value: unknown): value is ApprovalStatus {
  return (STATUSES as readonly unknown[]).includes(value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LAST_TIME;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an approval and a row of a listing have in common. */
function isHead(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const { id, kind, session, principal, onBehalfOf, target, status, asked, expires, decided, until } = value;
  return (
    isText(id) &&
    APPROVAL_ID.test(id) &&
    KINDS.includes(kind) &&
    [session, onBehalfOf].every(isTextOrNull) &&
    [principal, target].every(isText) &&
    isStatus(status) &&
    [asked, expires].every(isTime) &&
    (until === null || isTime(until)) &&
    (decided === null || isDecided(decided))
  );
}

function isDecided(value: unknown): boolean {
  return isObject(value) && isTime(value.at) && isTextOrNull(value.by) && isTextOrNull(value.reason);
}

function isRule(value: unknown): value is ApprovalRule {
  if (!isObject(value)) return false;
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = value;
  return (
    areTexts(policies) &&
    isText(reason) &&
    areApprovals(approvals) &&
    isTime(expiresMs) &&
    isTime(lastsMs) &&
    SCOPES.includes(scope)
  );
}

function areApprovals(value: unknown): value is Approve["approvals"] {
  return (
    Array.isArray(value) &&
    value.every((one) => isObject(one) && areTexts(one.approvers) && Number.isSafeInteger(one.quorum))
  );
}

import type { PlanEstimate } from "../control.ts";
import type { HttpRequest } from "../http/request.ts";
import type { Approve } from "../policy/decision.ts";
import type { SshRequest } from "../ssh/request.ts";

/** What an approval is about: a statement or another request that a connector holds, or the opening of a target. */
export type ApprovalKind = "statement" | "request" | "connect";

/**
 * `<32 hex digits>-<number>`: of a held statement its session's id and the number of its question in that session,
 * from 1; of an access request the request's own id and 0. Not a secret: who answers must be entitled to.
 */
export type ApprovalId = string;

export const APPROVAL_ID = /^[0-9a-f]{32}-(?:0|[1-9]\d{0,8})$/;

/**
 * Bytes of UTF-8 that the statement and its shown parameters, or a request's command line or names, may have together;
 * beyond, nothing can be held.
 */
export const MAX_APPROVAL_TEXT = 192 * 1024;
/** Questions that one session may have asked; further ones are refused. */
export const MAX_APPROVALS = 1_000;
/** Characters of the reason that an approver, or an asker, gives. */
export const MAX_APPROVAL_REASON = 500;

/** The rule that must be met, from the deciding policies. */
export interface ApprovalRule {
  policies: string[];
  /** The policies' words. */
  reason: string;
  /** Each must agree: so many different people, each of one of its groups. */
  approvals: Approve["approvals"];
  /** How long the question stands, ms. */
  expiresMs: number;
  /** How long an approval of scope `fingerprint` or `session`, or a lease, lasts, ms. */
  lastsMs: number;
  scope: Approve["scope"];
}

/** What a connector asks the edge: may this run? */
export interface StatementQuestion extends ApprovalRule {
  kind: "statement";
  database: string;
  /** The Cedar actions that are held, `postgres:delete`. */
  actions: string[];
  /** The whole text. */
  statement: string;
  /** Its values, as they are shown to approvers: text, `\x…` for binary ones, null for NULL. */
  parameters: (string | null)[];
  /** `statementDigest` of the exact bytes, 64 hex digits. */
  sha256: string;
  /**
   * What scope `fingerprint` compares: of every statement that it runs, joined by a space, a hash of its fingerprint and
   * of what its names mean at that moment.
   */
  fingerprint: string;
  plan: PlanEstimate | null;
}

/** What of requests is held: those of SSH, and exchanges. */
export type HeldRequest = SshRequest | HttpRequest;

/** What a connector asks the edge: may this request pass? */
export interface RequestQuestion extends ApprovalRule {
  kind: "request";
  /** The login name on an SSH target, the user that Kubernetes is told; else empty. */
  account: string;
  /** The Cedar actions that it is judged as, `ssh:exec`; the edge refuses others. */
  actions: string[];
  /** All of it, whole. */
  request: HeldRequest;
  /** `requestDigest` of account and request, 64 hex digits; the edge refuses another. */
  sha256: string;
  /** What scope `fingerprint` compares: 64 hex digits, or empty for what is like nothing else. */
  fingerprint: string;
  /**
   * Where it is the request's response that is held, as nobody can look into it: the content type that it has, in at most
   * `MAX_CONTENT_TYPE` printable characters of ASCII; empty for none. Older connectors don't say it.
   */
  unreadable?: string;
}

/** Characters of a content type that people are shown. */
export const MAX_CONTENT_TYPE = 200;

/** What a connector asks. */
export type HeldQuestion = StatementQuestion | RequestQuestion;

/** What a principal asks the edge: may I open this target? */
export interface ConnectQuestion extends ApprovalRule {
  kind: "connect";
  /** The asker's own words. */
  purpose: string;
}

export type ApprovalQuestion = HeldQuestion | ConnectQuestion;

/** Who asks, and for what. */
export interface ApprovalSubject {
  principal: string;
  onBehalfOf?: string;
  target: string;
  /** Absent for access requests. */
  session?: string;
}

/** By what way an answer came, or somebody was told; each with its words. */
export const CHANNELS = {
  slack: "Slack",
  webhook: "the webhook",
  api: "the API or the command line",
  link: "the link",
} as const;

export type ApprovalChannel = keyof typeof CHANNELS;

/** One person's word. */
export interface ApprovalVote {
  /** Which of `approvals`, by index, the voter may speak for. */
  for: number[];
  by: string;
  /** The user for whom the voter acted; absent when it spoke for itself. */
  onBehalfOf?: string;
  /** The voter's groups then; the right is judged again with them before anything is released. */
  groups: string[];
  channel: ApprovalChannel;
  reason: string | null;
  /** ms since 1970 */
  at: number;
}

/**
 * `pending`: nobody, or not enough people, have answered. `approved`: it may run; of scope `once` until it has. Then
 * one of the ended states: `used` (scope `once`: it ran), `lapsed` (a scope or lease has run out, or was revoked),
 * `denied`, `expired` (nobody answered in time), `withdrawn` (who asked is gone, or asks no more).
 */
export const STATUSES = ["pending", "approved", "used", "lapsed", "denied", "expired", "withdrawn"] as const;

export type ApprovalStatus = (typeof STATUSES)[number];

/** An approval as the API, the command line and webhooks show it. Times are ms since 1970. */
export interface Approval {
  id: ApprovalId;
  kind: ApprovalKind;
  session: string | null;
  principal: string;
  onBehalfOf: string | null;
  target: string;
  status: ApprovalStatus;
  asked: number;
  /** When the question expires. */
  expires: number;
  question: ApprovalQuestion;
  votes: ApprovalVote[];
  /** When it was decided or ended, and by whom and why, in words; null while pending. */
  decided: { at: number; by: string | null; reason: string | null } | null;
  /** Until when an approval of scope `fingerprint` or `session`, or a lease, holds; else null. */
  until: number | null;
}

/** A row of a listing. */
export type ApprovalSummary = Omit<Approval, "question" | "votes"> & {
  /** The beginning of `questionText`. */
  summary: string;
  reason: string;
  approvals: Approve["approvals"];
};

/** What the edge tells a connector of a question; told again after a resume. Unlogged: the edge's events are logged before. */
export interface ApprovalNews {
  type: "approval";
  /** The question's number. */
  approval: number;
  news:
    | { status: "pending"; id: ApprovalId; expires: number; votes: number; needed: number }
    /** `under`: the earlier question whose approval covers this one. */
    | { status: "approved"; by: string[]; under: number | null }
    | { status: "denied"; by: string; reason: string | null }
    | { status: "expired" }
    | { status: "withdrawn"; reason: string }
    /** The question itself can't be taken, such as one too many. */
    | { status: "refused"; reason: string }
    /** A channel could not be reached; the others still work. */
    | { status: "unreached"; channel: ApprovalChannel };
}

/** Entries of a recording that a connector writes about approvals; sent with `FrameFlag.ask`, so the edge acts on them. */
export type ApprovalAsk =
  | { event: "approval_asked"; approval: number; question: HeldQuestion }
  /** The agent cancelled what waits, or the verdict changed meanwhile. */
  | { event: "approval_withdrawn"; approval: number; reason: string }
  /** What was held goes to the target now. */
  | { event: "approval_used"; approval: number };

/** Entries of a recording that the edge writes about approvals. */
export type ApprovalEvent =
  /** The question stands. */
  | { event: "approval_opened"; approval: number; id: ApprovalId; expires: number }
  | { event: "approval_told"; approval: number; channel: ApprovalChannel; reached: boolean; detail: string }
  | { event: "approval_answered"; approval: number; answer: "approve" | "deny"; vote: ApprovalVote }
  /** An answer that did not count: who it claimed to be from, and why. */
  | { event: "approval_rejected"; approval: number; by: string; channel: ApprovalChannel; reason: string }
  /** `under`: the earlier question whose approval covers this one. */
  | {
      event: "approval_decided";
      approval: number;
      status: Exclude<ApprovalStatus, "pending" | "used">;
      by: string[];
      reason: string | null;
      until: number | null;
      under: number | null;
    };

/** Names of what a connector writes about approvals. */
export const APPROVAL_ASKS: ReadonlySet<string> = new Set<ApprovalAsk["event"]>([
  "approval_asked",
  "approval_withdrawn",
  "approval_used",
]);

/** Names of what the edge writes about them. */
export const APPROVAL_EVENTS: ReadonlySet<string> = new Set<ApprovalEvent["event"]>([
  "approval_opened",
  "approval_told",
  "approval_answered",
  "approval_rejected",
  "approval_decided",
]);

/** Whether what a connector wrote is about an approval. */
export function isAsk(event: { event: string }): event is ApprovalAsk {
  return APPROVAL_ASKS.has(event.event);
}

/** Whether what the edge wrote is about an approval. */
export function isByEdge(event: { event: string }): event is ApprovalEvent {
  return APPROVAL_EVENTS.has(event.event);
}

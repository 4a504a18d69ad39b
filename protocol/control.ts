import type { ApprovalEvent, ApprovalNews } from "./approval/approval.ts";
import type { ErrorCode } from "./errors.ts";
import type { HttpEvent } from "./http/events.ts";
import type { Decision } from "./policy/decision.ts";
import type { StatementFacts } from "./sql/facts.ts";
import type { SshEvent } from "./ssh/events.ts";

/** The tunnel protocol's version; the WebSocket subprotocol of a framed tunnel. Without it a tunnel is raw. */
export const SUBPROTOCOL = "sallyport.v1";
export const VERSION = 1;

/** Headers of the WebSocket upgrade. Tokens and secrets travel in headers, never in a URL. */
export const Header = {
  /** The resume secret, from `welcome`, on a reconnect. */
  resume: "sallyport-resume",
  /** How many logged frames this side has received so far, on a reconnect. */
  received: "sallyport-received",
  /** The one-time ticket with which a connector joins a session. */
  ticket: "sallyport-ticket",
  /** The connector process that speaks, on its control socket. */
  instance: "sallyport-instance",
} as const;

/** Paths of the edge. */
export const Path = {
  /** The agent opens a tunnel to a target. */
  tunnel: (target: string) => `/v1/tunnel/${encodeURIComponent(target)}`,
  /** Either side resumes a session after its socket dropped. */
  resume: (session: string) => `/v1/resume/${session}`,
  /** An HTTP or Kubernetes target at the edge's own address; what follows it is the target's path. */
  exchange: (target: string) => `/t/${encodeURIComponent(target)}`,
  /** The connector's control socket. */
  control: "/v1/connector",
  /** The connector joins a session with a ticket. */
  dial: (session: string) => `/v1/connector/dial/${session}`,
} as const;

/** The text messages "ping" and "pong" keep a tunnel alive without waking the edge. */
export const PING = "ping";
export const PONG = "pong";
export const PING_EVERY_MS = 20_000;

/** What the session knows about who opened it; the connector decides on this. */
export interface SessionFacts {
  session: string;
  principal: string;
  /** The user for whom an agent acts, from the token's `act` claim; absent when it acts for itself. */
  onBehalfOf?: string;
  groups: string[];
  target: string;
  kind: TargetKind;
  connector: string;
  /** Milliseconds since 1970. */
  opened: number;
  /** The end of the lease; milliseconds since 1970. */
  until: number;
  /** Address of the agent as the edge saw it. */
  address: string;
  /**
   * How the agent's side speaks: frames of a tunnel, bytes alone, or HTTP requests to the edge's own address, each of
   * which is a stream.
   */
  mode: "framed" | "raw" | "http";
  /** Whether the target's list `allow` names the principal, its user, or a group: `context.listed` of `connect`. */
  listed: boolean;
  /** The policy set that was in force when the session was opened. */
  policy: PolicyStamp;
  /** Present where the connection itself needed an approval. */
  lease?: Lease;
  /** Present where the session belongs to a trace: see docs/tracing.md. */
  trace?: SessionTrace;
}

/** Of which trace a session is, as W3C Trace Context has it; read by `readTraceContext`, as whoever wrote it may be hostile. */
export interface SessionTrace {
  /** Of the session's span; where the edge makes none, as the agent sent it. */
  traceparent: string;
  tracestate?: string;
  /** The span of which the session's is a part; absent where the edge makes none. */
  parent?: string;
}

/** The right of one principal to open one target until a time, which others approved. */
export interface Lease {
  /** The approval's id. */
  id: string;
  /** Milliseconds since 1970. */
  until: number;
  /** Who approved it. */
  by: string[];
}

/** Which policy set: two sets with the same version have the same text. */
export interface PolicyStamp {
  /** SHA-256 of the text, lower-case hex. */
  version: string;
  /** Grows with each set that is put in force; a connector never goes back. */
  revision: number;
}

export const TARGET_KINDS = ["postgres", "ssh", "http", "kubernetes"] as const;

export type TargetKind = (typeof TARGET_KINDS)[number];

/** The kinds whose sessions carry exchanges, one on each stream; stream 0 is theirs for events and control alone. */
export type ExchangeKind = Extract<TargetKind, "http" | "kubernetes">;

export function carriesExchanges(kind: TargetKind): kind is ExchangeKind {
  return kind === "http" || kind === "kubernetes";
}

/** Edge to either side, first after joining or resuming. `received`: how many of your frames are logged. */
export interface Welcome {
  type: "welcome";
  version: typeof VERSION;
  session: string;
  /** Present once, at joining: the secret for `Header.resume`. */
  resume?: string;
  received: number;
}

/** Edge to connector: an agent has joined; serve it. */
export interface Open {
  type: "open";
  facts: SessionFacts;
}

/**
 * Edge to either side: the session is over. The connector stops what runs on the target and answers with `seal`.
 * `received`: how many of this side's frames are in the recording; later ones never will be.
 */
export interface EndSession {
  type: "end";
  received: number;
  code: ErrorCode | "closed";
  reason: string;
}

/** Connector to edge: its half of the double entry. Hashes are lower-case hex, see `chainFrame`. */
export interface ConnectorSeal {
  type: "seal";
  /** The key's id: its RFC 7638 thumbprint. */
  key: string;
  agentFrames: number;
  agentHead: string;
  connectorFrames: number;
  connectorHead: string;
  /** Ed25519 over `sealText`, base64url. */
  signature: string;
}

/** Either side to edge: this side gives the session up. */
export interface CloseSession {
  type: "close";
  code: ErrorCode | "closed";
  reason: string;
}

/** Edge to connector: so many people who may are watching the session now; told on each change, and again after a resume. */
export interface Watched {
  type: "watched";
  watchers: number;
}

export type EdgeMessage = Welcome | Open | EndSession | ApprovalNews | Watched;
export type AgentMessage = CloseSession;
export type ConnectorMessage = CloseSession | ConnectorSeal;

/** The text that a connector signs. */
export function connectorSealText(session: string, seal: Omit<ConnectorSeal, "type" | "signature">): string {
  return `sallyport connector seal v1\n${session}\n${seal.key}\n${seal.agentFrames} ${seal.agentHead}\n${seal.connectorFrames} ${seal.connectorHead}\n`;
}

/** The edge's seal of a finished recording: its last entry's hash. */
export interface EdgeSeal {
  key: string;
  entries: number;
  /** The chain's last hash, lower-case hex. */
  head: string;
  /** Ed25519 over `edgeSealText`, base64url. */
  signature: string;
}

export function edgeSealText(session: string, seal: Omit<EdgeSeal, "signature">): string {
  return `sallyport edge seal v1\n${session}\n${seal.key}\n${seal.entries} ${seal.head}\n`;
}

/** Of EXPLAIN's topmost node. */
export interface PlanEstimate {
  rows: number;
  /** Planner's cost units, rounded up. */
  cost: number;
}

/** JSON of an `edge` entry (kind 0). */
export type EdgeEvent =
  | ApprovalEvent
  | { event: "opened"; facts: SessionFacts; limits: Limits; edgeKey: string }
  | { event: "connector_joined"; connector: string; instance: string; key: string }
  /** Somebody watches the session, or does no longer. `by`: the principal. */
  | { event: "watch_begun" | "watch_ended"; by: string }
  | { event: "agent_dropped" | "agent_resumed" | "connector_dropped" | "connector_resumed" }
  | { event: "ended"; code: ErrorCode | "closed"; reason: string; by?: string };

/** JSON of a `connector` entry's frame (kind 3), beside `ApprovalAsk`. */
export type ConnectorEvent =
  | SshEvent
  | HttpEvent
  | {
      event: "target_connected";
      host: string;
      port: number;
      database: string;
      user: string;
      tls: boolean;
      processId: number;
    }
  | { event: "cancel_requested"; session: string }
  | { event: "refused"; code: ErrorCode; message: string }
  /** The connector judges by this set from here on. */
  | ({ event: "policy" } & PolicyStamp)
  /**
   * What the parser proved of statements that went before, for `policy replay`: told once for each fingerprint and
   * different facts, some time after the statement.
   */
  | { event: "facts"; statements: { facts: StatementFacts; plan: PlanEstimate | null }[] }
  /** A statement that did not reach the target. `text`: at most 8 KiB of it; the agent's frame has the whole. */
  | {
      event: "judged";
      decision: Exclude<Decision, { verdict: "allow" }>;
      text: string;
      facts: StatementFacts | null;
      /** The planner's estimate, where the verdict looked at one: without it a replay could not come to the same. */
      plan?: PlanEstimate | null;
    }
  /** A result was cut. */
  | { event: "cut"; limit: "rows" | "bytes"; value: number }
  /** Statements that went before, and of which the target saw another text, in which labelled columns are masked. */
  | { event: "masked"; statements: MaskedStatement[] }
  /** What detectors found in what goes to the agent, since the last such event: how many values of each. */
  | { event: "detected"; found: Record<string, { masked: number; reported: number }> };

/** A statement as the target saw it, and how much of its result was masked. */
export interface MaskedStatement {
  fingerprint: string;
  /** At most 8 KiB, and without keys; null where an earlier event has that of a statement of this fingerprint. */
  text: string | null;
  /** Values that were masked in its result, by label; those of EXPLAIN and writes without RETURNING are none. */
  fields: Record<string, number>;
}

/** Limits of a session, all settable; see docs/operations.md. */
export interface Limits {
  /** Ms without a logged frame before the session ends. */
  idleMs: number;
  /** Ms that a session may last. */
  maxMs: number;
  /** Bytes that a session may log. */
  maxBytes: number;
  /** Ms that either side may stay away before the session ends. */
  resumeMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  idleMs: 60 * 60_000,
  maxMs: 12 * 60 * 60_000,
  maxBytes: 8 * 1024 ** 3,
  resumeMs: 15_000,
};

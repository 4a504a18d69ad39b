import type { Approval, ApprovalEvent } from "./approval/approval.ts";
import type { Lease, Limits, PolicyStamp, TargetKind } from "./control.ts";
import type { ErrorCode } from "./errors.ts";
import type { Agreement } from "./ledger/entry.ts";
import type { RecordingSettings } from "./recording/encryption/settings.ts";
import type { RetentionSettings, SessionDeletion } from "./retention.ts";

/** What the HTTP API speaks about, the same on both ends. Times are milliseconds since 1970. */

/** A target as the edge knows it: no address, no credential. Those stay with the connector. */
export interface Target {
  /** 1-63 characters of a-z, 0-9 and '-', starting with a letter. */
  name: string;
  kind: TargetKind;
  /** Name of the connector that serves it. */
  connector: string;
  description: string;
  /** Who may open a tunnel: principal names, `group:NAME`, or either with `*` as a wildcard. Empty: nobody. */
  allow: string[];
}

/** A target as it is listed for a principal. */
export interface ListedTarget extends Target {
  /** A connector that serves it is online. */
  online: boolean;
  /** Of SSH targets: the key that its connector shows, `ssh-ed25519 AAAA…`; null until it has told one. */
  hostKey: string | null;
  /**
   * What the policies in force say of this principal opening it with the client. Only administrators see targets that
   * they may not open (`none`).
   */
  access: "allow" | "approve" | "none";
}

/** An OIDC issuer whose tokens the edge accepts. */
export interface Issuer {
  /** Short name, the prefix of its principals: `NAME/subject`. */
  name: string;
  /** The issuer's URL, exactly as in `iss`. */
  issuer: string;
  audience: string;
  /** Signature algorithms accepted; asymmetric ones only. */
  algorithms: string[];
  /** Claim that names the principal (`sub` by default; `email` needs `email_verified`). */
  principalClaim: string;
  groupsClaim: string;
  /** Claims that must have exactly these values, such as `repository_owner`. */
  requiredClaims: Record<string, string>;
  /** Client id of `sallyport login`; absent for workload issuers. */
  clientId?: string;
  /** Bounded clock skew in seconds, 0-120. */
  skewSeconds: number;
}

/** Limits of the whole edge, beside those of one session. */
export interface EdgeLimits {
  /** Sessions open at once, of all principals. */
  sessions: number;
  /** Sessions open at once of one principal. */
  sessionsPerPrincipal: number;
}

export const DEFAULT_EDGE_LIMITS: EdgeLimits = { sessions: 5_000, sessionsPerPrincipal: 2_000 };

/** The part of the configuration file that `sallyport apply` sends to the edge. It has no secrets. */
export interface Settings {
  targets: Target[];
  issuers: Issuer[];
  /** Principals and `group:NAME`s that may administer. */
  administrators: string[];
  limits: Partial<Limits & EdgeLimits>;
  /** Absent: nobody answers in Slack. */
  approvals?: ApprovalSettings;
  /** Absent: recordings are kept for ever. */
  retention?: RetentionSettings;
  /** Absent: recordings are not encrypted. */
  recordings?: RecordingSettings;
  /** The Cedar text that decides on every connection and statement; see protocol/policy/schema.ts. */
  policies: string;
}

/** How people answer approvals. What is secret of it (webhooks, signing secrets) is no setting, but a binding of the edge. */
export interface ApprovalSettings {
  slack: {
    /** Whoever is not among them can't answer in Slack. */
    users: SlackUser[];
  };
}

export const NO_APPROVERS: ApprovalSettings = { slack: { users: [] } };

/** Who a user of Slack is for the edge. Whether it may answer is for the policies to say. */
export interface SlackUser {
  /** The member ID in Slack, such as `U024BE7LH`; a name there could be anybody's. */
  id: string;
  principal: string;
  groups: string[];
}

/** A policy set as the edge keeps it. */
export interface PolicyRecord extends PolicyStamp {
  text: string;
  /** When and by whom it was put in force. */
  time: number;
  principal: string;
}

/** What `apply` shows and records of changed policies: `before` and `after` of the change of `policies`. */
export interface PoliciesChange {
  before: { version: string };
  /** `lines`: what differs, each line with `-` or `+` before it; bounded, and says how much it leaves out. */
  after: { version: string; lines: string[] };
}

/** How connectors took a set that was put in force; `apply` answers it. */
export interface PolicyDistribution extends PolicyStamp {
  /** Of each process that was online or had sessions; by connector. */
  connectors: PolicyUptake[];
}

export interface PolicyUptake {
  connector: string;
  /** The connector's process; null when the edge could not tell which there are. */
  instance: string | null;
  /** `cut_off`: it did not say in time that it took the set. It must connect again, and its sessions were ended. */
  state: "taken" | "cut_off";
  /** Sessions that were ended. */
  ended: number;
}

/** What `POST /v1/apply` answers. `policies` is null unless a set was put in force. */
export interface Applied {
  changes: Change[];
  policies: PolicyDistribution | null;
}

/** One difference that `apply` shows and makes. */
export interface Change {
  action: "create" | "update" | "delete";
  subject: string;
  before: unknown;
  after: unknown;
}

/** An administrative change as recorded. */
export interface ChangeRecord extends Omit<Change, "action"> {
  id: number;
  time: number;
  principal: string;
  /** `apply.create`, `token.create`, `token.revoke`, `principal.disable`, `connector.enroll`, `connector.host-key`, `session.kill`, … */
  action: string;
}

export interface Token {
  name: string;
  principal: string;
  administrator: boolean;
  created: number;
  createdBy: string;
  expires: number;
  revoked: number | null;
  lastUsed: number | null;
}

export interface Principal {
  name: string;
  firstSeen: number;
  disabled: number | null;
  disabledBy: string | null;
}

export interface Connector {
  name: string;
  /** RFC 7638 thumbprint of the Ed25519 key, or null while it waits for enrolment. */
  key: string | null;
  enrolled: number | null;
  revoked: number | null;
  /** Live replicas, from the hub. */
  replicas: { instance: string; sessions: number; targets: string[]; since: number }[];
}

export interface Session {
  id: string;
  target: string;
  kind: TargetKind;
  principal: string;
  onBehalfOf: string | null;
  connector: string;
  address: string;
  opened: number;
  ended: number | null;
  endCode: ErrorCode | "closed" | null;
  endReason: string | null;
  /** Since when its recording lies in object storage, ms; null while it does not. */
  sealed: number | null;
  /** Whether edge and connector say the same of the recording; null until it is sealed. */
  agreement: Agreement | null;
  /** Why the recording can't be sealed as it is: somebody must look. */
  sealFault: string | null;
  /** Of a recording that was deleted, or is being; null of others. */
  deletion: SessionDeletion | null;
}

/** A lease as it is listed: the right of one principal to open one target, which others approved. */
export interface LeaseRecord extends Lease {
  principal: string;
  /** The user for whom the principal has it, and for nobody else. */
  onBehalfOf: string | null;
  target: string;
  granted: number;
  revoked: { at: number; by: string; reason: string } | null;
}

/** What `POST /v1/access-requests` answers: the request as it stands, or that none is needed. */
export type AccessAnswer = Approval | { status: "allowed" };

/** An entry of an access request's trail, which has no recording. */
export interface TrailEntry {
  time: number;
  event:
    | {
        event: "access_requested";
        principal: string;
        onBehalfOf: string | null;
        target: string;
        purpose: string;
      }
    | ApprovalEvent
    /** The lease stands in the directory: the target can be opened by it. */
    | { event: "lease_granted"; until: number }
    /** The lease is over before its time, and its sessions have been ended. */
    | { event: "lease_revoked"; by: string; reason: string };
}

/** What a listing answers: `next` is the cursor of the next page, or null. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** RFC 9457 problem details, the body of every HTTP error. `type` is `urn:sallyport:error:CODE`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  hint?: string;
}

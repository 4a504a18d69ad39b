import type { PlanEstimate, PolicyStamp } from "./control.ts";
import type { ErrorCode } from "./errors.ts";
import type { ExchangeFacts } from "./http/facts.ts";
import type { LabelScan, ScanLabelsRequest } from "./label-scan.ts";
import type { Decision } from "./policy/decision.ts";
import type { LineFacts } from "./shell/facts.ts";
import type { StatementFacts } from "./sql/facts.ts";

/**
 * Control socket, edge to connector: join this session with this ticket. A spare has no agent yet: it is dialled
 * ahead so that the next session opens without waiting for a new socket.
 */
export interface Dial {
  type: "dial";
  session: string;
  ticket: string;
  spare: boolean;
}

/** Control socket, either way: cancel what this key names, if you hold it; the edge asks the other replicas. */
export interface CancelElsewhere {
  type: "cancel";
  principal: string;
  target: string;
  processId: number;
  /** base64url */
  secret: string;
}

/** Control socket, connector to edge: which targets it serves, and how many sessions it has now. */
export interface Presence {
  type: "presence";
  targets: string[];
  sessions: number;
  /** The key that its SSH targets show to agents: `ssh-ed25519 AAAA…`. All replicas of a connector have the same. */
  hostKey: string;
}

/** Control socket, connector to edge: a spare has joined (`parked`), or is gone (`unparked`). */
export interface Spare {
  type: "parked" | "unparked";
  session: string;
}

/** Control socket, connector to edge: send this many tickets for spares. */
export interface WantSpares {
  type: "want_spares";
  count: number;
}

/** Control socket, edge to connector: the policy set in force; first after connecting, then whenever it changes. */
export interface PolicyInForce extends PolicyStamp {
  type: "policy";
  text: string;
}

/**
 * Control socket, connector to edge: from here on this process judges nothing by an older set than that of this
 * revision, which came on this socket. Where it can't use the set it refuses everything.
 */
export interface PolicyTaken {
  type: "policy_taken";
  revision: number;
}

/** Control socket, edge to connector: what would become of this text? Nothing is run but the planner, if need be. */
export interface Explain {
  type: "explain";
  id: string;
  request: ExplainRequest;
}

/** Control socket, edge to connector: which columns look as if they should have a label? */
export interface ScanLabels {
  type: "scan_labels";
  id: string;
  request: ScanLabelsRequest;
}

/** What the edge asks a connector; it answers under the same id, with the message that `ANSWER_OF` names. */
export type Question = Explain | ScanLabels;

export const ANSWER_OF = { explain: "explained", scan_labels: "labels_scanned" } as const satisfies Record<
  Question["type"],
  Answer["type"]
>;

export interface ExplainRequest {
  target: string;
  /** One of the target's; its default when absent. */
  database?: string;
  /** Of SSH targets: the login name that is asked for; the principal's default when absent. */
  account?: string;
  principal: string;
  onBehalfOf?: string;
  groups: string[];
  /** SQL, a command line, or a request (`protocol/http/written-request.ts`), as the target's kind has it. */
  text: string;
}

/** Control socket, connector to edge: the answer. */
export interface Explained {
  type: "explained";
  id: string;
  answer: { statements: ExplainedStatement[] } | NoAnswer;
}

/** Control socket, connector to edge: the answer. */
export interface LabelsScanned {
  type: "labels_scanned";
  id: string;
  answer: { scan: LabelScan } | NoAnswer;
}

export type Answer = Explained | LabelsScanned;

/** In place of an answer. */
export interface NoAnswer {
  error: { code: ErrorCode; message: string; hint?: string };
}

export type ExplainedStatement = ExplainedSql | ExplainedLine | ExplainedExchange;

/** What the guard finds of a command line. */
export interface ExplainedLine {
  text: string;
  decision: Decision;
  facts: LineFacts;
}

/** What the guard finds of a request to an HTTP or Kubernetes target. */
export interface ExplainedExchange {
  text: string;
  decision: Decision;
  facts: ExchangeFacts;
}

/** What the guard finds of one statement of a string. */
export interface ExplainedSql {
  text: string;
  decision: Decision;
  facts: StatementFacts;
  /** The planner's estimate, where a policy needed it. */
  plan: PlanEstimate | null;
}

export type HubMessage = Dial | CancelElsewhere | PolicyInForce | Question;
export type ReplicaMessage = Presence | Spare | WantSpares | CancelElsewhere | Answer | PolicyTaken;

/** At most this many spares for one replica. */
export const MAX_SPARES = 8;

import type { PlanEstimate, SessionFacts } from "../../protocol/control.ts";
import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import type { Approve, Block } from "../../protocol/policy/decision.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import type { SshRequest } from "../../protocol/ssh/request.ts";

/** What a recorded session did, as far as a verdict depends on it, in the order in which it did it. */
export type Step = Run | NamedText | NamedPortal | Delivered | SshRun | ExchangeRun | PolicyTaken;

/** Something that was sent to be run: judged as one, and by its worst statement. */
export interface Run {
  step: "run";
  /** The entry that asked for it. */
  seq: number;
  /** Ms since 1970, by the edge's clock. */
  time: number;
  protocol: "simple" | "extended" | "function";
  /** Null where the recording can't show it: a name that SQL prepared, a portal that SQL declared. */
  text: string | null;
  /** The text is the beginning only. */
  cut: boolean;
  /** The prepared statement that ran; what SQL has prepared under it is then looked up. */
  name?: string;
  /** The name may stand for another text than `text`. */
  doubtful: boolean;
  inTransaction: boolean;
  /** `done`: the target ran at least a part; `refused`: nothing but an error or a skip came back, or nothing at all. */
  outcome: "done" | "refused";
  /** Tags of the results, at most `MAX_TAGS`. */
  tags: string[];
  /** What kept it from the target; null when it went there. */
  judged: {
    decision: Approve | Block;
    /** Null when several statements were judged together. */
    facts: StatementFacts | null;
    plan: PlanEstimate | null;
  } | null;
  /** What people were asked before it ran, or was refused; null when nobody was. */
  asked: {
    decision: Approve;
    plan: PlanEstimate | null;
  } | null;
}

/** Something that was asked of an SSH target. */
export interface SshRun {
  step: "request";
  /** The entry that asked for it. */
  seq: number;
  /** Ms since 1970, by the edge's clock. */
  time: number;
  channel: number;
  /** The login name on the target; empty where the recording doesn't tell. */
  account: string;
  request: SshRequest;
  /** What it asks for, in words. */
  text: string;
  /** `done`: it went to the target; `refused`: it did not. */
  outcome: "done" | "refused";
  /** What kept it from the target; null when it went there. */
  judged: { decision: Approve | Block } | null;
  /** What people were asked before it went there, or was refused; null when nobody was. */
  asked: { decision: Approve } | null;
}

/** Something that was asked of an HTTP or Kubernetes target. */
export interface ExchangeRun {
  step: "exchange";
  /** The entry that tells what it was taken for. */
  seq: number;
  /** Ms since 1970, by the edge's clock. */
  time: number;
  request: HttpRequest;
  /** Null where the recording doesn't tell. */
  facts: ExchangeFacts | null;
  /** The content type of its response, where it is that which was judged. */
  unreadable: string | null;
  /** What it asks for, in words. */
  text: string;
  /** `done`: it went to the target, or the response to the agent; `refused`: it did not. */
  outcome: "done" | "refused";
  /** What kept it from there; null when it went. */
  judged: { decision: Approve | Block } | null;
  /** What people were asked before it went; null when nobody was. */
  asked: { decision: Approve } | null;
}

/** A Parse gave a name to a text, or tried to: SQL may EXECUTE it. */
export interface NamedText {
  step: "named";
  time: number;
  name: string;
  text: string;
}

/** A Bind gave a name to a portal, or tried to: SQL may FETCH from it. */
export interface NamedPortal {
  step: "portal";
  time: number;
  name: string;
  /** The prepared statement that it runs; empty for the unnamed one. */
  statement: string;
  /** The text of the unnamed one; null where the recording can't show it. */
  text: string | null;
}

/** Rows, or bytes of a channel, a file or a response, went to the agent. */
export interface Delivered {
  step: "delivered";
  time: number;
  rows: number;
  /** Of the rows' messages, or of copied data, of a channel, of a file, of a response. */
  bytes: number;
}

/** The connector judges by another policy set from here on. */
export interface PolicyTaken {
  step: "policy";
  time: number;
  /** SHA-256 (hex) of its text. */
  version: string;
}

/** Who ran it, where. */
export interface SessionOf {
  facts: SessionFacts;
  /** The database that the client named, or the target told; empty for other kinds of targets. */
  database: string;
}

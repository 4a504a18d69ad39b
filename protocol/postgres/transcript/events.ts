import type { ApprovalAsk } from "../../approval/approval.ts";
import type { ConnectorEvent, EdgeEvent } from "../../control.ts";
import type { TransactionStatus } from "../backend.ts";
import type { Value } from "../types.ts";

/** What happened in a recorded Postgres session, in order. `seq` and `time` (ms since 1970) are the entry's. */
export type TranscriptEvent = { seq: number; time: number } & Happening;

export type Happening =
  /** Written by the edge: opened, connector_joined, dropped and resumed, ended. */
  | { type: "edge"; event: EdgeEvent }
  /** Written by the connector. */
  | { type: "connector"; event: ConnectorEvent | ApprovalAsk }
  | { type: "encryption"; request: "ssl" | "gssenc" }
  | { type: "startup"; version: string; parameters: [name: string, value: string][] }
  | { type: "cancel"; processId: number }
  | ({ type: "statement" } & Statement)
  /** What ran under this number is not what the client's last words under that name said: it is this. */
  | ({ type: "resolved" } & Statement)
  | { type: "columns"; statement: StatementId; columns: { name: string; type: string }[] }
  /** A row as the agent saw it. */
  | { type: "row"; statement: StatementId; values: (Value | null)[] }
  | {
      type: "result";
      statement: StatementId;
      /** `suspended`: the portal has more rows; `empty`: the statement's text was empty. */
      outcome: "complete" | "suspended" | "empty";
      /** Such as `INSERT 0 1`; empty unless complete. */
      tag: string;
      /** Rows that the agent saw. */
      rows: number;
      /** Ms from when the server could begin it, by the edge's clock. */
      duration: number;
    }
  /** The server passed over it because of an error before it. */
  | { type: "skipped"; statement: StatementId }
  | ({ type: "error"; statement: StatementId; duration: number; text?: string } & ServerWords)
  | ({ type: "notice"; statement: StatementId } & ServerWords)
  | { type: "notification"; processId: number; channel: string; payload: string }
  | { type: "copy"; statement: StatementId; direction: CopyDirection; format: "text" | "binary" }
  | ({ type: "copied"; statement: StatementId; direction: CopyDirection } & CopySummary)
  | { type: "parameter"; name: string; value: string }
  /** The server is ready; `I` idle, `T` in a transaction, `E` in a failed one. */
  | { type: "ready"; status: TransactionStatus }
  | { type: "terminate" }
  /** Bytes that are no protocol which can be read. `bytes`: how many; `preview`: the first, as hex. */
  | { type: "undecodable"; from: "agent" | "target"; reason: string; bytes: number; preview: string };

/** The number of a statement, from 1 in the order sent; null where it is not known which. */
export type StatementId = number | null;
export type CopyDirection = "in" | "out" | "both";

export interface Statement {
  statement: number;
  protocol: "simple" | "extended" | "function";
  /** The text; null when it can't be read, or was prepared where the recording can't show it, as by PREPARE in SQL. */
  text: string | null;
  /** Bytes of the whole text; more than `text` has when it was cut. */
  bytes: number;
  cut: boolean;
  /** The prepared statement's name; absent for the unnamed. */
  name?: string;
  /** The text is what the name stood for once; it may stand for another since. */
  doubtful?: true;
  parameters?: Parameter[];
  /** Most rows asked for at once; absent for all. */
  maxRows?: number;
}

export interface Parameter {
  /** Name of the type; null when it was left to the server and never told. */
  type: string | null;
  value: Value | null;
}

/** Fields of an error or a notice. */
export interface ServerWords {
  /** `edge`: written by the edge as it ended the session. */
  from: "target" | "edge";
  severity: string;
  sqlstate: string;
  message: string;
  detail?: string;
  hint?: string;
  /** Place in the statement's text, in characters from 1. */
  position?: number;
}

export interface CopySummary {
  outcome: "done" | "failed";
  bytes: number;
  /** Messages that carried the data: from a server one a row. */
  messages: number;
  /** The beginning of the data: text, or hex when it is binary. */
  preview: string;
  /** Why the client gave it up. */
  reason?: string;
}

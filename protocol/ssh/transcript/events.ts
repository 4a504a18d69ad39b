import type { ApprovalAsk, ApprovalEvent } from "../../approval/approval.ts";
import type { ConnectorEvent, EdgeEvent } from "../../control.ts";
import type { Decision } from "../../policy/decision.ts";
import type { LineFacts } from "../../shell/facts.ts";
import type { Stream } from "../../terminal-events.ts";
import type { SshEvent, Transferred } from "../events.ts";
import type { SshRequest } from "../request.ts";

export type { Stream } from "../../terminal-events.ts";

/** What happened in a recorded SSH session, in order. `seq` and `time` (ms since 1970) are the entry's. */
export type SshTranscriptEvent = { seq: number; time: number } & SshHappening;

/** Durations are in ms, by the edge's clock; null where the beginning is not known. */
export type SshHappening =
  /** Written by the edge: opened, connector_joined, dropped and resumed, watched, ended. */
  | { type: "edge"; event: Exclude<EdgeEvent, ApprovalEvent> }
  /** Written by the connector, of what nothing below tells. */
  | { type: "connector"; event: Exclude<ConnectorEvent, SshEvent> | Introduction }
  | { type: "channel"; channel: number; kind: string }
  | { type: "terminal"; channel: number; term: string; columns: number; rows: number }
  | { type: "resized"; channel: number; columns: number; rows: number }
  | { type: "environment"; channel: number; name: string; value: string | null }
  | { type: "subsystem"; channel: number; name: string }
  | { type: "request"; channel: number; request: number; asked: SshRequest }
  /** The target never got it. `afterApproval`: people had been asked about it. */
  | {
      type: "judged";
      channel: number;
      request: RequestId;
      asked: SshRequest;
      decision: Exclude<Decision, { verdict: "allow" }>;
      facts: LineFacts | null;
      afterApproval: boolean;
    }
  /** `waited`: since people were asked, ms; null where the recording does not show that. */
  | { type: "approval"; request: RequestId; waited: number | null; entry: ApprovalAsk | ApprovalEvent }
  | { type: "bytes"; channel: number; request: RequestId; stream: Stream; bytes: Uint8Array }
  /** So many bytes were typed where the terminal showed nothing. */
  | { type: "withheld"; channel: number; request: RequestId; characters: number }
  | { type: "signal"; channel: number; signal: string }
  | {
      type: "exit";
      channel: number;
      request: RequestId;
      status: number | null;
      signal: string | null;
      /** Without the time for which the request was held. */
      duration: number | null;
    }
  /** `duration`: since the request was let through; of a channel without one, since it was opened. */
  | { type: "closed"; channel: number; request: RequestId; duration: number | null }
  | { type: "file_failed"; channel: number; request: RequestId; path: string; reason: string }
  | {
      type: "file_closed";
      channel: number;
      request: RequestId;
      path: string;
      read: Transferred | null;
      written: Transferred | null;
      duration: number | null;
    }
  /** Nobody watches, so that the terminal stands still; or it goes on. */
  | { type: "frozen" | "thawed"; channel: number }
  /** What can't be read. `bytes`: how many; `preview`: the first, as hex. */
  | { type: "undecodable"; reason: string; bytes: number; preview: string };

/** The number of a request, from 1 in the order asked; null where it is not known which. */
export type RequestId = number | null;

type Introduction = Extract<SshEvent, { event: "ssh_client" | "ssh_connected" }>;

import type { ApprovalAsk, ApprovalEvent } from "../../approval/approval.ts";
import type { EndCode } from "../../close-reason.ts";
import type { ConnectorEvent, EdgeEvent } from "../../control.ts";
import type { Decision } from "../../policy/decision.ts";
import type { HttpEvent } from "../events.ts";
import type { ExchangeFacts } from "../facts.ts";
import type { Fields, RequestHead, ResponseHead } from "../head.ts";
import type { HttpRequest } from "../request.ts";

/** What happened in a recorded HTTP or Kubernetes session, in order. `seq` and `time` (ms since 1970) are the entry's. */
export type HttpTranscriptEvent = { seq: number; time: number } & HttpHappening;

/** `exchange` is the stream's number. Durations are in ms since the exchange began, by the edge's clock. */
export type HttpHappening =
  /** Written by the edge: opened, connector_joined, dropped and resumed, watched, ended. */
  | { type: "edge"; event: Exclude<EdgeEvent, ApprovalEvent> }
  /** Written by the connector, of what nothing below tells. */
  | { type: "connector"; event: Exclude<ConnectorEvent, HttpEvent> }
  /** The exchange begins. */
  | { type: "request"; exchange: number; head: RequestHead }
  /** Interim responses, too; of status 101 messages follow, both ways. */
  | { type: "response"; exchange: number; head: ResponseHead; duration: number }
  | { type: "bytes"; exchange: number; from: Side; bytes: Uint8Array }
  /** A message of a WebSocket, or a part of one. */
  | {
      type: "message";
      exchange: number;
      from: Side;
      isText: boolean;
      /** It is the message's first part; the message has another. */
      begins: boolean;
      goesOn: boolean;
      bytes: Uint8Array;
    }
  /** This side has said all. */
  | {
      type: "end";
      exchange: number;
      from: Side;
      trailers: Fields | null;
      /** Of a WebSocket: what its Close frame says. */
      close: CloseFrame | null;
      duration: number;
    }
  /** It is over for both before its time; by the edge where the session ended. */
  | {
      type: "reset";
      exchange: number;
      by: Side | "edge";
      code: EndCode;
      reason: string;
      duration: number;
    }
  /** The last of an exchange but what the connector may still say of it. `unfinished`: the recording shows no end. */
  | { type: "over"; exchange: number; outcome: "complete" | "reset" | "unfinished" }
  /** What crossed with a reset: whoever had it sent it before it heard, and whom it was for had left. */
  | { type: "late"; exchange: number; from: Side; length: number }
  /** The request goes to the target now, taken for this. */
  | {
      type: "sent";
      exchange: number;
      request: HttpRequest;
      facts: ExchangeFacts | null;
      impersonated: string | null;
    }
  /** The request never reached the target, or with `unreadable` its response not the agent. */
  | {
      type: "judged";
      exchange: number;
      request: HttpRequest;
      decision: Exclude<Decision, { verdict: "allow" }>;
      facts: ExchangeFacts | null;
      unreadable: string | null;
      /** People had been asked about it. */
      afterApproval: boolean;
    }
  | { type: "masked"; exchange: number; fields: Record<string, number> }
  /** The target could not be reached, or broke off. */
  | { type: "failed"; exchange: number; code: string; message: string }
  /** `exchange`: null where it is not known which. `waited`: since people were asked, ms; null where that is not shown. */
  | { type: "approval"; exchange: number | null; waited: number | null; entry: ApprovalAsk | ApprovalEvent }
  /** What can't be read. `bytes`: how many; `preview`: the first, as hex. */
  | { type: "undecodable"; exchange: number | null; reason: string; bytes: number; preview: string };

/** Who said it. The target's are as the agent got them. */
export type Side = "agent" | "target";

/** RFC 6455 section 5.5.1; code null where it has none. */
export interface CloseFrame {
  code: number | null;
  reason: string;
}

import type { Decision } from "../policy/decision.ts";
import type { LineFacts } from "../shell/facts.ts";
import type { SshRequest } from "./request.ts";

/**
 * What a connector adds to the recording of an SSH session, beside the bytes of `record.ts`. `channel` counts the
 * channels of the session from 1, in the order in which they were opened.
 */
export type SshEvent =
  /** The agent's client has begun; `software` is its version string (RFC 4253 section 4.2). */
  | { event: "ssh_client"; software: string }
  | {
      event: "ssh_connected";
      host: string;
      port: number;
      user: string;
      /** `SHA256:…`, as ssh-keygen prints it. */
      hostKey: string;
      software: string;
    }
  /** `session`, `direct-tcpip`, `forwarded-tcpip`, … */
  | { event: "channel_opened"; channel: number; type: string }
  | { event: "terminal"; channel: number; term: string; columns: number; rows: number }
  | { event: "resized"; channel: number; columns: number; rows: number }
  /** `value` is null where the variable was not passed on. */
  | { event: "environment"; channel: number; name: string; value: string | null }
  /** The agent asks; what follows says what became of it. Channel 0: no channel's. */
  | { event: "requested"; channel: number; request: SshRequest }
  /** A request that did not reach the target. */
  | {
      event: "request_judged";
      channel: number;
      request: SshRequest;
      decision: Exclude<Decision, { verdict: "allow" }>;
      facts: LineFacts | null;
    }
  | { event: "subsystem"; channel: number; name: string }
  | { event: "signal"; channel: number; signal: string }
  /** One of them is null; both where the target closed the channel without a word. */
  | { event: "exited"; channel: number; status: number | null; signal: string | null }
  | { event: "channel_closed"; channel: number }
  /** An operation on files failed at the target, in its words. Those that succeed are told by `requested` alone. */
  | { event: "file_failed"; channel: number; path: string; reason: string }
  /** A file that was open is closed. `whole`: read, or written, once from its beginning to its end without gaps. */
  | {
      event: "file_closed";
      channel: number;
      path: string;
      read: Transferred | null;
      written: Transferred | null;
    }
  /** Nobody watches, so that the terminal stands still; or it goes on. */
  | { event: "frozen" | "thawed"; channel: number };

export interface Transferred {
  bytes: number;
  /** Of the bytes in the order in which they lie in the file, lower-case hex; null where they weren't moved in order. */
  sha256: string | null;
  whole: boolean;
}

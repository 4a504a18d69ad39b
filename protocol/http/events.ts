import type { ErrorCode } from "../errors.ts";
import type { Decision } from "../policy/decision.ts";
import type { ExchangeFacts } from "./facts.ts";
import type { HttpRequest } from "./request.ts";

/**
 * What a connector adds to the recording of an HTTP or Kubernetes session, beside the streams themselves
 * (`head.ts`), which are the exchanges as the agent sees them. `exchange` is the stream's number.
 */
export type HttpEvent =
  /** A request that did not reach the target, or a response that did not reach the agent (`unreadable`). */
  | {
      event: "exchange_judged";
      exchange: number;
      request: HttpRequest;
      decision: Exclude<Decision, { verdict: "allow" }>;
      facts: ExchangeFacts | null;
      /** The content type of the response that could not be looked into; null where the request itself was judged. */
      unreadable: string | null;
    }
  /** The request goes to the target now: what it was taken for. Before its first byte. */
  | {
      event: "exchange_sent";
      exchange: number;
      request: HttpRequest;
      /** Facts that policies saw beyond the request; null where they saw none. */
      facts: ExchangeFacts | null;
      /** Of Kubernetes targets: as whom. */
      impersonated: string | null;
    }
  /** Values of the response that were masked, by label, told at its end and each time that a long one has more. */
  | { event: "exchange_masked"; exchange: number; fields: Record<string, number> }
  /** The target could not be reached, or broke off. */
  | { event: "exchange_failed"; exchange: number; code: ErrorCode; message: string };

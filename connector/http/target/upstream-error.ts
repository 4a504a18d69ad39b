import { SallyportError } from "../../../protocol/errors.ts";
import { tlsError } from "../../target-tls.ts";

/** How far an exchange had come when its connection failed. */
export type Stage = "connecting" | "sent" | "answered";

const CONNECTING: Record<string, string> = {
  ENOTFOUND: "its name has no address",
  EAI_AGAIN: "its name could not be looked up",
  ECONNREFUSED: "nothing listens on its port",
  EHOSTUNREACH: "there is no way to its host",
  ENETUNREACH: "there is no way to its network",
  ETIMEDOUT: "it does not answer",
  ECONNRESET: "it closed the connection before it was ready",
};

/**
 * What a failed connection is to the agent. Node's own messages are not passed on: they name hosts and addresses, or hold
 * what the target has sent.
 */
export function upstreamError(target: string, error: unknown, stage: Stage): SallyportError {
  if (error instanceof SallyportError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_"))
    return badResponse(target, code === "HPE_HEADER_OVERFLOW" ? TOO_LONG : notHttp(error));
  if (stage === "connecting") {
    return (
      tlsError(target, code) ?? unreachable(target, CONNECTING[code] ?? (code || "the connection failed"))
    );
  }
  return new SallyportError(
    "target_closed",
    stage === "answered"
      ? `target ${target} broke off its response`
      : `target ${target} closed the connection before it answered`,
    stage === "answered"
      ? "Send the request again, if it may be done twice."
      : "It may have done what was asked. Send the request again, if it may be done twice.",
  );
}

export function unreachable(target: string, why: string): SallyportError {
  return new SallyportError(
    "target_unreachable",
    `target ${target} can't be reached from its connector: ${why}`,
    "Check that the service runs, and the address in the connector's configuration.",
  );
}

/** A response that isn't passed on. */
export function badResponse(target: string, why: string): SallyportError {
  return new SallyportError(
    "target_refused",
    `target ${target} answered with what can't be passed on: ${why}`,
    "Whoever runs the service can look at what it sends.",
  );
}

export const TOO_LONG = "the head of its response, or its trailers, are too long";

/** Of llhttp's errors the reason: a text of its own, which quotes nothing. */
function notHttp(error: unknown): string {
  const reason = error instanceof Error && "reason" in error ? String(error.reason) : "";
  return reason === "" ? "it is not HTTP/1.1" : `it is not HTTP/1.1 (${reason.slice(0, 200)})`;
}

import type { EndCode } from "../../protocol/close-reason.ts";
import type { ExchangeKind } from "../../protocol/control.ts";
import type { Problem } from "../../protocol/directory.ts";
import { ERRORS, type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import type { ResponseHead } from "../../protocol/http/head.ts";
import { statusObject } from "../../protocol/kubernetes/status.ts";

/**
 * Ends of a session that say nothing about the request: the same one sent again opens another session. Of Kubernetes'
 * clients, moreover, 410 would make those who watch take their resourceVersion for too old.
 */
const TRY_AGAIN: ReadonlySet<ErrorCode> = new Set(["session_ended", "agent_gone", "idle", "too_many"]);

/** What a local client is told in place of an answer: problem+json (RFC 9457), of Kubernetes targets a `Status`. */
export function refusalOf(
  kind: ExchangeKind,
  { code, message, hint }: SallyportError,
  status: number = statusOf(code),
): { head: ResponseHead; body: Buffer } {
  const problem: Problem = {
    type: `urn:sallyport:error:${code}`,
    title: code.replaceAll("_", " "),
    status,
    code,
    detail: message,
    ...(hint !== undefined && { hint }),
  };
  const words = hint === undefined ? message : `${message} (${hint})`;
  const causes = [{ reason: `sallyport/${code}`, message }];
  const json =
    kind === "kubernetes" ? statusObject(status, null, `Sallyport: ${words}`, { causes }) : problem;
  const body = Buffer.from(`${JSON.stringify(json)}\n`);
  const fields: [string, string][] = [
    ["content-type", kind === "kubernetes" ? "application/json" : "application/problem+json"],
    ["content-length", String(body.length)],
    ["cache-control", "no-store"],
  ];
  if (TRY_AGAIN.has(code)) fields.push(["retry-after", "1"]);
  return { head: { status, fields }, body };
}

/** The end of a stream as an error. */
export function endError(code: EndCode, reason: string): SallyportError {
  return new SallyportError(code === "closed" ? "session_ended" : code, reason);
}

function statusOf(code: ErrorCode): number {
  if (code === "too_many") return 429;
  return TRY_AGAIN.has(code) ? 503 : ERRORS[code].status;
}

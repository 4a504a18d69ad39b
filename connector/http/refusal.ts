import type { ExchangeKind } from "../../protocol/control.ts";
import { ERRORS, type ErrorCode, type SallyportError } from "../../protocol/errors.ts";
import { APPROVAL_FIELD, type ResponseHead } from "../../protocol/http/head.ts";
import { statusObject } from "../../protocol/kubernetes/status.ts";

/** Why an exchange ends without the target's answer, in words for whoever asked; no secret. */
export interface Refusal {
  code: ErrorCode;
  /** Of HTTP; by default as `ERRORS` has it. */
  status?: number;
  message: string;
  hint?: string;
  /** The approval that is waited for. */
  approval?: string;
  /** Seconds after which it is worth to ask again. */
  retryAfter?: number;
}

/** The error as a refusal. What is wrong with the connector's configuration is no fault of the request. */
export function refusalOf({ code, message, hint }: SallyportError): Refusal {
  return {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(code === "invalid_config" && { status: 502 }),
  };
}

/** The response that says so: problem+json (RFC 9457), or for Kubernetes a `Status`, which kubectl prints. */
export function refusalResponse(kind: ExchangeKind, refusal: Refusal): { head: ResponseHead; body: Buffer } {
  const { code, message, hint, approval, retryAfter } = refusal;
  const status = refusal.status ?? ERRORS[code].status;
  const words = hint === undefined ? message : `${message.replace(/\.$/, "")}. ${hint}`;
  const json =
    kind === "kubernetes"
      ? statusObject(status, null, `sallyport: ${words}`, {
          causes: [{ reason: `sallyport/${code}`, message }],
        })
      : {
          type: `urn:sallyport:error:${code}`,
          title: code.replaceAll("_", " "),
          status,
          detail: message,
          code,
          hint,
          approval,
        };
  const body = Buffer.from(`${JSON.stringify(json)}\n`);
  const type = kind === "kubernetes" ? "application/json" : "application/problem+json";
  const fields: [string, string][] = [
    ["content-type", type],
    ["content-length", String(body.length)],
    ["cache-control", "no-store"],
  ];
  if (retryAfter !== undefined) fields.push(["retry-after", String(retryAfter)]);
  if (approval !== undefined) fields.push([APPROVAL_FIELD, approval]);
  return { head: { status, fields }, body };
}

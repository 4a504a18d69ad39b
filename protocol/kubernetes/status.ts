import { ERRORS, type SallyportError } from "../errors.ts";
import type { RequestInfo } from "./request-info.ts";

/** `metav1.StatusReason` (k8s.io/apimachinery/pkg/apis/meta/v1), by the status code that it belongs to. */
const REASONS = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
} as const satisfies Record<number, string>;

export type StatusReason = (typeof REASONS)[keyof typeof REASONS];

export interface StatusDetails {
  name?: string;
  group?: string;
  /** The resource in API paths: `pods`, as the API server itself tells it. */
  kind?: string;
  causes?: readonly { reason: string; message: string }[];
  retryAfterSeconds?: number;
}

/** `metav1.Status`: what kubectl and client libraries understand as an answer that is none. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, never>;
  status: "Failure";
  message: string;
  reason: StatusReason;
  details?: StatusDetails;
  code: number;
}

/**
 * A `Status` of the HTTP status code that it is sent with. `reason` null is the one that belongs to the code; of codes
 * that Kubernetes has no reason for, `InternalError` from 500 on and `BadRequest` below.
 */
export function statusObject(
  code: number,
  reason: StatusReason | null,
  message: string,
  details?: StatusDetails,
): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: reason ?? reasonOf(code),
    ...(details !== undefined && { details }),
    code,
  };
}

/** What of an error is told; from a Durable Object it arrives without its class. */
type Told = Pick<SallyportError, "code" | "message" | "hint">;

/**
 * The `Status` that tells an error of Sallyport's own; its status code is that of the error. `info`, where it is known,
 * says of what object. The cause holds the error's code, by which a program tells it from an error of the API server.
 */
export function statusFor(error: Told, info: RequestInfo | null = null): Status {
  const { status } = ERRORS[error.code];
  const message =
    error.hint === undefined ? `Sallyport: ${error.message}` : `Sallyport: ${error.message} (${error.hint})`;
  return statusObject(status, null, message, {
    ...(info?.isResource && aboutObject(info)),
    causes: [{ reason: `sallyport/${error.code}`, message: error.message }],
    ...(RETRIED.has(status) && { retryAfterSeconds: 1 }),
  });
}

/** Client libraries try these again after `retryAfterSeconds`. */
const RETRIED: ReadonlySet<number> = new Set([429, 503]);

function aboutObject({ name, group, resource }: RequestInfo): StatusDetails {
  return { ...(name !== "" && { name }), ...(group !== "" && { group }), kind: resource };
}

function reasonOf(code: number): StatusReason {
  if (Object.hasOwn(REASONS, code)) return REASONS[code as keyof typeof REASONS];
  return code >= 500 ? "InternalError" : "BadRequest";
}

/** Resources that are reached into (`rest.Connecter` of k8s.io/kubernetes/pkg/registry/core), and their subresources. */
const CONNECTED: Readonly<Record<string, ReadonlySet<string>>> = {
  pods: new Set(["exec", "attach", "portforward", "proxy"]),
  services: new Set(["proxy"]),
  nodes: new Set(["proxy"]),
};

/**
 * Whether the request is a connection into a pod, service or node: admission's operation CONNECT, and the deprecated
 * verb `proxy`. Its body and its answer are no objects of the API.
 */
export function isConnect({ group, verb, resource, subresource }: RequestInfo): boolean {
  if (verb === "proxy") return true;
  return group === "" && Object.hasOwn(CONNECTED, resource) && CONNECTED[resource]!.has(subresource);
}

/** Whether the answer goes on as long as it likes: watches, logs that are followed, connections. */
export function isStreaming(info: RequestInfo): boolean {
  return info.isResource && (info.verb === "watch" || isLog(info) || isConnect(info));
}

/** Whether the answer is what a container has printed, as plain text. */
export function isLog({ group, resource, subresource }: RequestInfo): boolean {
  return group === "" && resource === "pods" && subresource === "log";
}

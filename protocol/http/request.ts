import type { RequestInfo } from "../kubernetes/request-info.ts";
import type { Fields } from "./head.ts";

/** What an agent asks of an HTTP or Kubernetes target, as it is judged, shown to approvers, and sent on. */
export interface HttpRequest {
  type: "http";
  method: string;
  /** Path and query exactly as they go to the target. */
  target: string;
  /** Of the body, or null. */
  contentType: string | null;
  /** Fields that go to the target and may say what is done, or to what (`tellingFields`). In order. */
  fields: Fields;
  /** The whole body; null where there is none, or where it was not read before the request was judged. */
  body: RequestBody | null;
  /** The body goes on as it comes, without having been read: its contents aren't judged, and nobody can approve it. */
  streamed: boolean;
  /** It asks for a WebSocket. */
  websocket: boolean;
  /** Of Kubernetes targets: what the API server takes it for. */
  kubernetes: RequestInfo | null;
}

export interface RequestBody {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
  /** The body as text, whole, where it is UTF-8 without control characters but tab and line ends; else null. */
  text: string | null;
}

/** Bytes of a request's body that are read before it is judged, where a policy or an approval needs them. */
export const MAX_JUDGED_BODY = 3 * 1024 * 1024;

export const HTTP_ACTIONS = [
  "http:get",
  "http:head",
  "http:options",
  "http:post",
  "http:put",
  "http:patch",
  "http:delete",
  /** Any other method. */
  "http:other",
  /** A response's body, or a WebSocket's messages, that can't be looked into reach the agent. */
  "http:unreadable",
] as const;

export type HttpAction = (typeof HTTP_ACTIONS)[number];

export const KUBERNETES_ACTIONS = [
  "kubernetes:get",
  "kubernetes:list",
  "kubernetes:watch",
  "kubernetes:create",
  "kubernetes:update",
  "kubernetes:patch",
  "kubernetes:delete",
  "kubernetes:deletecollection",
  /** Into a pod, node or service: exec, attach, port-forward, proxy; admission's operation CONNECT. */
  "kubernetes:connect",
  /** What is no resource: `/version`, `/healthz`, discovery. */
  "kubernetes:nonresource",
] as const;

export type KubernetesAction = (typeof KUBERNETES_ACTIONS)[number];

export type ExchangeAction = HttpAction | KubernetesAction;

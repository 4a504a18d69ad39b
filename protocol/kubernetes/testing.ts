import type { KubernetesFacts } from "../http/facts.ts";
import { kubernetesFacts } from "./facts-of.ts";
import { requestInfo } from "./reading-request-info.ts";

export const JSON_TYPE = "application/json";
export const MERGE = "application/merge-patch+json";
export const STRATEGIC = "application/strategic-merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const APPLY = "application/apply-patch+yaml";

export const PODS = "/api/v1/namespaces/shop/pods";
export const DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web";

/** What is known of a request whose body is text, bytes, or JSON of a value. */
export function facts(
  method: string,
  target: string,
  contentType: string | null,
  body: unknown,
  contentEncoding: string | null = null,
): KubernetesFacts {
  const bytes = body === null || body instanceof Uint8Array ? body : Buffer.from(textOf(body));
  const kubernetes = requestInfo(method, target);
  return kubernetesFacts(
    {
      type: "http",
      method,
      target,
      contentType,
      body: null,
      streamed: false,
      fields: [],
      websocket: false,
      kubernetes,
    },
    contentEncoding,
    bytes,
  );
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

export const create = (body: unknown, target = PODS) => facts("POST", target, JSON_TYPE, body);
export const merge = (body: unknown, target = DEPLOYMENT) => facts("PATCH", target, MERGE, body);
export const operations = (...body: object[]) => facts("PATCH", DEPLOYMENT, JSON_PATCH, body);

import { isObject } from "../json-shape.ts";
import type { BodyForm, ExchangeFacts } from "./facts.ts";

const FORMS: ReadonlySet<unknown> = new Set<BodyForm>(["none", "json", "form", "text", "unread"]);
const LISTS = ["kinds", "images", "rights", "serviceAccounts", "labels", "fields", "command"] as const;

/**
 * Whether what came as JSON, from a recording or a peer, is facts of a request to an HTTP or Kubernetes target. Total:
 * any value is answered. How much there may be is bounded by the message or frame that it came in.
 */
export function isExchangeFacts(value: unknown): value is ExchangeFacts {
  if (!isObject(value) || !FORMS.has(value.bodyForm) || !areTexts(value.opaque)) return false;
  switch (value.type) {
    case "http":
      return typeof value.path === "string" && arePairs(value.query) && arePairs(value.fields);
    case "kubernetes":
      return (
        LISTS.every((name) => areTexts(value[name])) &&
        (value.replicas === null || Number.isSafeInteger(value.replicas)) &&
        typeof value.rbac === "boolean" &&
        typeof value.dryRun === "boolean"
      );
    default:
      return false;
  }
}

function arePairs(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => areTexts(one) && one.length === 2);
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

import { HTTP_ACTIONS, type HttpAction, KUBERNETES_ACTIONS, type KubernetesAction } from "../http/request.ts";
import { STATEMENT_ACTIONS, type StatementAction } from "../sql/facts.ts";
import type { SshAction } from "../ssh/request.ts";

/** The group of actions, beside `postgres:statement`, that some statements' actions are in. */
const CLASS: Partial<Record<StatementAction, string>> = {
  "postgres:select": "postgres:read",
  "postgres:explain": "postgres:read",
  "postgres:show": "postgres:read",
  "postgres:insert": "postgres:write",
  "postgres:update": "postgres:write",
  "postgres:delete": "postgres:write",
  "postgres:create": "postgres:define",
  "postgres:alter": "postgres:define",
  "postgres:drop": "postgres:define",
  "postgres:truncate": "postgres:define",
};

/** The groups of actions that the requests to SSH targets are in. */
const SSH: Record<SshAction, string[]> = {
  "ssh:exec": ["ssh:request"],
  "ssh:shell": ["ssh:request"],
  "ssh:sftp:read": ["ssh:sftp", "ssh:request"],
  "ssh:sftp:write": ["ssh:sftp", "ssh:request"],
  "ssh:forward": ["ssh:request"],
};

const HTTP_READS: ReadonlySet<HttpAction> = new Set(["http:get", "http:head", "http:options"]);
const KUBERNETES_READS: ReadonlySet<KubernetesAction> = new Set([
  "kubernetes:get",
  "kubernetes:list",
  "kubernetes:watch",
]);
/** Neither reads objects nor changes them. */
const KUBERNETES_OTHERS: ReadonlySet<KubernetesAction> = new Set([
  "kubernetes:connect",
  "kubernetes:nonresource",
]);

/** Actions that are allowed or not, and for which nobody is asked: their context has no `approved`. */
export const NEVER_HELD: ReadonlySet<string> = new Set(["approve", "unmask", "watch"]);

/**
 * Every action that a request may name, with all groups of actions that it is in, as the schema has them. Policies
 * that can't apply to an action are left out of its evaluation by this table.
 */
export const ACTIONS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["connect", []],
  ["approve", []],
  ["unmask", []],
  ["watch", []],
  ...STATEMENT_ACTIONS.map((action): [string, string[]] => {
    const group = CLASS[action];
    return [action, group === undefined ? ["postgres:statement"] : [group, "postgres:statement"]];
  }),
  ...Object.entries(SSH),
  ...HTTP_ACTIONS.map((action): [string, string[]] => [action, httpGroups(action)]),
  ...KUBERNETES_ACTIONS.map((action): [string, string[]] => [action, kubernetesGroups(action)]),
]);

/** What can't be looked into is permitted by nobody who permits requests. */
function httpGroups(action: HttpAction): string[] {
  if (action === "http:unreadable") return [];
  return [HTTP_READS.has(action) ? "http:read" : "http:write", "http:request"];
}

function kubernetesGroups(action: KubernetesAction): string[] {
  if (KUBERNETES_OTHERS.has(action)) return ["kubernetes:request"];
  return [KUBERNETES_READS.has(action) ? "kubernetes:read" : "kubernetes:write", "kubernetes:request"];
}

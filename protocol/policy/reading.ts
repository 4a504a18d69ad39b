import type { PlanEstimate, PolicyStamp } from "../control.ts";
import { EFFECTS, STATEMENT_ACTIONS, type StatementFacts } from "../sql/facts.ts";
import type { Decision } from "./decision.ts";

/**
 * Whether what came as JSON, from a recording or a peer, is what the types say. Each is total: any value is
 * answered. How much there may be is bounded by the message or frame that it came in.
 */

const LISTS = ["opaque", "reads", "writes", "readColumns", "writeColumns", "functions", "settings"];
const WHERES: readonly unknown[] = [
  "none",
  "missing",
  "constant",
  "condition",
  "key",
] satisfies StatementFacts["where"][];
const ACTIONS: ReadonlySet<string> = new Set(STATEMENT_ACTIONS);
const KNOWN_EFFECTS: ReadonlySet<string> = new Set(EFFECTS);
const SCOPES: readonly unknown[] = ["once", "fingerprint", "session"];

export function isPolicyStamp(value: unknown): value is PolicyStamp {
  if (!isObject(value)) return false;
  const { version, revision } = value;
  return typeof version === "string" && /^[0-9a-f]{64}$/.test(version) && isCount(revision);
}

export function isStatementFacts(value: unknown): value is StatementFacts {
  if (!isObject(value)) return false;
  const { tag, actions, effects, where, limit, fingerprint } = value;
  return (
    typeof tag === "string" &&
    isTexts(actions) &&
    actions.length > 0 &&
    actions.every((action) => ACTIONS.has(action)) &&
    LISTS.every((name) => isTexts(value[name])) &&
    isTexts(effects) &&
    effects.every((effect) => KNOWN_EFFECTS.has(effect)) &&
    WHERES.includes(where) &&
    (limit === null || Number.isFinite(limit)) &&
    typeof fingerprint === "string"
  );
}

export function isPlan(value: unknown): value is PlanEstimate | null {
  return value === null || (isObject(value) && isEstimate(value.rows) && isEstimate(value.cost));
}

export function isDecision(value: unknown): value is Decision {
  if (!isObject(value) || !isTexts(value.policies)) return false;
  switch (value.verdict) {
    case "allow":
      return isBound(value.rows) && isBound(value.bytes) && isFlag(value.watched);
    case "approve":
      return (
        isBound(value.rows) &&
        isBound(value.bytes) &&
        isFlag(value.watched) &&
        typeof value.reason === "string" &&
        Array.isArray(value.approvals) &&
        value.approvals.every(
          (one: unknown) => isObject(one) && isTexts(one.approvers) && isCount(one.quorum),
        ) &&
        isCount(value.expiresMs) &&
        isCount(value.lastsMs) &&
        SCOPES.includes(value.scope)
      );
    case "block":
      return typeof value.reason === "string";
    default:
      return false;
  }
}

/** The planner may guess more than an integer holds. */
function isEstimate(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isBound(value: unknown): boolean {
  return value === null || isCount(value);
}

function isFlag(value: unknown): boolean {
  return value === undefined || value === true;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

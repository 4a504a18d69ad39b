import type { PolicyJson } from "@cedar-policy/cedar-wasm";

/** A node of Cedar's JSON form of an expression: one operator with its arguments. */
export type Node = Readonly<Record<string, unknown>>;

/** What a policy's conditions look at, by name; over-approximated where an expression hides it. */
export interface Mentions {
  /** Attributes of context, entities and records alike. */
  attributes: Set<string>;
  /** The context, or a record of it, is used as a whole: any attribute may matter. */
  whole: boolean;
  /** Names of Group entities. */
  groups: Set<string>;
  /** Names of actions and groups of actions in conditions. */
  actionGroups: Set<string>;
  /** Of counts in the context, such as `session.rows`: the constants that they are compared with. */
  thresholds: Map<string, Set<number>>;
  /** A count is used otherwise than in a comparison with a constant. */
  unbounded: boolean;
}

/** Attributes of the context that are records of counts, and `limit`, a count itself. */
export const COUNTED: ReadonlySet<string> = new Set(["plan", "session", "principalUsage"]);
const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** What a policy looks at, its scope's groups included. */
export function mentionsOf(policy: PolicyJson): Mentions {
  const mentions: Mentions = {
    attributes: new Set(),
    whole: false,
    groups: new Set(),
    actionGroups: new Set(),
    thresholds: new Map(),
    unbounded: false,
  };
  for (const scope of [policy.principal, policy.resource]) noteEntities(scope, mentions);
  for (const { body } of policy.conditions) visit(body, mentions);
  return mentions;
}

/** Calls `see` for each node of each condition. */
export function eachNode(policy: PolicyJson, see: (node: Node) => void): void {
  const walk = (node: Node) => {
    see(node);
    childrenOf(node)?.forEach(walk);
  };
  for (const { body } of policy.conditions) walk(body);
}

/** Levels of an expression. */
export function depthOf(node: Node): number {
  return 1 + Math.max(0, ...(childrenOf(node) ?? []).map(depthOf));
}

/** Of `variable.a.b`: its attributes; null for anything else. */
export function pathOf(node: Node, variable: string): string[] | null {
  if (node.Var === variable) return [];
  const access = node["."];
  if (!isNode(access) || !isNode(access.left)) return null;
  const path = pathOf(access.left, variable);
  return path === null ? null : [...path, String(access.attr)];
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The arguments of a node that are expressions; null for an operator that isn't known. */
export function childrenOf(node: Node): Node[] | null {
  const [[operator, argument] = []] = Object.entries(node);
  switch (operator) {
    case "Value":
    case "Var":
    case "Slot":
      return [];
    case "Set":
      return (argument as unknown[]).filter(isNode);
    case "Record":
      return Object.values(argument as Node).filter(isNode);
  }
  if (Array.isArray(argument)) return argument.filter(isNode);
  if (!isNode(argument)) return null;
  return ARGUMENTS.map((name) => argument[name]).filter(isNode);
}

const ARGUMENTS = ["left", "right", "arg", "if", "then", "else", "in"];

function visit(node: Node, mentions: Mentions): void {
  const [[operator = "", argument] = []] = Object.entries(node);
  if (COMPARISONS.has(operator) && noteThreshold(argument as Node, mentions)) return;
  if (operator === "Var") {
    if (argument === "context") mentions.whole = true;
  } else if (operator === "Value") {
    noteEntities(argument, mentions);
  } else if (operator === "." || operator === "has") {
    noteAccess(operator, argument as Node, mentions);
  } else {
    const children = childrenOf(node);
    if (children === null) mentions.whole = true;
    else for (const child of children) visit(child, mentions);
  }
}

/** `left.attr`, `left has attr` or `left has a.b`. */
function noteAccess(operator: "." | "has", argument: Node, mentions: Mentions): void {
  const names = [argument.attr].flat().map(String);
  for (const name of names) mentions.attributes.add(name);
  const left = argument.left as Node;
  const path = pathOf(left, "context");
  if (path === null) {
    if (left.Var !== "principal" && left.Var !== "resource") visit(left, mentions);
    return;
  }
  for (const name of path) mentions.attributes.add(name);
  if (operator === "has") return;
  if (COUNTED.has(path[0] ?? "")) mentions.unbounded = true;
  if (path.length === 0 && COUNTED.has(names[0]!)) mentions.whole = true;
}

/** Whether it is a comparison of a count with a constant, which it then keeps. */
function noteThreshold({ left, right }: Node, mentions: Mentions): boolean {
  for (const [one, other] of [
    [left, right],
    [right, left],
  ]) {
    if (!isNode(one) || !isNode(other) || typeof other.Value !== "number") continue;
    const path = pathOf(one, "context");
    if (path?.length !== 2 || !COUNTED.has(path[0]!)) continue;
    for (const name of path) mentions.attributes.add(name);
    const key = path.join(".");
    const constants = mentions.thresholds.get(key) ?? new Set();
    mentions.thresholds.set(key, constants.add(other.Value));
    return true;
  }
  return false;
}

/** Notes the groups and actions among the entities that stand in a scope or in a literal. */
function noteEntities(value: unknown, mentions: Mentions): void {
  if (Array.isArray(value)) {
    for (const item of value) noteEntities(item, mentions);
  } else if (isNode(value)) {
    if (value.type === "Group" && typeof value.id === "string") mentions.groups.add(value.id);
    if (value.type === "Action" && typeof value.id === "string") mentions.actionGroups.add(value.id);
    for (const member of Object.values(value)) noteEntities(member, mentions);
  }
}

import type { PolicyJson } from "@cedar-policy/cedar-wasm";
import { EFFECTS, FINGERPRINT } from "../sql/facts.ts";
import { nameParts } from "../sql/resolve/qualified-name.ts";
import { ACTIONS } from "./actions.ts";
import { eachNode, isNode, type Node, pathOf } from "./expression.ts";
import { nearest } from "./nearest.ts";

/** A literal that its attribute can never equal or contain. */
export interface ImpossibleLiteral {
  value: string;
  message: string;
  hint: string;
}

/**
 * What the strings of an attribute can be. Cedar's schema knows them as strings only: a forbid with a misspelt
 * effect would validate, and never fire.
 */
const CONTEXT: Record<string, (value: string) => string | null> = {
  where: oneOf(["none", "missing", "constant", "condition", "key"]),
  effects: oneOf(EFFECTS),
  mode: oneOf(["framed", "raw"]),
  action: oneOf([...ACTIONS.keys()]),
  tag: (value) =>
    value === value.toUpperCase() ? null : `Command tags are in upper case: "${value.toUpperCase()}".`,
  settings: (value) =>
    value === value.toLowerCase() ? null : `Settings are in lower case: "${value.toLowerCase()}".`,
  label: (value) =>
    value === value.toLowerCase() ? null : `Labels are in lower case: "${value.toLowerCase()}".`,
  reads: dotted(2, "public.customers"),
  writes: dotted(2, "public.customers"),
  functions: dotted(2, "pg_catalog.now"),
  readColumns: dotted(3, "public.customers.email"),
  writeColumns: dotted(3, "public.customers.email"),
  fingerprint: (value) => (FINGERPRINT.test(value) ? null : "It has 32 characters of 0-9 and a-f."),
};
const RESOURCE: Record<string, (value: string) => string | null> = { kind: oneOf(["postgres"]) };

/** Literals of a policy's comparisons that can't be what they are compared with. */
export function impossibleLiterals(policy: PolicyJson): ImpossibleLiteral[] {
  const found: ImpossibleLiteral[] = [];
  eachNode(policy, (node) => {
    const [[operator = "", argument] = []] = Object.entries(node);
    if (!OPERATORS.has(operator) || !isNode(argument)) return;
    const { left, right } = argument;
    if (!isNode(left) || !isNode(right)) return;
    for (const [attribute, literal] of [
      [left, right],
      [right, left],
    ] as const) {
      const rule = ruleOf(attribute);
      if (rule === undefined) continue;
      for (const value of strings(literal)) {
        const hint = rule.judge(value);
        if (hint !== null) {
          found.push({ value, message: `${rule.name} is never "${value}"`, hint });
        }
      }
    }
  });
  return found;
}

const OPERATORS = new Set(["==", "!=", "contains", "containsAny", "containsAll"]);

function ruleOf(node: Node): { name: string; judge: (value: string) => string | null } | undefined {
  for (const [variable, rules] of [
    ["context", CONTEXT],
    ["resource", RESOURCE],
  ] as const) {
    const [attribute, ...more] = pathOf(node, variable) ?? [];
    if (attribute === undefined || more.length > 0 || !Object.hasOwn(rules, attribute)) continue;
    return { name: `${variable}.${attribute}`, judge: rules[attribute]! };
  }
  return undefined;
}

function strings(node: Node): string[] {
  if (typeof node.Value === "string") return [node.Value];
  return Array.isArray(node.Set) ? node.Set.filter(isNode).flatMap(strings) : [];
}

function oneOf(values: readonly string[]): (value: string) => string | null {
  const all = values.map((value) => `"${value}"`).join(", ");
  return (value) => {
    if (values.includes(value)) return null;
    const close = nearest(value, values);
    return close === undefined ? `It is one of ${all}.` : `Did you mean "${close}"?`;
  };
}

function dotted(parts: number, example: string): (value: string) => string | null {
  return (value) =>
    nameParts(value).length === parts && !nameParts(value).includes("")
      ? null
      : `Write the name with its schema, as the catalog has it: "${example}".`;
}

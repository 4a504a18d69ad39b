import type { PolicyJson } from "@cedar-policy/cedar-wasm";
import { TARGET_KINDS } from "../control.ts";
import { SHELL_EFFECTS } from "../shell/facts.ts";
import { EFFECTS, FINGERPRINT } from "../sql/facts.ts";
import { FILE_OPERATIONS, type FileOperation } from "../ssh/request.ts";
import { ACTIONS } from "./actions.ts";
import { eachNode, isNode, type Node, pathOf } from "./expression.ts";
import { type FileRole, fileActions } from "./file-roles.ts";
import {
  anything,
  dotted,
  file,
  lowerCase,
  oneOf,
  type Rule,
  type Rules,
  type RulesOfActions,
  withoutFolder,
  words,
} from "./literal-rules.ts";
import { EXCHANGE_LITERALS } from "./literals-exchanges.ts";

/** A literal that its attribute can never equal or contain. */
export interface ImpossibleLiteral {
  value: string;
  message: string;
  hint: string;
}

const STATEMENT: Rules = {
  where: oneOf(["none", "missing", "constant", "condition", "key"]),
  effects: oneOf(EFFECTS),
  opaque: anything,
  tag: (value) =>
    value === value.toUpperCase() ? null : `Command tags are in upper case: "${value.toUpperCase()}".`,
  settings: lowerCase("Settings"),
  reads: dotted(2, "public.customers"),
  writes: dotted(2, "public.customers"),
  functions: dotted(2, "pg_catalog.now"),
  readColumns: dotted(3, "public.customers.email"),
  writeColumns: dotted(3, "public.customers.email"),
  fingerprint: (value) => (FINGERPRINT.test(value) ? null : "It has 32 characters of 0-9 and a-f."),
};

const COMMAND: Rules = {
  program: withoutFolder,
  path: anything,
  arguments: words,
  operands: (value) => (value.startsWith("-") ? 'Words that begin with "-" are in context.options.' : null),
  options: (value) =>
    value.startsWith("-") || value === "*"
      ? null
      : 'Words that don\'t begin with "-" are in context.operands.',
  via: withoutFolder,
  host: anything,
  reads: file,
  writes: file,
  readDirectories: file,
  writeDirectories: file,
  assignments: (value) =>
    /^[A-Za-z_]\w*$/.test(value) ? null : 'They are names of variables alone: "LD_PRELOAD".',
  stdin: oneOf(["agent", "pipe", "file", "text"]),
  effects: oneOf(SHELL_EFFECTS),
  opaque: anything,
};

const FILE: Rules = {
  path: file,
  directories: file,
  other: file,
  otherDirectories: file,
  name: withoutFolder,
  protocol: oneOf(["sftp", "scp"]),
};

const FORWARD: Rules = {
  direction: oneOf(["local", "remote", "agent", "x11"]),
  host: (value) => (value.startsWith("/") ? null : lowerCase("Hosts")(value)),
};

/**
 * What the strings of an attribute can be, by the actions whose context has it. Cedar's schema knows them as strings
 * only: a forbid with a misspelt effect would validate, and never fire.
 */
const CONTEXT: RulesOfActions[] = [
  [(action) => action === "connect", { mode: oneOf(["framed", "raw", "http"]) }],
  [(action) => action === "approve", { action: oneOf([...ACTIONS.keys()]) }],
  [(action) => action === "unmask", { label: lowerCase("Labels") }],
  [(action) => action === "watch", { kind: oneOf(TARGET_KINDS) }],
  [(action) => action.startsWith("postgres:"), STATEMENT],
  [(action) => action === "ssh:exec", COMMAND],
  [(action) => action === "ssh:sftp:read", { ...FILE, operation: oneOf(operationsOf("ssh:sftp:read")) }],
  [(action) => action === "ssh:sftp:write", { ...FILE, operation: oneOf(operationsOf("ssh:sftp:write")) }],
  [(action) => action === "ssh:forward", FORWARD],
  ...EXCHANGE_LITERALS,
];

const RESOURCE: Rules = { kind: oneOf(TARGET_KINDS) };

/**
 * Literals of a policy's comparisons that can't be what they are compared with, for none of the actions that its scope
 * lets it apply to.
 */
export function impossibleLiterals(
  policy: PolicyJson,
  appliesTo: (action: string) => boolean,
): ImpossibleLiteral[] {
  const actions = [...ACTIONS.keys()].filter(appliesTo);
  const contexts = CONTEXT.filter(([applies]) => actions.some(applies)).map(([, rules]) => rules);
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
      const { name, rules } = rulesOf(attribute, contexts);
      for (const value of strings(literal)) {
        const hints = rules.map((rule) => rule(value));
        const [hint] = hints;
        if (hint && !hints.includes(null))
          found.push({ value, message: `${name} is never "${value}"`, hint });
      }
    }
  });
  return found;
}

const OPERATORS = new Set(["==", "!=", "contains", "containsAny", "containsAll"]);

/** What holds of an attribute of the context or the resource, in each of these contexts that has it. */
function rulesOf(node: Node, contexts: Rules[]): { name: string; rules: Rule[] } {
  for (const [variable, all] of [
    ["context", contexts],
    ["resource", [RESOURCE]],
  ] as const) {
    const [attribute, ...more] = pathOf(node, variable) ?? [];
    if (attribute === undefined || more.length > 0) continue;
    const rules = all.filter((one) => Object.hasOwn(one, attribute)).map((one) => one[attribute]!);
    return { name: `${variable}.${attribute}`, rules };
  }
  return { name: "", rules: [] };
}

function strings(node: Node): string[] {
  if (typeof node.Value === "string") return [node.Value];
  return Array.isArray(node.Set) ? node.Set.filter(isNode).flatMap(strings) : [];
}

function operationsOf(action: FileRole["action"]): string[] {
  const operations = Object.keys(FILE_OPERATIONS) as FileOperation[];
  return operations.filter((operation) => fileActions(operation).includes(action));
}

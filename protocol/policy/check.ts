import type { ValidationError } from "@cedar-policy/cedar-wasm";
import { SallyportError } from "../errors.ts";
import { ACTIONS } from "./actions.ts";
import type { Cedar } from "./cedar.ts";
import { type Policy, plain, readPolicies, UNMASK_ALONE } from "./policy.ts";
import { indexOfByte, Places, type PolicyProblem } from "./policy-text.ts";
import { POLICY_SCHEMA } from "./schema.ts";

/** At most this many problems are told of one text. */
const MAX_PROBLEMS = 100;

/** Every mistake of a policy text, in the order of the text; none when it may be put in force. Never throws. */
export function checkPolicies(cedar: Cedar, text: string): PolicyProblem[] {
  return readValidPolicies(cedar, text).problems;
}

/** The policies of a text with its problems; the policies are of no use while there are problems. */
export function readValidPolicies(
  cedar: Cedar,
  text: string,
): { policies: Policy[]; problems: PolicyProblem[] } {
  try {
    const { policies, problems } = readPolicies(cedar, text);
    // A policy that can't be read isn't validated, and neither are those that share an id; the others still are.
    problems.push(...validate(cedar, text, policies));
    if (problems.length === 0) problems.push(...missedPolicies(cedar, text, policies.length));
    if (problems.length === 0 && policies.length === 0) {
      problems.push({
        line: 1,
        column: 1,
        message: "there is no policy: nothing would be permitted",
        hint: "Begin with the starter policies: sallyport policy init.",
      });
    }
    return { policies, problems: inOrder(problems) };
  } catch (error) {
    const message = `the policy engine failed on this text: ${String(error).slice(0, 200)}`;
    return { policies: [], problems: [{ line: 1, column: 1, message, hint: "Make its policies simpler." }] };
  }
}

/** The error of `apply`, of a connector, of a command: all problems, each on a line. */
export function policyError(problems: readonly PolicyProblem[], file = "policies"): SallyportError {
  const lines = problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  const hints = new Set(problems.map(({ hint }) => hint).filter((hint) => hint !== null));
  return new SallyportError("invalid_config", lines.join("\n"), [...hints].slice(0, 5).join("\n"));
}

/** Cedar must see as many policies as were read here: one taken for a comment would be lost without a word. */
function missedPolicies(cedar: Cedar, text: string, read: number): PolicyProblem[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "success" && parts.policies.length === read) return [];
  const message = "the text as a whole does not read as its policies one by one";
  return [
    { line: 1, column: 1, message, hint: "Look for unusual characters in comments and between policies." },
  ];
}

function validate(cedar: Cedar, text: string, policies: Policy[]): PolicyProblem[] {
  if (policies.length === 0) return [];
  // Their own ids may hold anything; Cedar's words shall hold none of them.
  const byId = new Map(policies.map((policy, index) => [`p${index}`, policy]));
  const answer = cedar.validate({
    schema: POLICY_SCHEMA,
    policies: { staticPolicies: Object.fromEntries([...byId].map(([id, { source }]) => [id, source.text])) },
    validationSettings: { mode: "strict" },
  });
  const places = new Places(text);
  if (answer.type === "failure") {
    return answer.errors.map(({ message, help }) => ({
      line: 1,
      column: 1,
      message: plain(message),
      hint: help,
    }));
  }
  const problems = (found: ValidationError[]): PolicyProblem[] =>
    found.flatMap(({ policyId, error }) => {
      const policy = byId.get(policyId);
      if (policy === undefined) return [];
      const { source } = policy;
      const byte = error.sourceLocations?.[0]?.start ?? 0;
      const place = places.of(source.start + indexOfByte(source.text, byte));
      const message = plain(error.message);
      return [
        { ...place, message, hint: hintOf(message, error.help === null ? null : plain(error.help), policy) },
      ];
    });
  const wrong = new Set(answer.validationErrors.map(({ policyId }) => policyId));
  // Of a policy with an error Cedar adds that it can't apply to anything: true, and no help.
  const warnings = answer.validationWarnings.filter(({ policyId }) => !wrong.has(policyId));
  return [...problems(answer.validationErrors), ...problems(warnings)];
}

const NO_ATTRIBUTE = /^attribute `(\w+)` in context for Action::"([\w:-]+)" not found/;

/** Cedar's help, or ours where its help misleads or is absent. */
function hintOf(message: string, help: string | null, policy: Policy): string | null {
  const [, attribute, action] = NO_ATTRIBUTE.exec(message) ?? [];
  if (action === "unmask" && attribute === "approved") return UNMASK_ALONE;
  const scopes = attribute === undefined ? [] : scopesWith(attribute, policy);
  if (scopes.length > 0) {
    return `The policy applies to "${action}" as well, which has no context.${attribute}. Name the actions: ${scopes.join(", or ")}.`;
  }
  if (help !== null) return `${help.charAt(0).toUpperCase()}${help.slice(1)}`;
  if (/not found$/.test(message))
    return "docs/policies.md lists every attribute; sallyport policy schema prints them.";
  if (/unrecognized action/.test(message)) return "sallyport policy schema prints every action.";
  if (/unable to find an applicable action/.test(message)) {
    return "The scope names principals, an action and resources that never come together.";
  }
  if (/policy is impossible/.test(message)) {
    return "No request can make its conditions true: one contradicts another, or an attribute's type.";
  }
  if (/mixed scripts|confusable|restricted|bidi/.test(message))
    return "Write it in the letters of one script.";
  if (/empty set literals/.test(message)) return "Use .isEmpty() to ask whether a set is empty.";
  return null;
}

/** Scopes of policies that may look at this attribute of the context, of the kinds of targets that this one is about. */
function scopesWith(attribute: string, { appliesTo }: Policy): string[] {
  const applied = [...ACTIONS.keys()].filter(appliesTo);
  return CONTEXTS.filter(({ kind }) => applied.some((action) => action.startsWith(kind))).flatMap((one) =>
    scopesOf(one, attribute),
  );
}

function scopesOf({ all, each }: (typeof CONTEXTS)[number], attribute: string): string[] {
  const having = each.filter(({ attributes }) => attributes.includes(attribute));
  return having.length === each.length ? [all] : having.map(({ scope }) => scope);
}

/** Of each kind of target, by how its actions begin: the scope of everything that is asked of it, and those that share a context. */
const CONTEXTS: { kind: string; all: string; each: { scope: string; attributes: string[] }[] }[] = [
  {
    kind: "postgres:",
    all: 'action in Action::"postgres:statement"',
    each: [{ scope: 'action in Action::"postgres:statement"', attributes: attributesOf("Statement") }],
  },
  {
    kind: "ssh:",
    all: 'action in Action::"ssh:request"',
    each: [
      { scope: 'action == Action::"ssh:exec"', attributes: attributesOf("Command") },
      { scope: 'action == Action::"ssh:shell"', attributes: attributesOf("Shell") },
      { scope: 'action in Action::"ssh:sftp"', attributes: attributesOf("File") },
      { scope: 'action == Action::"ssh:forward"', attributes: attributesOf("Forward") },
    ],
  },
  {
    kind: "http:",
    all: 'action in [Action::"http:request", Action::"http:unreadable"]',
    each: [
      { scope: 'action in Action::"http:request"', attributes: attributesOf("Exchange") },
      { scope: 'action == Action::"http:unreadable"', attributes: attributesOf("Unreadable") },
    ],
  },
  {
    kind: "kubernetes:",
    all: 'action in Action::"kubernetes:request"',
    each: [{ scope: 'action in Action::"kubernetes:request"', attributes: attributesOf("ApiRequest") }],
  },
];

function attributesOf(type: string): string[] {
  const [, body = ""] = new RegExp(`type ${type} = \\{(.*?)\\n\\};`, "s").exec(POLICY_SCHEMA) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name!);
}

/** By place; of several at one place the first: one mistake is told once, not for every action. */
function inOrder(problems: PolicyProblem[]): PolicyProblem[] {
  const seen = new Set<string>();
  return problems
    .filter(({ line, column }) => {
      const place = `${line}:${column}`;
      return !seen.has(place) && seen.add(place);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, MAX_PROBLEMS);
}

import type { PolicyJson } from "@cedar-policy/cedar-wasm";
import { ACTIONS } from "./actions.ts";
import { type Annotations, readAnnotations } from "./annotations.ts";
import type { Cedar } from "./cedar.ts";
import { depthOf, eachNode, type Mentions, mentionsOf } from "./expression.ts";
import { impossibleLiterals } from "./literals.ts";
import { indexOfByte, Places, type PolicyProblem, type PolicySource, splitPolicies } from "./policy-text.ts";

/** One policy of a set. */
export interface Policy {
  /** `@id`, else `policyN@line`. */
  id: string;
  source: PolicySource;
  effect: "permit" | "forbid";
  annotations: Annotations;
  mentions: Mentions;
  /** Whether its scope lets it apply to this action. */
  appliesTo(action: string): boolean;
  /**
   * The policy for actions that it applies to. Its scope names none, so that Cedar need not be told their groups; or
   * it is the text, where the JSON would be deeper than Cedar reads.
   */
  applied: PolicyJson | string;
}

/** Reads the policies of a text one by one; validation against the schema is another step (check.ts). */
export function readPolicies(cedar: Cedar, text: string): { policies: Policy[]; problems: PolicyProblem[] } {
  const { sources, problems } = splitPolicies(text);
  const places = new Places(text);
  const policies: Policy[] = [];
  const ids = new Map<string, PolicySource>();
  sources.forEach((source, index) => {
    const answer = cedar.policyToJson(source.text);
    if (answer.type === "failure") {
      for (const { message, help, sourceLocations } of answer.errors) {
        const [label] = sourceLocations ?? [];
        const at = indexOfByte(source.text, label?.start ?? 0);
        const second = /\b(permit|forbid)\b[\s\S]*\b(permit|forbid)\s*$/.test(source.text.slice(0, at));
        const hint = second
          ? "A semicolon is missing before this policy."
          : (help ?? label?.label ?? SYNTAX_HINT);
        problems.push({ ...places.of(source.start + at), message: plain(message), hint });
      }
      return;
    }
    const { policy, problems: own } = readPolicy(answer.json, source, index);
    for (const { at, ...problem } of own) problems.push({ ...places.of(source.start + at), ...problem });
    const other = ids.get(policy.id);
    if (other === undefined) {
      ids.set(policy.id, source);
      policies.push(policy);
    } else {
      const at = source.start + Math.max(0, source.text.indexOf("@id"));
      problems.push({
        ...places.of(at),
        message: `@id("${policy.id}") stands on another policy, too, at line ${other.line}`,
        hint: "Give each policy a name of its own.",
      });
    }
  });
  return { policies, problems };
}

/** Cedar reads JSON of 128 levels; each level of an expression takes two, and the policy around it some. */
const MAX_JSON_DEPTH = 40;

/** Annotations of what is held, or returns rows. */
const NOT_OF_UNMASK = ["approvers", "quorum", "expires", "scope", "lasts", "rows", "bytes"];
export const UNMASK_ALONE =
  "What is masked is fixed when a session begins: nobody can be asked then. Name other actions, or permit unmask in a policy of its own, without an approval.";

/** What goes on long enough that somebody can watch it. */
const WATCHABLE: ReadonlySet<string> = new Set(["ssh:shell", "ssh:exec"]);
const WATCHED_ALONE =
  'Name the actions: action in [Action::"ssh:shell", Action::"ssh:exec"], or one of them. Permit the others in a policy of its own.';

interface OwnProblem {
  /** Index into the policy's text. */
  at: number;
  message: string;
  hint: string;
}

const SYNTAX_HINT = "A policy reads: permit(principal, action, resource) when { … };";

function readPolicy(json: PolicyJson, source: PolicySource, index: number) {
  const { annotations, problems } = readAnnotations(
    (json.annotations ?? {}) as Readonly<Record<string, string | null>>,
  );
  const mentions = mentionsOf(json);
  const appliesTo = scopeOf(json);
  const own: OwnProblem[] = problems.map(({ annotation, message, hint }) => ({
    at: annotationPlace(source.text, annotation),
    message,
    hint,
  }));
  const has = (name: string) => Object.hasOwn(json.annotations ?? {}, name);
  const say = (name: string, message: string, hint: string) =>
    own.push({ at: annotationPlace(source.text, name), message, hint });
  const asks = mentions.attributes.has("approved");
  const unmasks = actionsNamed(json)?.has("unmask") ?? false;
  for (const name of unmasks ? NOT_OF_UNMASK : []) {
    if (has(name)) say(name, `@${name} says nothing about unmask`, UNMASK_ALONE);
  }
  if (has("approvers") && !asks && !unmasks) {
    say(
      "approvers",
      "@approvers names who may approve, but no condition looks at context.approved",
      json.effect === "permit"
        ? "Add: when { context.approved }. Without it the policy permits at once."
        : "Add: unless { context.approved }. Without it the policy blocks whatever anybody says.",
    );
  }
  if (asks && !has("approvers") && !unmasks) {
    own.push({
      at: Math.max(0, source.text.indexOf("approved")),
      message: "the policy looks at context.approved, but doesn't say who may approve",
      hint: 'Put @approvers("GROUP") before it.',
    });
  }
  for (const name of ["quorum", "expires", "scope"]) {
    if (has(name) && !has("approvers")) {
      say(name, `@${name} says nothing without @approvers`, 'Add @approvers("GROUP"), or remove it.');
    }
  }
  for (const name of ["rows", "bytes"]) {
    if (has(name) && json.effect === "forbid") {
      say(name, `@${name} bounds the results of what a permit lets through`, "Put it on a permit.");
    }
  }
  if (has("watched")) {
    const applied = [...ACTIONS.keys()].filter(appliesTo);
    if (json.effect === "forbid") {
      say("watched", "@watched says how what a permit lets through goes on", "Put it on a permit.");
    } else if (!applied.every((action) => WATCHABLE.has(action))) {
      say("watched", "the policy permits more than can be watched", WATCHED_ALONE);
    }
  }
  for (const { value, message, hint } of impossibleLiterals(json, appliesTo)) {
    own.push({ at: Math.max(0, source.text.indexOf(JSON.stringify(value))), message, hint });
  }
  if (hasInexactNumber(json)) {
    own.push({
      at: 0,
      message: "the policy holds a number that is too large",
      hint: `Numbers go to ${Number.MAX_SAFE_INTEGER}.`,
    });
  }
  const deep = json.conditions.some(({ body }) => depthOf(body) > MAX_JSON_DEPTH);
  if (deep) for (const name of actionsNamed(json) ?? []) mentions.actionGroups.add(name);
  const policy: Policy = {
    id: annotations.id ?? `policy${index + 1}@${source.line}`,
    source,
    effect: json.effect,
    annotations,
    mentions,
    appliesTo,
    applied: deep ? source.text : { ...json, action: { op: "All" } },
  };
  return { policy, problems: own };
}

/** Cedar's JSON gives numbers as JavaScript has them: what isn't exact there would be another policy. */
function hasInexactNumber(json: PolicyJson): boolean {
  let inexact = false;
  eachNode(json, ({ Value }) => {
    if (typeof Value === "bigint" || (typeof Value === "number" && !Number.isSafeInteger(Value)))
      inexact = true;
  });
  return inexact;
}

function annotationPlace(text: string, name: string): number {
  return Math.max(0, text.search(new RegExp(`@\\s*${name}\\b`)));
}

/** Cedar's words about a policy that it calls by an id, or that it says it parsed from a string. */
export function plain(message: string): string {
  return message
    .replace(/^failed to parse policy (with id `[^`]*` )?from string: /, "")
    .replace(/^for policy `[^`]*`, /, "");
}

/** Over-approximates: what isn't understood applies to every action. */
function scopeOf(json: PolicyJson): (action: string) => boolean {
  const named = actionsNamed(json);
  if (named === null) return () => true;
  if (json.action.op === "==") return (one) => named.has(one);
  return (one) => named.has(one) || (ACTIONS.get(one) ?? []).some((group) => named.has(group));
}

/** The actions and groups of actions in the scope; null for all. */
function actionsNamed({ action }: PolicyJson): Set<string> | null {
  if (action.op === "All") return null;
  const named = "entities" in action ? action.entities : "entity" in action ? [action.entity] : null;
  return named && new Set(named.map((uid) => ("__entity" in uid ? uid.__entity.id : uid.id)));
}

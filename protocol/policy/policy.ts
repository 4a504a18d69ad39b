import type { PolicyJson } from "@cedar-policy/cedar-wasm";
import { ACTIONS } from "./actions.ts";
import { type Annotations, readAnnotations } from "./annotations.ts";
import type { Cedar } from "./cedar.ts";
import { type Mentions, mentionsOf } from "./expression.ts";
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
  /** The policy for actions that it applies to: its scope names none, so that Cedar need not know their groups. */
  applied: PolicyJson;
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
        const place = places.of(source.start + indexOfByte(source.text, label?.start ?? 0));
        problems.push({ ...place, message: plain(message), hint: help ?? label?.label ?? SYNTAX_HINT });
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
  const own: OwnProblem[] = problems.map(({ annotation, message, hint }) => ({
    at: annotationPlace(source.text, annotation),
    message,
    hint,
  }));
  const has = (name: string) => Object.hasOwn(json.annotations ?? {}, name);
  const say = (name: string, message: string, hint: string) =>
    own.push({ at: annotationPlace(source.text, name), message, hint });
  const asks = mentions.attributes.has("approved");
  if (has("approvers") && !asks) {
    say(
      "approvers",
      "@approvers names who may approve, but no condition looks at context.approved",
      json.effect === "permit"
        ? "Add: when { context.approved }. Without it the policy permits at once."
        : "Add: unless { context.approved }. Without it the policy blocks whatever anybody says.",
    );
  }
  if (asks && !has("approvers")) {
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
  for (const { value, message, hint } of impossibleLiterals(json)) {
    own.push({ at: Math.max(0, source.text.indexOf(JSON.stringify(value))), message, hint });
  }
  const policy: Policy = {
    id: annotations.id ?? `policy${index + 1}@${source.line}`,
    source,
    effect: json.effect,
    annotations,
    mentions,
    appliesTo: scopeOf(json),
    applied: { ...json, action: { op: "All" } },
  };
  return { policy, problems: own };
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
function scopeOf({ action }: PolicyJson): (action: string) => boolean {
  const named =
    action.op === "==" && "entity" in action
      ? [action.entity]
      : action.op === "in" && "entities" in action
        ? action.entities
        : action.op === "in" && "entity" in action
          ? [action.entity]
          : null;
  if (named === null) return () => true;
  const names = new Set(named.map((uid) => ("__entity" in uid ? uid.__entity.id : uid.id)));
  if (action.op === "==") return (one) => names.has(one);
  return (one) => names.has(one) || (ACTIONS.get(one) ?? []).some((group) => names.has(group));
}

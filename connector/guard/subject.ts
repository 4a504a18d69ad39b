import type { SessionFacts } from "../../protocol/control.ts";
import type { PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";

/** Who asks, as policies see it. */
export function subjectOf({
  principal,
  onBehalfOf,
  groups,
}: Pick<SessionFacts, "principal" | "onBehalfOf" | "groups">): Subject {
  return { principal, groups, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
}

/** What is asked for, likewise. */
export function policyTarget({
  target,
  kind,
  connector,
}: Pick<SessionFacts, "target" | "kind" | "connector">): PolicyTarget {
  return { name: target, kind, connector };
}

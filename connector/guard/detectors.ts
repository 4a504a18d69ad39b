import type { SessionFacts } from "../../protocol/control.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { DETECTOR_NAMES, type Detectors } from "../mask/detectors/modes.ts";
import { policyTarget, subjectOf } from "./subject.ts";

/** Who looks, and at what. */
export type Viewer = Pick<
  SessionFacts,
  "principal" | "onBehalfOf" | "groups" | "target" | "kind" | "connector"
>;

/**
 * A target's detectors for somebody: what one would mask is only counted for who may see the label `detected.NAME`.
 * `database` is empty for what is no database.
 */
export function detectorsFor(
  set: PolicySet,
  viewer: Viewer,
  detectors: Detectors,
  database: string,
): Detectors {
  const seen = DETECTOR_NAMES.filter((name) => {
    if (detectors[name] !== "mask") return false;
    const context = { label: `detected.${name}`, database };
    return set.decide(subjectOf(viewer), "unmask", policyTarget(viewer), context).verdict === "allow";
  });
  return { ...detectors, ...Object.fromEntries(seen.map((name) => [name, "report"])) };
}

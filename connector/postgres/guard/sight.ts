import { randomBytes } from "node:crypto";
import type { PolicySet } from "../../../protocol/policy/policy-set.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { detectorsFor, type Viewer } from "../../guard/detectors.ts";
import { policyTarget, subjectOf } from "../../guard/subject.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import { hasLabels } from "../../mask/label-of.ts";
import { maskKey } from "../../mask/mask-key.ts";
import { maskedLabels } from "../../mask/masked-labels.ts";
import type { SessionMasks } from "../mask/masking.ts";

/** How much of a target's values one session sees, as long as it lasts. */
export interface Sight {
  /** The policies that said so. */
  set: PolicySet;
  /** Null where it sees all labelled columns as they are. */
  masks: SessionMasks | null;
  /** What is looked for in everything that it is told, as the session begins. */
  detectors: Detectors;
}

/** Of the key of one session's masks. */
const KEY_BYTES = 32;

/** What these policies let somebody see. Throws `invalid_config` where the key of masks can't be had. */
export async function sightOf(
  set: PolicySet,
  viewer: Viewer,
  target: PostgresTargetConfig,
  database: string,
): Promise<Sight> {
  const { labels } = target;
  const masked = hiddenLabels(set, viewer, target, database);
  const detectors = detectorsFor(set, viewer, target.detectors, database);
  if (masked.length === 0) return { set, masks: null, detectors };
  const keys = { session: randomBytes(KEY_BYTES).toString("hex"), target: await maskKey(target) };
  return { set, masks: { labels, masked, keys }, detectors };
}

/** Whether these policies hide the same labels from somebody. */
export function hidesTheSame(
  set: PolicySet,
  viewer: Viewer,
  target: PostgresTargetConfig,
  database: string,
  masks: SessionMasks | null,
): boolean {
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).join("\n");
  return names(hiddenLabels(set, viewer, target, database)) === names(masks?.masked ?? []);
}

function hiddenLabels(set: PolicySet, viewer: Viewer, { labels }: PostgresTargetConfig, database: string) {
  if (!hasLabels(labels)) return [];
  return maskedLabels(set, subjectOf(viewer), policyTarget(viewer), labels, database);
}

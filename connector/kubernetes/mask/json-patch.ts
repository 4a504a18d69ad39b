import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import type { JsonRules } from "../../http/mask/json-mask.ts";
import { NOWHERE, type Place } from "../../http/mask/json-place.ts";

/** Why an operation would tell a masked value, or bring one to where it isn't masked. */
export interface PatchFault {
  /** For a sentence: `an operation test of /data/password`. */
  what: string;
}

/** Arrays whose elements have names, but no values. */
const NAMED_LISTS = new Set([
  ...[
    "containers",
    "initContainers",
    "ephemeralContainers",
    "ports",
    "volumes",
    "volumeMounts",
    "volumeDevices",
  ],
  ...["imagePullSecrets", "secrets", "webhooks", "ownerReferences", "versions", "additionalPrinterColumns"],
]);

/**
 * Operations of a JSON patch (RFC 6902) that a session with masks may not send: a `test` of a masked value is an oracle,
 * `copy` and `move` take one to where nothing masks it, and who renames an environment variable has its value shown.
 * `masks` tells whether a value would be shown otherwise if it were in an object.
 */
export function patchFault(
  operations: readonly unknown[],
  info: RequestInfo,
  rules: JsonRules,
  masks: (value: unknown) => boolean,
): PatchFault | null {
  for (const one of operations) {
    if (typeof one !== "object" || one === null) continue;
    const { op, path, from, value } = one as Record<string, unknown>;
    // What is no operation, the API server refuses; a text that it would take for one otherwise is none of these.
    if (typeof path !== "string") continue;
    const fault = (at: string): PatchFault => ({
      what: `an operation ${String(op).slice(0, 20)} of ${at.slice(0, 200)}`,
    });
    const isLeaf = typeof value !== "object" || value === null;
    if (op === "test" && (isMasked(path, isLeaf, info, rules) || masks(value))) return fault(path);
    if ((op === "copy" || op === "move") && typeof from === "string" && isMasked(from, false, info, rules)) {
      return fault(from);
    }
    const isRename = op !== "test" && isNameOfValue(path);
    if (isRename || (op === "move" && typeof from === "string" && isNameOfValue(from))) return fault(path);
  }
  return null;
}

/** The parts of a JSON pointer (RFC 6901). */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Whether what a pointer names is masked, or is part of it, or, if it is no leaf, may have a masked part by its place. */
function isMasked(
  pointer: string,
  isLeaf: boolean,
  info: RequestInfo,
  { root, objects }: JsonRules,
): boolean {
  const parts = pointerParts(pointer);
  let places: Place[] = [root];
  for (const part of parts) {
    if (places.some(({ treatment }) => treatment !== null)) return true;
    const next = places.flatMap((place) => [place.member(part), ...elementsOf(place, part)]);
    // Each once, or their number could grow with every part.
    places = [...new Set(next)].filter((one) => one !== NOWHERE);
  }
  if (places.some(({ treatment }) => treatment !== null)) return true;
  if (!isLeaf && places.some((place) => !place.isDead && isAbove(place))) return true;
  if (objects === null) return false;
  const last = parts.at(-1);
  if (last === "value" && objects.claims.has("value")) return true;
  if (!objects.claims.has("stringData")) return false;
  return parts.includes("stringData") || (parts.includes("data") && info.resource !== "configmaps");
}

/** Whether a rule names something below, not at any depth alone. */
function isAbove(place: Place): boolean {
  return place.names === null || place.names.some((bits) => bits !== 0) || place.other !== place;
}

/**
 * An index as Go's strconv.Atoi takes it, by which the API server reads a part, with zeros before it or not; a negative
 * one counts from the end.
 */
const INDEX = /^(?:[-+]?\d+|-)$/;

/** The places of the elements that a part may name: of one from the end any. */
function elementsOf(place: Place, part: string): readonly Place[] {
  if (!INDEX.test(part)) return [];
  return part.startsWith("-") ? place.elements() : [place.element(Number(part))];
}

/** `…/env/0/name` */
function isNameOfValue(pointer: string): boolean {
  const parts = pointerParts(pointer);
  const [list = "", index = "", name] = parts.slice(-3);
  return name === "name" && INDEX.test(index) && !NAMED_LISTS.has(list);
}

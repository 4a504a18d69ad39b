import { parseColumnPattern } from "../../protocol/column-pattern.ts";
import type { Field } from "../../protocol/document.ts";
import { type SecretReference, secretReference } from "../../protocol/secrets.ts";
import { DEFAULT_DETECTORS, DETECTOR_NAMES, type Detectors } from "./detectors/modes.ts";
import { type DocumentLabels, type DocumentRule, KUBERNETES_LABELS, MARKER } from "./document-labels.ts";
import { parseHttpPattern, parseKubernetesPattern } from "./document-pattern.ts";
import type { Label, LabelRule, Labels, Mask } from "./labels.ts";

/** What a target's settings say of masking. */
export interface MaskSettings {
  labels: Labels;
  /** The secret from which the keys of masks with scope `target` are made; null where there is none. */
  maskKey: SecretReference | null;
  detectors: Detectors;
}

/** The same of an HTTP or Kubernetes target. */
export interface DocumentMaskSettings extends Omit<MaskSettings, "labels"> {
  labels: DocumentLabels;
}

/** Of a target that has no labels. */
export const NO_LABELS: Labels = { rules: [], labels: new Map() };

/** The label of columns that are declared to hold nothing labelled. */
const NONE = "none";
/** How labels of PostgreSQL's own relations, and of what detectors find, begin. */
const RESERVED = /^(?:system|detected|kubernetes)\./;
const MAX_RULES = 1_000;
const MAX_LABELS = 200;
const MAX_LOOKUPS = 10_000;
const MAX_CONSTANT = 1_000;
/** Bounds of a range's step: between them JavaScript writes a number without an exponent. */
const STEP = { least: 1e-6, most: 1e15 };
const LABEL = /^(?=.{1,100}$)[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/;
const LABEL_FORM = "a label such as pii.email: letters a-z, digits, '-', '_' and '.', at most 100";

/** Reads `labels`, `masks`, `maskKey` and `detectors` of a target. A path is relative to `folder`. Throws `invalid_config`. */
export function maskSettings(target: Field, folder: string): MaskSettings {
  return withKey(target, folder, readLabels(target.get("labels"), target.get("masks")));
}

/** The same of an HTTP target, whose labels are for paths into JSON documents (`document-pattern.ts`). */
export function httpMaskSettings(target: Field, folder: string): DocumentMaskSettings {
  return withKey(target, folder, readDocumentLabels(target, parseHttpPattern, []));
}

/** The same of a Kubernetes target, which has labels that need no line (`KUBERNETES_LABELS`). */
export function kubernetesMaskSettings(target: Field, folder: string): DocumentMaskSettings {
  const own = Object.values(KUBERNETES_LABELS);
  return withKey(target, folder, readDocumentLabels(target, parseKubernetesPattern, own));
}

function withKey<Of extends { labels: ReadonlyMap<string, Label> }>(
  target: Field,
  folder: string,
  labels: Of,
): Omit<MaskSettings, "labels"> & { labels: Of } {
  const maskKey = target.get("maskKey").optional((field) => secretReference(field, folder));
  const needing = [...labels.labels.values()].find(
    ({ mask }) => mask.kind === "hash" && mask.scope === "target",
  );
  if (needing !== undefined && maskKey === null) {
    target
      .get("masks")
      .get(needing.name)
      .fail("needs the target's maskKey", "Add maskKey: {env: NAME} to the target, or use scope: session.");
  }
  return { labels, maskKey, detectors: target.get("detectors").optional(detectorModes) ?? DEFAULT_DETECTORS };
}

function readLabels(lines: Field, masks: Field): Labels {
  const labels = new Map<string, Label>();
  const rules = patternsOf(lines).map((text): LabelRule => {
    const line = lines.get(text);
    const pattern = parseColumnPattern(text);
    if ("fault" in pattern) return line.fail(pattern.fault, pattern.hint);
    const name = line.matching(LABEL, LABEL_FORM);
    if (name === NONE) {
      if (pattern.path === null) return { ...pattern, label: null };
      return line.fail(
        "declares a part of a document to hold nothing",
        "Only whole columns can be none; parts that no line names aren't labelled.",
      );
    }
    return { ...pattern, label: labelNamed(name, line, masks, labels) };
  });
  checkLabels(lines, masks, labels);
  return { rules, labels };
}

function readDocumentLabels(
  target: Field,
  parse: typeof parseHttpPattern,
  own: readonly string[],
): DocumentLabels {
  const lines = target.get("labels");
  const masks = target.get("masks");
  const marker: Mask = { kind: "constant", value: MARKER };
  const labels = new Map(own.map((name) => [name, readLabel(name, masks, marker)]));
  const rules = patternsOf(lines).map((text): DocumentRule => {
    const line = lines.get(text);
    const pattern = parse(text);
    if ("fault" in pattern) return line.fail(pattern.fault, pattern.hint);
    const name = line.matching(LABEL, LABEL_FORM);
    if (name === NONE) return { ...pattern, label: null };
    return { ...pattern, label: labels.get(name) ?? labelNamed(name, line, masks, labels) };
  });
  checkLabels(lines, masks, labels);
  for (const { name, lookup } of labels.values()) {
    if (lookup === null) continue;
    masks
      .get(name)
      .get("lookup")
      .fail("is for databases", "Leave it out: nothing is asked for by its value here.");
  }
  return { rules, labels };
}

function patternsOf(lines: Field): string[] {
  const patterns = lines.optional((field) => field.keys()) ?? [];
  if (patterns.length > MAX_RULES) {
    lines.fail(`has more than ${MAX_RULES} lines`, "Put patterns together with *.");
  }
  return patterns;
}

function labelNamed(name: string, line: Field, masks: Field, labels: Map<string, Label>): Label {
  if (RESERVED.test(name)) {
    return line.fail(
      "is a label of Sallyport's own",
      "Give it a name that begins neither with system. nor with detected. nor with kubernetes.",
    );
  }
  const label = labels.get(name) ?? readLabel(name, masks);
  labels.set(name, label);
  return label;
}

function checkLabels(lines: Field, masks: Field, labels: ReadonlyMap<string, Label>): void {
  if (labels.size > MAX_LABELS) {
    lines.fail(`has more than ${MAX_LABELS} labels`, "Give columns of one kind one label.");
  }
  for (const name of masks.optional((field) => field.keys()) ?? []) {
    if (labels.has(name)) continue;
    masks.get(name).fail("is a label that no line of labels has", "Correct its name, or remove the line.");
  }
}

function readLabel(name: string, masks: Field, otherwise: Mask = { kind: "null" }): Label {
  const line = masks.optional((field) => field.get(name));
  const lookup = (field: Field) => ({ perMinute: field.integer(1, MAX_LOOKUPS) });
  return {
    name,
    mask: line?.optional(readMask) ?? otherwise,
    lookup: line?.optional((field) => field.get("lookup").optional(lookup)) ?? null,
  };
}

const MASKS = ["null", "constant", "partial", "hash", "range"] as const;

function readMask(field: Field): Mask {
  const keys = (...own: string[]) => field.mapping(["mask", "lookup", ...own]);
  // Without quotes, YAML's null is no text: it says the same.
  const kind = field.get("mask").optional((one) => one.oneOf(MASKS)) ?? "null";
  switch (kind) {
    case "null":
      keys();
      return { kind };
    case "constant":
      return { kind, value: constant(keys("value").get("value")) };
    case "partial":
      return { kind, as: keys("as").get("as").oneOf(["email", "phone", "card", "last4", "text"]) };
    case "hash": {
      const scope = keys("scope").get("scope");
      return { kind, scope: scope.optional((one) => one.oneOf(["session", "target"])) ?? "session" };
    }
    case "range":
      return range(keys("step", "unit"));
  }
}

function constant(field: Field): string {
  const value = field.matching(/^[^\0]*$/s, "a text (numbers and dates in quotes)");
  if (value.length <= MAX_CONSTANT && value.isWellFormed()) return value;
  return field.fail("is too long", `A constant has at most ${MAX_CONSTANT} characters.`);
}

function range(field: Field): Mask {
  const kind = "range";
  const step = field.get("step").optional((one) => one.number(STEP.least, STEP.most));
  const unit = field.get("unit").optional((one) => one.oneOf(["month", "year", "decade"]));
  if (step !== null && unit === null) return { kind, step };
  if (step === null && unit !== null) return { kind, unit };
  return field.fail(
    "needs either step or unit",
    "Write step: 1000 for numbers, or unit: month, year or decade for dates.",
  );
}

/** Reads `detectors` of a target. Throws `invalid_config`. */
export function detectorModes(field: Field): Detectors {
  field.mapping(DETECTOR_NAMES);
  const modes = DETECTOR_NAMES.map((name) => [
    name,
    field.get(name).optional((one) => one.oneOf(["off", "report", "mask"])) ?? DEFAULT_DETECTORS[name],
  ]);
  return Object.fromEntries(modes);
}

import { randomBytes } from "node:crypto";
import type { Fields } from "../../../protocol/http/head.ts";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import type { Timers } from "../../guard/timers.ts";
import { kubernetesRules } from "../../kubernetes/mask/rules.ts";
import { DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import { Scanner } from "../../mask/detectors/scanner.ts";
import type { DocumentLabels } from "../../mask/document-labels.ts";
import type { Label } from "../../mask/labels.ts";
import type { BodyMask } from "./body-mask.ts";
import { EventStreamMask } from "./event-stream-mask.ts";
import { FormMask } from "./form-mask.ts";
import { JsonBody, NESTED } from "./json-body.ts";
import type { JsonRules } from "./json-mask.ts";
import { NOWHERE, rootPlace } from "./json-place.ts";
import { type HashKeys, labelTreatment } from "./json-value.ts";
import { mediaType } from "./media-type.ts";
import { fitsPath, segmentsOf } from "./path-pattern.ts";
import { type Late, TextMask } from "./text-mask.ts";

/** How much of a target's values one session sees. */
export interface DocumentSight {
  labels: DocumentLabels;
  /** Those of them that the session sees masked. */
  masked: readonly Label[];
  keys: HashKeys;
  detectors: Detectors;
}

/** What was asked. */
export interface Asked {
  method: string;
  /** Decoded segments joined by `/`, without the query. */
  path: string;
  /** Of Kubernetes targets. */
  kubernetes: RequestInfo | null;
}

export type Masking =
  /** There is nothing to look at, or nothing to look for: the body goes on byte for byte. */
  | { how: "untouched" }
  /** It can't be looked into. `contentType` as it was told, empty for none; `why` in words. */
  | { how: "unreadable"; contentType: string; why: string }
  /** `late` gets what goes on after the call that brought it. */
  | { how: "masked"; open(late: Late): BodyMask };

const UNTOUCHED: Masking = { how: "untouched" };
const KEY_BYTES = 32;

/** Keys of a session's hashes; `target`: of the target's `maskKey`, or null. */
export function sessionKeys(target: string | null): HashKeys {
  return { session: randomBytes(KEY_BYTES).toString("hex"), target };
}

/** Tells for one session how each response is masked. */
export class ResponseMasks {
  readonly #kind: "http" | "kubernetes";
  readonly #sight: DocumentSight;
  readonly #timers: Timers;
  readonly #isOff: boolean;
  /** By which rules are about what is asked. */
  readonly #known = new Map<string, JsonRules | null>();

  constructor(kind: "http" | "kubernetes", sight: DocumentSight, timers: Timers) {
    this.#kind = kind;
    this.#sight = sight;
    this.#timers = timers;
    this.#isOff = DETECTOR_NAMES.every((name) => sight.detectors[name] === "off");
  }

  /** Whether anything may be masked or found at all. */
  get isOff(): boolean {
    return this.#isOff && this.#sight.masked.length === 0;
  }

  /** How a final response is masked. `fields` are its own, from which neither Content-Type nor Content-Length was taken. */
  of(asked: Asked, status: number, fields: Fields): Masking {
    const rules = this.#rules(asked);
    if (this.#isOff && rules === null) return UNTOUCHED;
    const hasNoBody = asked.method === "HEAD" || status < 200 || status === 204 || status === 304;
    if (hasNoBody || valuesOf(fields, "content-length").join() === "0") return UNTOUCHED;
    const contentTypes = valuesOf(fields, "content-type");
    const { type, kind } = mediaType(contentTypes);
    const unreadable = (why: string): Masking => ({
      how: "unreadable",
      contentType: contentTypes.join(", "),
      why,
    });
    if (kind === "unreadable") {
      return unreadable(
        type === "" ? "it has no content type that says what it is" : `${type} can't be looked into`,
      );
    }
    if (status === 206) return unreadable("it is a part, whose beginning says what the rest is");
    const needsJson = rules !== null && (this.#kind === "http" || /yaml$/.test(type));
    if (needsJson && kind !== "json" && kind !== "events") {
      return unreadable(`labels are for values in JSON, and it is ${type}`);
    }
    return { how: "masked", open: (late) => this.#open(kind, rules, late) };
  }

  /** Labels of what is asked, where any is in force for this session; null where none is. */
  #rules({ path, kubernetes }: Asked): JsonRules | null {
    const { masked } = this.#sight;
    if (masked.length === 0) return null;
    if (this.#kind === "kubernetes") {
      const key =
        kubernetes === null ? "" : [kubernetes.resource, kubernetes.group, kubernetes.subresource].join("\n");
      return this.#once(key, () => kubernetesRules(this.#sight, kubernetes));
    }
    const segments = segmentsOf(path);
    const names = new Set(masked.map(({ name }) => name));
    // What declares a value to have no label is taken exactly, what gives it one in any case.
    const fitting = this.#sight.labels.rules.flatMap((rule, index) =>
      rule.where === null || fitsPath(rule.where, segments, rule.label !== null) ? [index] : [],
    );
    return this.#once(fitting.join(), () => {
      const root = rootPlace(
        fitting.map((index) => {
          const { path: steps, label } = this.#sight.labels.rules[index]!;
          const isMasked = label !== null && names.has(label.name);
          return { path: steps, treatment: isMasked ? labelTreatment(label, this.#sight.keys) : null };
        }),
      );
      return root === NOWHERE ? null : { root, objects: null };
    });
  }

  #once(key: string, make: () => JsonRules | null): JsonRules | null {
    let rules = this.#known.get(key);
    if (rules === undefined) {
      rules = make();
      if (this.#known.size < MAX_KNOWN) this.#known.set(key, rules);
    }
    return rules;
  }

  #open(kind: "json" | "text" | "events" | "form", rules: JsonRules | null, late: Late): BodyMask {
    const { detectors } = this.#sight;
    const text = () => new TextMask(detectors, this.#timers, late);
    const scanner = this.#isOff ? null : new Scanner(detectors);
    const none: JsonRules = { root: NOWHERE, objects: null };
    const nested = this.#kind === "kubernetes" ? NESTED : 0;
    switch (kind) {
      case "json":
        return new JsonBody(rules ?? none, scanner, nested, rules === null ? text : null);
      case "events":
        return new EventStreamMask(rules, scanner, nested);
      case "form":
        return scanner === null ? text() : new FormMask(scanner);
      case "text":
        return text();
    }
  }
}

const MAX_KNOWN = 1_000;

function valuesOf(fields: Fields, name: string): string[] {
  return fields.flatMap(([one, value]) => (one === name ? [value] : []));
}

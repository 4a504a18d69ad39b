import type { KubernetesFacts } from "../http/facts.ts";
import type { JsonValue } from "../http/json.ts";
import { jsonLeaves, memberPath } from "../http/json-leaves.ts";
import { givesAuthority, isAuthority } from "./authority.ts";
import type { Change } from "./json-patch.ts";
import { rightOf } from "./pod-rights.ts";
import type { RequestInfo } from "./request-info.ts";
import { eachMember, hasFreeNames, isManagement, memberAt, type Place, wholeNumber } from "./walk.ts";

type Told = Pick<
  KubernetesFacts,
  "kinds" | "replicas" | "images" | "rights" | "serviceAccounts" | "labels" | "fields"
>;

/** Paths that are told of one body. */
const MAX_FIELDS = 2000;

const TOO_MANY = `the body has more than ${MAX_FIELDS} fields`;
const NO_NUMBER = "spec.replicas is no whole number";
const TWO_NUMBERS = "the body has more than one spec.replicas";

/**
 * Gathers what objects and patches would leave. Pods' specifications are found wherever they stand, also in resources
 * that aren't known here: by the names of their members.
 */
export class ObjectFacts {
  authority = false;
  readonly opaque = new Set<string>();
  readonly #info: RequestInfo;
  readonly #kinds = new Set<string>();
  readonly #images = new Set<string>();
  readonly #rights = new Set<string>();
  readonly #serviceAccounts = new Set<string>();
  readonly #labels = new Set<string>();
  readonly #fields = new Set<string>();
  #replicas: number | null = null;

  constructor(info: RequestInfo) {
    this.#info = info;
  }

  add({ path, value }: Change): void {
    this.#addFields(path, value);
    for (const readAs of treesOf(path, value ?? null)) this.#addObject(readAs);
    if (this.#info.subresource === "scale" && isScaleOfNone(this.#info.verb, path, value ?? null)) {
      this.#tellReplicas(0);
    }
  }

  told(): Told {
    return {
      kinds: [...this.#kinds],
      replicas: this.#replicas,
      images: [...this.#images],
      rights: [...this.#rights],
      serviceAccounts: [...this.#serviceAccounts],
      labels: [...this.#labels],
      fields: [...this.#fields],
    };
  }

  #addObject(object: JsonValue): void {
    this.#addReplicas(object);
    const items = memberAt(object, "items");
    if (Array.isArray(items)) for (const item of items as readonly JsonValue[]) this.#addReplicas(item);
    this.#addKind(object);
    eachMember(object, [], (name, value, place) => this.#addMember(name, value, place));
  }

  #addMember(name: string, value: JsonValue, place: Place): void {
    if (givesAuthority(this.#info, name, value, place)) this.authority = true;
    const right = rightOf(name, value, place);
    if (right !== null) this.#rights.add(right);
    if (hasFreeNames(place)) {
      if (place.at(-1) === "labels" && place.at(-2) === "metadata" && typeof value === "string") {
        this.#labels.add(`${name}=${value}`);
      }
      return;
    }
    this.#addImage(name, value);
    if ((name === "serviceAccountName" || name === "serviceAccount") && typeof value === "string") {
      if (value !== "") this.#serviceAccounts.add(value);
    }
    // Objects within objects: the items of a list, a template of a resource that isn't known.
    for (const one of Array.isArray(value) ? (value as readonly JsonValue[]) : [value]) this.#addKind(one);
  }

  /** A container's image, or that of a volume, which stands as its reference. */
  #addImage(name: string, value: JsonValue): void {
    if (name !== "image") return;
    const image = typeof value === "string" ? value : memberAt(value, "reference");
    if (typeof image === "string" && image !== "") this.#images.add(image);
  }

  #addKind(object: JsonValue): void {
    const kind = memberAt(object, "kind");
    const apiVersion = memberAt(object, "apiVersion");
    if (typeof kind !== "string" || typeof apiVersion !== "string") return;
    const slash = apiVersion.indexOf("/");
    this.#kinds.add(slash < 0 ? kind : `${apiVersion.slice(0, slash)}/${kind}`);
    // What only refers to an object, such as an owner, has no metadata.
    if (memberAt(object, "metadata") !== undefined && isAuthority(apiVersion)) this.authority = true;
  }

  #addReplicas(object: JsonValue): void {
    const value = memberAt(object, "spec", "replicas");
    if (value === undefined) return;
    const replicas = wholeNumber(value);
    if (replicas === null) this.opaque.add(NO_NUMBER);
    else this.#tellReplicas(replicas);
  }

  #tellReplicas(replicas: number): void {
    if (this.#replicas !== null && this.#replicas !== replicas) this.opaque.add(TWO_NUMBERS);
    else this.#replicas = replicas;
  }

  #addFields(path: readonly string[], value: JsonValue | undefined): void {
    const before = path.reduce((at, part) => (isIndex(part) ? `${at}[]` : memberPath(at, part)), "");
    if (value === undefined) {
      this.#addField(before);
      return;
    }
    const { leaves, opaque } = jsonLeaves(managed(value));
    for (const reason of opaque) this.opaque.add(reason);
    for (const [leaf] of leaves) {
      if (before !== "") this.#addField(joined(before, leaf));
      else if (leaf !== "apiVersion" && leaf !== "kind") this.#addField(leaf);
    }
  }

  #addField(field: string): void {
    if (this.#fields.size >= MAX_FIELDS && !this.#fields.has(field)) this.opaque.add(TOO_MANY);
    else this.#fields.add(field);
  }
}

function joined(before: string, leaf: string): string {
  return leaf === "" || leaf.startsWith("[") ? `${before}${leaf}` : `${before}.${leaf}`;
}

/** Without what the API server writes of who has managed which field. */
function managed(value: JsonValue): JsonValue {
  const metadata = memberAt(value, "metadata");
  if (!(value instanceof Map) || !(metadata instanceof Map)) return value;
  const kept = [...metadata].filter(([name]) => !isManagement(name, ["metadata"]));
  return kept.length === metadata.size ? value : new Map([...value, ["metadata", new Map(kept)]]);
}

/** A `Scale` that is left without a number is one of 0 (`ScaleSpec` of k8s.io/api/autoscaling/v1); Go writes 0 so. */
function isScaleOfNone(verb: string, path: readonly string[], value: JsonValue): boolean {
  if (verb === "update") return path.length === 0 && memberAt(value, "spec", "replicas") === undefined;
  if (path.length === 0) return memberAt(value, "spec") === null;
  return path.length === 1 && path[0] === "spec" && memberAt(value, "replicas") === undefined;
}

/** Of a JSON pointer: a list's item, or what reads like one. */
function isIndex(part: string): boolean {
  return part === "-" || /^[0-9]+$/.test(part);
}

/** The value with what leads to it around it. Where a number may be an index or a name there are two readings. */
function treesOf(path: readonly string[], value: JsonValue): JsonValue[] {
  const named = path.reduceRight<JsonValue>((inner, part) => new Map([[part, inner]]), value);
  if (!path.some(isIndex)) return [named];
  const listed = path.reduceRight<JsonValue>(
    (inner, part) => (isIndex(part) ? [inner] : new Map([[part, inner]])),
    value,
  );
  return [named, listed];
}

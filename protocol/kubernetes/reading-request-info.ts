import { SallyportError } from "../errors.ts";
import { readTarget, type Target } from "../http/target.ts";
import { demandedValue } from "./field-selector.ts";
import { isPlainLabelSelector } from "./label-selector.ts";
import type { RequestInfo } from "./request-info.ts";

/** Under which resources of the API stand; of the first kind without a group. */
const PREFIXES: ReadonlySet<string> = new Set(["api", "apis"]);
const GROUPLESS = "api";

/** Verbs that stand in the path (deprecated); the first leaves no subresource. */
const PROXY = "proxy";
const SPECIAL_VERBS: ReadonlySet<string> = new Set([PROXY, "watch"]);

/** What after a namespace's name is of the namespace itself. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(["status", "finalize"]);

const VERBS: ReadonlyMap<string, string> = new Map([
  ["POST", "create"],
  ["GET", "get"],
  ["HEAD", "get"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);

/**
 * What the API server takes a request for: `RequestInfoFactory.NewRequestInfo` of
 * k8s.io/apiserver/pkg/endpoints/request, with the prefixes of kube-apiserver. Throws `invalid_request` for a target that
 * `readTarget` refuses, whose query could be read in two ways, or that ends with a slash after a resource, and for
 * methods that the API server has no verb for.
 */
export function requestInfo(method: string, target: string): RequestInfo {
  const read = readTarget(target, { encodedSlashes: false });
  if (read.opaque.length > 0)
    invalid(`the request can't be judged: ${read.opaque[0]}`, "Percent-encode its query.");
  const parts = resourceParts(read);
  if (parts === null) return nonResource(method, read.path);
  const info = resourceInfo(method, read, parts);
  if (read.path.endsWith("/") && info.subresource !== PROXY && info.verb !== PROXY) {
    invalid("the path of a resource ends with a slash", "Leave the slash out.");
  }
  return info;
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResource: false,
    verb: method.toLowerCase(),
    path,
    prefix: "",
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    parts: [],
  };
}

interface ResourceParts {
  prefix: string;
  group: string;
  version: string;
  /** What follows the version; at least one. */
  rest: readonly string[];
}

/** Null where the path names no resource. */
function resourceParts({ segments }: Target): ResourceParts | null {
  const [prefix, ...others] = segments;
  if (prefix === undefined || !PREFIXES.has(prefix)) return null;
  const [group, version, ...rest] = prefix === GROUPLESS ? ["", ...others] : others;
  if (group === undefined || version === undefined || rest.length === 0) return null;
  return { prefix, group, version, rest };
}

function resourceInfo(method: string, read: Target, found: ResourceParts): RequestInfo {
  const { prefix, group, version } = found;
  const { verb: asked, rest } = verbOf(method, found.rest);
  const { namespace, parts } = namespaceOf(rest);
  const [resource = "", name = "", third = ""] = parts;
  const info = {
    isResource: true,
    verb: asked,
    path: read.path,
    prefix,
    group,
    version,
    namespace,
    resource,
    subresource: asked === PROXY ? "" : third,
    name,
    parts,
  };
  if (name !== "") return info;
  if (asked === "get") return { ...info, ...listOrWatch(read.query) };
  return asked === "delete" ? { ...info, verb: "deletecollection" } : info;
}

function verbOf(method: string, rest: readonly string[]): { verb: string; rest: readonly string[] } {
  const first = rest[0]!;
  if (SPECIAL_VERBS.has(first)) {
    if (rest.length > 1) return { verb: first, rest: rest.slice(1) };
    invalid(`the path ends after ${first}, and names no resource`, "Name the resource.");
  }
  const verb = VERBS.get(method);
  if (verb === undefined) {
    invalid(
      `the API server has no verb for the method ${method}`,
      "Use GET, HEAD, POST, PUT, PATCH or DELETE for resources.",
    );
  }
  return { verb, rest };
}

function namespaceOf(rest: readonly string[]): { namespace: string; parts: readonly string[] } {
  if (rest[0] !== "namespaces") return { namespace: "", parts: rest };
  const namespace = rest[1] ?? "";
  const isOwn = rest.length <= 2 || NAMESPACE_SUBRESOURCES.has(rest[2]!);
  return { namespace, parts: isOwn ? rest : rest.slice(2) };
}

type Query = Target["query"];

/**
 * Of a get without a name: `watch` and `fieldSelector` of the query tell what it is, each where it stands first. Where
 * the API server could not decode the list's options it takes no name from them.
 */
function listOrWatch(query: Query): { verb: "list" | "watch"; name: string } {
  const watch = first(query, "watch");
  const verb = watch === null || watch === "0" || watch.toLowerCase() === "false" ? "list" : "watch";
  const name = demandedValue(first(query, "fieldSelector") ?? "", "metadata.name");
  if (name === undefined || name === null || !isInt64(first(query, "limit"))) return { verb, name: "" };
  if (!isInt64(first(query, "timeoutSeconds"))) return { verb, name: "" };
  if (!isPlainLabelSelector(first(query, "labelSelector") ?? "")) {
    invalid(
      "the label selector is not written as kubectl writes it",
      "Leave it out where the field selector tells a name.",
    );
  }
  return { verb, name: /[/%]/.test(name) || name === "." || name === ".." ? "" : name };
}

function first(query: Query, name: string): string | null {
  return query.find(([one]) => one === name)?.[1] ?? null;
}

/** Whether `strconv.ParseInt` takes it; no value is one. */
function isInt64(value: string | null): boolean {
  if (value === null) return true;
  if (!/^[+-]?[0-9]+$/.test(value)) return false;
  const number = BigInt(value.replace("+", ""));
  return number === BigInt.asIntN(64, number);
}

function invalid(message: string, hint: string): never {
  throw new SallyportError("invalid_request", message, hint);
}

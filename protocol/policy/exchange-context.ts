import type { BodyForm, ExchangeFacts, HttpFacts, KubernetesFacts } from "../http/facts.ts";
import type { HttpRequest } from "../http/request.ts";
import type { RequestInfo } from "../kubernetes/request-info.ts";
import { argumentsText } from "./arguments.ts";
import type { Usage } from "./bands.ts";
import { directoriesOf } from "./ssh-context.ts";
import { long, usageContext } from "./usage-context.ts";

/** When a request to an HTTP or Kubernetes target would be made. */
export interface ExchangeCircumstances {
  session: Usage;
  principalUsage: Usage;
}

/** Parts of a path: all paths above it are told to policies, which grows as the square. */
export const MAX_PATH_PARTS = 200;

/** Attributes of contexts that come of a request's body: where no policy looks at one of them, it need not be read. */
export const BODY_ATTRIBUTES = [
  ...["bodyForm", "bodyBytes", "fields", "fieldNames", "complete", "opaque", "repeated"],
  ...["kinds", "replicas", "images", "rights", "serviceAccounts", "labels", "rbac", "dryRun"],
] as const;

/** The schema's `Exchange`, without `approved`, which `PolicySet.decide` adds. Throws for a path that is too deep. */
export function exchangeContext(
  request: HttpRequest,
  facts: HttpFacts,
  now: ExchangeCircumstances,
): Record<string, unknown> {
  const opaque = opaqueOf(facts, ["text", "unread"]);
  const bytes = bytesOf(request, facts);
  return {
    ...shared(request, now),
    method: request.method,
    ...pathContext(facts.path),
    ...queryContext(facts.query, facts.fields),
    headers: unique(request.fields.map(pair)),
    headerNames: unique(request.fields.map(([name]) => name)),
    contentType: mediaType(request.contentType),
    bodyForm: facts.bodyForm,
    ...(bytes !== null && { bodyBytes: long(bytes) }),
    fieldNames: unique(facts.fields.map(([path]) => path)),
    fields: unique(facts.fields.map(facts.bodyForm === "form" ? parameter : pair)),
    complete: opaque.length === 0,
    opaque,
  };
}

/** The schema's `ApiRequest`. */
export function apiRequestContext(
  request: HttpRequest,
  info: RequestInfo,
  facts: KubernetesFacts,
  now: ExchangeCircumstances,
): Record<string, unknown> {
  const opaque = opaqueOf(facts, ["form", "text", "unread"]);
  return {
    ...shared(request, now),
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    ...queryContext(parametersOf(request.target), []),
    kinds: unique(facts.kinds),
    ...(facts.replicas !== null && { replicas: long(facts.replicas) }),
    images: unique(facts.images),
    rights: unique(facts.rights),
    serviceAccounts: unique(facts.serviceAccounts),
    labels: unique(facts.labels),
    rbac: facts.rbac,
    fields: unique(facts.fields),
    dryRun: facts.dryRun,
    command: argumentsText(facts.command),
    bodyForm: facts.bodyForm,
    complete: opaque.length === 0,
    opaque,
  };
}

/** The schema's `Unreadable`. `contentType`: of the response; empty where it names none. */
export function unreadableContext(
  request: HttpRequest,
  facts: ExchangeFacts,
  contentType: string,
  now: ExchangeCircumstances,
): Record<string, unknown> {
  return {
    ...shared(request, now),
    method: request.method,
    ...(facts.type === "http" ? pathContext(facts.path) : apiPathContext(request.kubernetes)),
    contentType: mediaType(contentType),
  };
}

/** Why not all of the body is told: a body in a form that holds no fields is not, whatever the facts say. */
function opaqueOf({ bodyForm, opaque }: ExchangeFacts, without: readonly BodyForm[]): string[] {
  const unread = opaque.length === 0 && without.includes(bodyForm) ? [UNREAD[bodyForm]] : [];
  return unique([...opaque, ...unread]);
}

const UNREAD: Record<BodyForm, string> = {
  none: "",
  json: "",
  form: "its body is a form",
  text: "its body is plain text",
  unread: "its body was not read",
};

/** `Application/JSON; charset=utf-8` as `application/json`; empty where there is none. */
export function mediaType(contentType: string | null): string {
  return (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

function shared(
  { websocket }: HttpRequest,
  { session, principalUsage }: ExchangeCircumstances,
): Record<string, unknown> {
  return { websocket, session: usageContext(session), principalUsage: usageContext(principalUsage) };
}

function pathContext(path: string): Record<string, unknown> {
  if (path.split("/").length - 1 > MAX_PATH_PARTS) {
    throw new Error(`its path has more than ${MAX_PATH_PARTS} parts`);
  }
  return {
    path,
    under: directoriesOf(path),
    underAnyCase: directoriesOf(path.toLowerCase()),
  };
}

function apiPathContext(info: RequestInfo | null): Record<string, unknown> {
  const path = info?.path ?? "";
  return info?.isResource === false ? pathContext(path) : { path, under: [], underAnyCase: [] };
}

function queryContext(
  query: readonly (readonly [string, string])[],
  fields: HttpFacts["fields"],
): Record<string, unknown> {
  const names = query.map(([name]) => name);
  // An array's elements share their path, and are no repetition.
  const single = fields.map(([path]) => path).filter((path) => !path.includes("[]"));
  return {
    query: unique(names),
    parameters: unique(query.map(parameter)),
    repeated: unique([...repeated(names), ...repeated(single)]),
  };
}

/** As the API server reads a query (Go's `url.ParseQuery`); what the two read differently was refused before. */
function parametersOf(target: string): [string, string][] {
  const start = target.indexOf("?");
  return start < 0 ? [] : [...new URLSearchParams(target.slice(start + 1))];
}

function bytesOf({ body }: HttpRequest, { bodyForm }: HttpFacts): number | null {
  if (body !== null) return body.bytes;
  return bodyForm === "none" ? 0 : null;
}

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}

function pair([name, value]: readonly [string, string]): string {
  return `${name}=${value}`;
}

/** So that the first = is the one between them: in a name, which may have any, it is `%3D`. */
function parameter([name, value]: readonly [string, string]): string {
  return pair([name.replace(/[%=]/g, encodeURIComponent), value]);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

import type { KubernetesFacts } from "../http/facts.ts";
import type { JsonValue } from "../http/json.ts";
import type { HttpRequest } from "../http/request.ts";
import { readTarget, type Target } from "../http/target.ts";
import { changesAuthority, isWrite } from "./authority.ts";
import { type ReadBody, readBody } from "./body.ts";
import { ObjectFacts } from "./object-facts.ts";
import type { RequestInfo } from "./request-info.ts";
import { isConnect } from "./status.ts";
import { memberAt } from "./walk.ts";

/**
 * What is known of a request to an API server (`request.kubernetes` is set): of its body, if that would change
 * something, and of its query. `body`: all of it, or null. `opaque` holds all that could not be told. Throws as
 * `readTarget` does.
 */
export function kubernetesFacts(
  request: HttpRequest,
  contentEncoding: string | null,
  body: Uint8Array | null,
): KubernetesFacts {
  const { target, contentType, streamed } = request;
  const info = request.kubernetes!;
  const { query } = readTarget(target, { encodedSlashes: false });
  const read = readBody(info, { contentType, contentEncoding, body, streamed });
  const facts = new ObjectFacts(info);
  for (const change of read.changes) facts.add(change);
  return {
    type: "kubernetes",
    bodyForm: read.bodyForm,
    ...facts.told(),
    rbac: changesAuthority(info) || facts.authority,
    dryRun: isDryRun(info, query, read),
    command: commandOf(info, query),
    opaque: [...new Set([...read.opaque, ...facts.opaque])],
  };
}

/** Subresources that make something even where nothing is to be kept. */
const KEPT_ANYWAY: ReadonlySet<string> = new Set(["token"]);

/**
 * Whether nothing is kept. A deletion's options are those of its body, where it has one, and else the query's
 * (`DeleteResource` of k8s.io/apiserver/pkg/endpoints/handlers).
 */
function isDryRun(info: RequestInfo, query: Target["query"], read: ReadBody): boolean {
  if (!isWrite(info) || isConnect(info) || KEPT_ANYWAY.has(info.subresource)) return false;
  const isDelete = info.verb === "delete" || info.verb === "deletecollection";
  if (isDelete && read.bodyForm !== "none")
    return read.changes.some(({ value }) => isAll(memberAt(value, "dryRun")));
  const values = query.filter(([name]) => name === "dryRun");
  return isAll(values.map(([, value]) => value));
}

/** `All` is the only value there is, and stands once (`ValidateDryRun` of k8s.io/apimachinery). */
function isAll(values: JsonValue | undefined): boolean {
  return Array.isArray(values) && values.length > 0 && values.every((value) => value === "All");
}

function commandOf(info: RequestInfo, query: Target["query"]): readonly string[] {
  const runs = isConnect(info) && info.resource === "pods" && info.subresource === "exec";
  return runs ? query.filter(([name]) => name === "command").map(([, value]) => value) : [];
}

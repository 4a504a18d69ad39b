import type { JsonValue } from "../http/json.ts";
import type { RequestInfo } from "./request-info.ts";
import { memberAt, type Place } from "./walk.ts";

/** Groups whose every object says who may do what, or what the API server refuses: also those of usual add-ons. */
const GROUPS: ReadonlySet<string> = new Set([
  "rbac.authorization.k8s.io",
  "certificates.k8s.io",
  "admissionregistration.k8s.io",
  "apiregistration.k8s.io",
  "kyverno.io",
  "policies.kyverno.io",
  "constraints.gatekeeper.sh",
  "templates.gatekeeper.sh",
  "policies.kubewarden.io",
  "authorization.openshift.io",
  "security.openshift.io",
  "user.openshift.io",
  "oauth.openshift.io",
]);

/** Objects of the core group, `resource/name`, by which clusters find who somebody is. */
const CONFIG_MAPS: ReadonlySet<string> = new Set(["aws-auth", "extension-apiserver-authentication"]);
const TOKEN_SECRETS: ReadonlySet<JsonValue> = new Set([
  "kubernetes.io/service-account-token",
  "bootstrap.kubernetes.io/token",
]);
const TOKEN_ANNOTATION = "kubernetes.io/service-account.name";
const POD_SECURITY = "pod-security.kubernetes.io/";

const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

export function isWrite({ isResource, verb }: RequestInfo): boolean {
  return isResource && WRITES.has(verb);
}

/** Whether a write changes who may do what, by what it names alone. */
export function changesAuthority(info: RequestInfo): boolean {
  if (!isWrite(info)) return false;
  const { group, resource, subresource, name } = info;
  if (GROUPS.has(group)) return true;
  if (group !== "") return false;
  if (resource === "serviceaccounts" && subresource === "token") return true;
  return resource === "configmaps" && CONFIG_MAPS.has(name);
}

/** Whether an object of that `apiVersion` and `kind` does. */
export function isAuthority(apiVersion: string): boolean {
  return GROUPS.has(apiVersion.split("/", 1)[0]!);
}

/** Whether a member of the body does: `place` leads to it. */
export function givesAuthority(info: RequestInfo, name: string, value: JsonValue, place: Place): boolean {
  if (name === TOKEN_ANNOTATION) return true;
  if (name.startsWith(POD_SECURITY)) return place.at(-1) === "labels";
  if (name === "type") return TOKEN_SECRETS.has(value);
  if (name === "conversion") return info.resource === "customresourcedefinitions";
  if (name !== "metadata" || info.resource !== "configmaps") return false;
  const object = memberAt(value, "name");
  return typeof object === "string" && CONFIG_MAPS.has(object);
}

/**
 * What the API server takes a request for, as its `RequestInfo` has it (k8s.io/apiserver/pkg/endpoints/request).
 */
export interface RequestInfo {
  /** Whether it names a resource of the API; else a path such as `/version`. */
  isResource: boolean;
  /** Of resources `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `proxy`; else the method in lower case. */
  verb: string;
  /** Without leading and trailing slashes' doubles: the path that is sent on. */
  path: string;
  /** `api` or `apis`; empty where it is no resource, like all that follows. */
  prefix: string;
  /** Empty for the core group. */
  group: string;
  version: string;
  /** Empty for cluster-scoped resources and for all namespaces. */
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** The path's parts from the resource on. */
  parts: readonly string[];
}

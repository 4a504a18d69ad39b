import type { RequestInfo } from "./request-info.ts";

const SCHEMA = /^\/openapi\/v[23](?:$|\/)/;

/**
 * Whether the API server's own OpenAPI documents are read: they say which types there are, and hold no object. kubectl
 * asks for version 2 in protobuf alone before it applies or creates (`openapi/openapi_v2` of k8s.io/client-go).
 */
export function isSchemaDocument(info: RequestInfo): boolean {
  return !info.isResource && info.verb === "get" && SCHEMA.test(info.path);
}

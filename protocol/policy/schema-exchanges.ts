/** The part of the schema about HTTP and Kubernetes targets. */
export const EXCHANGE_SCHEMA = `
/// One request to an HTTP target.
type Exchange = {
  /// False at first; true when it is asked what an approval would change.
  approved: Bool,
  /// As it was sent: "GET".
  method: String,
  /// Decoded, without the query: "/admin/users/7".
  path: String,
  /// The path, and all paths above it: "/admin/users/7", "/admin/users", "/admin", "/".
  under: Set<String>,
  /// The same in lower case, for forbids: to many servers /Admin is /admin.
  underAnyCase: Set<String>,
  /// Names of the query's parameters, decoded.
  query: Set<String>,
  /// "name=value" of each; = and % in a name are %3D and %25.
  parameters: Set<String>,
  /// Names of parameters, and of a form's fields, that stand more than once: which of them counts is each server's own.
  repeated: Set<String>,
  /// Fields of the head that may say what is done, "name=value" of each and their names, in lower case; those that every
  /// client sends of itself are left out.
  headers: Set<String>,
  headerNames: Set<String>,
  /// Of the body, in lower case and without parameters: "application/json"; empty where none is named.
  contentType: String,
  /// How the body was read: "none" (there is none), "json", "form", "text", "unread".
  bodyForm: String,
  /// Where it is known before it is sent on.
  bodyBytes?: Long,
  /// Of JSON and forms: where values stand ("user.roles[]"), and "path=value" of each.
  fieldNames: Set<String>,
  fields: Set<String>,
  /// All of the query and of the body is in these, and no server takes it for anything else.
  complete: Bool,
  /// Why not, in words.
  opaque: Set<String>,
  /// It asks for a WebSocket: what goes over that isn't judged.
  websocket: Bool,
  session: Usage,
  /// All sessions of the principal on this connector.
  principalUsage: Usage,
};

/// A response, or a WebSocket's messages, that can't be looked into, so that nothing in it is masked.
type Unreadable = {
  approved: Bool,
  /// Of the request. Of Kubernetes targets under is empty where a resource is named.
  method: String,
  path: String,
  under: Set<String>,
  underAnyCase: Set<String>,
  /// Of the response, as above; empty where none is named, or it is a WebSocket's.
  contentType: String,
  websocket: Bool,
  session: Usage,
  principalUsage: Usage,
};

/// One request to a Kubernetes target, as its API server takes it.
type ApiRequest = {
  approved: Bool,
  /// "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"; of what is no resource
  /// the method in lower case.
  verb: String,
  /// Empty for the core group, and for what is no resource.
  group: String,
  version: String,
  /// "deployments"; empty for what is no resource.
  resource: String,
  /// "scale", "exec"; empty where there is none.
  subresource: String,
  /// Empty for all namespaces, and for what is in none.
  namespace: String,
  /// Empty where the request is about all, or about a new object.
  name: String,
  /// "/api/v1/nodes".
  path: String,
  query: Set<String>,
  /// "name=value" of the query's parameters.
  parameters: Set<String>,
  repeated: Set<String>,
  /// What follows is from the body: of the objects that it would store, or of a patch.
  /// "apps/Deployment", "Pod".
  kinds: Set<String>,
  /// What the number of replicas would be, where the body says it.
  replicas?: Long,
  images: Set<String>,
  /// What gives pods rights on their node or more: "privileged", "hostPath".
  rights: Set<String>,
  /// Service accounts that pods would run as.
  serviceAccounts: Set<String>,
  /// "key=value", of the objects and of pods' templates.
  labels: Set<String>,
  /// It changes who may do what, by its resource or its body.
  rbac: Bool,
  /// Where what it sets stands: "spec.replicas".
  fields: Set<String>,
  /// Nothing would be kept.
  dryRun: Bool,
  /// The command line of exec, a blank between words, quoted where need be; else empty.
  command: String,
  /// "none", "json", "text", "unread".
  bodyForm: String,
  /// All that the request would do is proved.
  complete: Bool,
  /// Why not, in words.
  opaque: Set<String>,
  websocket: Bool,
  session: Usage,
  principalUsage: Usage,
};

/// Every request to an HTTP target; those that read, by their method; all others.
action "http:request";
action "http:read", "http:write" in ["http:request"];

action "http:get", "http:head", "http:options" in ["http:read"] appliesTo {
  principal: [Principal], resource: [Target], context: Exchange,
};
action "http:post", "http:put", "http:patch", "http:delete", "http:other" in ["http:write"] appliesTo {
  principal: [Principal], resource: [Target], context: Exchange,
};

/// What can't be looked into reaches the agent; of HTTP and Kubernetes targets. In no group: who permits requests has not
/// thought of what can't be masked.
action "http:unreadable" appliesTo {
  principal: [Principal], resource: [Target], context: Unreadable,
};

/// Every request to a Kubernetes target; those that read objects; those that change them.
action "kubernetes:request";
action "kubernetes:read", "kubernetes:write" in ["kubernetes:request"];

action "kubernetes:get", "kubernetes:list", "kubernetes:watch" in ["kubernetes:read"] appliesTo {
  principal: [Principal], resource: [Target], context: ApiRequest,
};
action "kubernetes:create", "kubernetes:update", "kubernetes:patch", "kubernetes:delete",
  "kubernetes:deletecollection" in ["kubernetes:write"] appliesTo {
  principal: [Principal], resource: [Target], context: ApiRequest,
};
action "kubernetes:connect", "kubernetes:nonresource" in ["kubernetes:request"] appliesTo {
  principal: [Principal], resource: [Target], context: ApiRequest,
};
`;

/** The part of the starter policies that judges HTTP targets. */
export const HTTP_STARTER_POLICIES = `// ---- HTTP services

// A service is asked by method, path, query and body; the group "ops" approves here. What a GET does is the service's
// own affair: where one changes something, forbid its path, by context.underAnyCase.

// Reads by their method, of which all is understood. A body would be a second query, which is held below.
@id("http-read")
permit(principal, action in Action::"http:read", resource)
when { context.complete && context.bodyForm == "none" && !context.websocket };

@id("http-unusual-read")
@reason("This reads by a body, or by a query that servers understand in different ways: it needs an approval.")
@approvers("ops")
permit(principal, action in Action::"http:read", resource)
when { context.approved && !context.websocket };

// What else a method does nobody can know for all services: the approver sees the whole request, body and all. What
// can't be shown, as it is long or no text, can't be held either, and is refused. Permit what is meant, by path:
//   permit(principal in Group::"support", action == Action::"http:post", resource == Target::"billing")
//   when { context.path == "/v1/refunds" && context.complete && context.repeated.isEmpty() &&
//     ["order", "reason"].containsAll(context.fieldNames) };
@id("http-write")
@reason("This may change something: it needs an approval.")
@approvers("ops")
permit(principal, action in Action::"http:write", resource)
when { context.approved && !context.websocket };

@id("http-websocket")
@reason("What goes over a WebSocket isn't judged: it needs an approval.")
@approvers("ops")
permit(principal, action in Action::"http:request", resource)
when { context.approved && context.websocket };

// ---- Responses that can't be looked into, of HTTP and Kubernetes targets

// Nothing is masked in an image, an archive or a format that isn't known here, and services have more than one way to
// give the same rows in another format. So each is held; of a write, which has been done by then, it stays back. Where
// a target has nothing that must be masked, or gives pictures, permit them for it:
//   permit(principal, action == Action::"http:unreadable", resource == Target::"wiki")
//   when { context.contentType like "image/*" };
@id("http-unreadable")
@reason("The response can't be looked into, so nothing in it would be masked: it needs an approval. Ask for JSON or text where the service has it.")
@approvers("ops")
permit(principal, action == Action::"http:unreadable", resource)
when { context.approved && !context.websocket && ["GET", "HEAD"].contains(context.method) };
`;

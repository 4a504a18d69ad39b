/** The part of the starter policies that judges Kubernetes targets. */
export const KUBERNETES_STARTER_POLICIES = `// ---- Kubernetes: reading

// The cluster's own rules (RBAC) for whom the connector impersonates hold as well: what is permitted here is at most
// what they permit. The group "ops" approves here.

// Objects and logs. The values of Secrets, and what is labelled, come masked; nobody is permitted to unmask them.
@id("kubernetes-read")
permit(principal, action in Action::"kubernetes:read", resource)
when { context.complete };

// What kubectl and client libraries ask before anything else.
@id("kubernetes-discovery")
permit(principal, action == Action::"kubernetes:nonresource", resource)
when {
  ["get", "head"].contains(context.verb) &&
  (["/", "/version", "/version/", "/healthz", "/livez", "/readyz", "/api", "/apis"].contains(context.path) ||
    context.path like "/api/*" || context.path like "/apis/*" || context.path like "/openapi/*" ||
    context.path like "/healthz/*" || context.path like "/livez/*" || context.path like "/readyz/*")
};

// Asking what one may do is put as an object that is created, and kept nowhere: kubectl auth can-i, auth whoami.
@id("kubernetes-may-i")
permit(principal, action == Action::"kubernetes:create", resource)
when {
  context.subresource == "" &&
  ((context.group == "authorization.k8s.io" &&
    ["selfsubjectaccessreviews", "selfsubjectrulesreviews"].contains(context.resource)) ||
    (context.group == "authentication.k8s.io" && context.resource == "selfsubjectreviews"))
};

// Nothing is kept: kubectl diff, apply and delete with --dry-run=server. A patch of a Secret that is tried out would
// tell what is in it.
@id("kubernetes-dry-run")
permit(principal, action in Action::"kubernetes:write", resource)
when {
  context.dryRun && context.complete && ["", "scale", "status"].contains(context.subresource) &&
  context.resource != "secrets"
};

// ---- Kubernetes: changing

// The approver sees the whole object or patch. What of it isn't understood is refused.
@id("kubernetes-change")
@reason("This changes the cluster: it needs an approval.")
@approvers("ops")
permit(
  principal,
  action in [Action::"kubernetes:create", Action::"kubernetes:update", Action::"kubernetes:patch"],
  resource
)
when { context.approved && context.complete };

// Beside it, so that the approver's eye falls on it.
@id("kubernetes-scale")
@reason("This stops a workload, or makes it large.")
@approvers("ops")
permit(
  principal,
  action in [Action::"kubernetes:create", Action::"kubernetes:update", Action::"kubernetes:patch"],
  resource
)
when {
  context.approved && context.complete && context has replicas &&
  (context.replicas == 0 || context.replicas > 20)
};

@id("kubernetes-pod-rights")
@reason("This gives pods rights that most don't need.")
@approvers("ops")
permit(principal, action in Action::"kubernetes:write", resource)
when { context.approved && context.complete && !context.rights.isEmpty() };

@id("kubernetes-who-may")
@reason("This changes who may do what in the cluster.")
@approvers("ops")
permit(principal, action in Action::"kubernetes:write", resource)
when { context.approved && context.complete && context.rbac };

@id("kubernetes-delete")
@reason("This deletes, with all that belongs to it: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"kubernetes:delete", resource)
when { context.approved && context.complete };

@id("kubernetes-delete-many")
@reason("This deletes every object that its selectors choose, or all there are: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"kubernetes:deletecollection", resource)
when { context.approved && context.complete };

// ---- Kubernetes: into pods and services

// The command of exec is shown; what is typed into it, or into what attach finds running, isn't judged.
@id("kubernetes-exec")
@reason("This runs a command in a pod, or attaches to one: it needs an approval. What is typed there isn't judged.")
@approvers("ops")
permit(principal, action == Action::"kubernetes:connect", resource)
when { context.approved && context.resource == "pods" && ["exec", "attach"].contains(context.subresource) };

@id("kubernetes-port-forward")
@reason("What goes over a forwarded port is neither judged nor masked: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"kubernetes:connect", resource)
when { context.approved && context.resource == "pods" && context.subresource == "portforward" };

@id("kubernetes-proxy")
@reason("This asks something of a pod or service, past the cluster's rules: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"kubernetes:connect", resource)
when {
  context.approved && ["pods", "services"].contains(context.resource) &&
  (context.subresource == "proxy" || context.verb == "proxy") && !context.websocket
};

// ---- Kubernetes: never, whoever approves

// Whoever has the node has the Secrets of every pod on it, and is masked by nobody.
@id("kubernetes-node")
@reason("This would give a pod its node: it is done by those who run the cluster, not in a session.")
forbid(principal, action in Action::"kubernetes:write", resource)
when {
  !context.dryRun &&
  context.rights.containsAny([
    "privileged", "capabilities", "hostPath", "hostPID", "hostIPC", "hostNetwork", "hostProcess", "procMount",
    "unconfined", "flexVolume", "adminAccess"
  ])
};

@id("kubernetes-kubelet")
@reason("A node's own interface runs commands in every pod, unasked by the cluster's rules.")
forbid(principal, action == Action::"kubernetes:connect", resource)
when { context.resource == "nodes" };

// A token or certificate would be a way around everything here.
@id("kubernetes-credentials")
@reason("This makes a credential for the cluster: nobody gets one in a session.")
forbid(principal, action in Action::"kubernetes:write", resource)
when {
  (context.resource == "serviceaccounts" && context.subresource == "token") ||
  context.resource == "certificatesigningrequests"
};
`;

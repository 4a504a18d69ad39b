export interface Case {
  method: string;
  target: string;
  /** Of a resource: verb, prefix with group and version, namespace, subresource, name, parts. Null for none. */
  resource: readonly string[] | null;
}

/**
 * What `RequestInfoFactory` of k8s.io/apiserver v0.37.2 makes of requests: the cases of its own tests, and those that a
 * reader could easily get wrong.
 */
const TABLE = `
GET /api/v1/namespaces => "list" "api/v1" "" "" "" "namespaces"
GET /api/v1/namespaces/other => "get" "api/v1" "other" "" "other" "namespaces/other"
GET /api/v1/namespaces/other/pods => "list" "api/v1" "other" "" "" "pods"
GET /api/v1/namespaces/other/pods/foo => "get" "api/v1" "other" "" "foo" "pods/foo"
HEAD /api/v1/namespaces/other/pods/foo => "get" "api/v1" "other" "" "foo" "pods/foo"
GET /api/v1/pods => "list" "api/v1" "" "" "" "pods"
HEAD /api/v1/pods => "list" "api/v1" "" "" "" "pods"
GET /api/v1/proxy/namespaces/other/pods/foo => "proxy" "api/v1" "other" "" "foo" "pods/foo"
GET /api/v1/proxy/namespaces/other/pods/foo/subpath/not/a/subresource => "proxy" "api/v1" "other" "" "foo" "pods/foo/subpath/not/a/subresource"
GET /api/v1/watch/pods => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=true => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=false => "list" "api/v1" "" "" "" "pods"
GET /api/v1/watch/namespaces/other/pods => "watch" "api/v1" "other" "" "" "pods"
GET /api/v1/namespaces/other/pods?watch=1 => "watch" "api/v1" "other" "" "" "pods"
GET /api/v1/namespaces/other/pods?watch=0 => "list" "api/v1" "other" "" "" "pods"
GET /api/v1/namespaces/other/pods/foo/status => "get" "api/v1" "other" "status" "foo" "pods/foo/status"
GET /api/v1/namespaces/other/pods/foo/proxy/subpath => "get" "api/v1" "other" "proxy" "foo" "pods/foo/proxy/subpath"
PUT /api/v1/namespaces/other/finalize => "update" "api/v1" "other" "finalize" "other" "namespaces/other/finalize"
PUT /api/v1/namespaces/other/status => "update" "api/v1" "other" "status" "other" "namespaces/other/status"
PATCH /api/v1/namespaces/other/pods/foo => "patch" "api/v1" "other" "" "foo" "pods/foo"
DELETE /api/v1/namespaces/other/pods/foo => "delete" "api/v1" "other" "" "foo" "pods/foo"
POST /api/v1/namespaces/other/pods => "create" "api/v1" "other" "" "" "pods"
DELETE /api/v1/nodes => "deletecollection" "api/v1" "" "" "" "nodes"
DELETE /api/v1/namespaces => "deletecollection" "api/v1" "" "" "" "namespaces"
DELETE /api/v1/namespaces/other/pods => "deletecollection" "api/v1" "other" "" "" "pods"
DELETE /apis/extensions/v1/namespaces/other/pods => "deletecollection" "apis/extensions/v1" "other" "" "" "pods"
POST /apis/extensions/v1/namespaces/other/pods => "create" "apis/extensions/v1" "other" "" "" "pods"
POST /apis/extensions/v1beta3/namespaces/other/pods => "create" "apis/extensions/v1beta3" "other" "" "" "pods"
GET /
GET /api/version/
GET /apis/group/version/
GET /badprefix/version/resource
GET /apis/version/resource
GET /api/version/resource => "list" "api/version" "" "" "" "resource"
GET /apis/group/version/resource/name/subresource => "get" "apis/group/version" "" "subresource" "name" "resource/name/subresource"
GET /api/version/resource/name/subresource => "get" "api/version" "" "subresource" "name" "resource/name/subresource"
GET /apis/batch/v1/job => "list" "apis/batch/v1" "" "" "" "job"
GET /apis/batch/v1/job/foo => "get" "apis/batch/v1" "" "" "foo" "job/foo"
GET /apis/batch/v1/job/foo/scale => "get" "apis/batch/v1" "" "scale" "foo" "job/foo/scale"
GET /not-api/version/resource
GET /apis/extensions/v1beta1
GET /apis/extensions/v1beta1/
GET /api/version
GET /api
GET /apis/group/version/resource?fieldSelector=metadata.name=name1 => "list" "apis/group/version" "" "" "name1" "resource"
GET /apis/group/version/resource?watch=true&fieldSelector=metadata.name=name1 => "watch" "apis/group/version" "" "" "name1" "resource"
GET /apis/group/version/resource?fieldSelector=foo=bar&labelSelector=baz=qux => "list" "apis/group/version" "" "" "" "resource"
GET /apis/group/version/resource?fieldSelector=metadata.name=name1,foo => "list" "apis/group/version" "" "" "" "resource"
GET /apis/group/version/resource?fieldSelector=metadata.name=name1,foo&watch=true => "watch" "apis/group/version" "" "" "" "resource"
GET /apis/group/version/resource?fieldSelector=metadata.name=name1,foo&watch=false => "list" "apis/group/version" "" "" "" "resource"
DELETE /apis/group/version/resource?fieldSelector=foo=bar&labelSelector=baz=qux => "deletecollection" "apis/group/version" "" "" "" "resource"
GET /apis/group/version/resource?fieldSelector=metadata.name=foo&fieldSelector=metadata.name=bar&labelSelector=foo=bar&labelSelector=foo=baz => "list" "apis/group/version" "" "" "foo" "resource"
GET /apis/group/version/resource/name?fieldSelector=foo=bar&labelSelector=foo=bar => "get" "apis/group/version" "" "" "name" "resource/name"
GET /apis/group/version/watch/resource?fieldSelector=metadata.name=foo&labelSelector=foo=bar => "watch" "apis/group/version" "" "" "" "resource"
GET /apis/group/version/watch/resource/name?fieldSelector=metadata.name=foo&labelSelector=foo=bar => "watch" "apis/group/version" "" "" "name" "resource/name"
GET /api/v1/pods?watch => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch= => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=FALSE => "list" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=no => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=0&watch=1 => "list" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=1&watch=0 => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?%77atch=%31 => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?Watch=true => "list" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=00 => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods?watch=+0 => "watch" "api/v1" "" "" "" "pods"
GET /api/v1/pods/foo?watch=true => "get" "api/v1" "" "" "foo" "pods/foo"
POST /api/v1/pods?watch=true => "create" "api/v1" "" "" "" "pods"
DELETE /api/v1/pods?fieldSelector=metadata.name=foo => "deletecollection" "api/v1" "" "" "" "pods"
DELETE /api/v1/pods?watch=true => "deletecollection" "api/v1" "" "" "" "pods"
POST /api/v1/watch/pods => "watch" "api/v1" "" "" "" "pods"
DELETE /api/v1/watch/pods/foo => "watch" "api/v1" "" "" "foo" "pods/foo"
GET /api/v1/secrets?fieldSelector=metadata.name%3D%3Dfoo => "list" "api/v1" "" "" "foo" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name!=foo => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=b,metadata.name=a => "list" "api/v1" "" "" "a" "secrets"
GET /api/v1/secrets?fieldSelector=type=x,metadata.name=b => "list" "api/v1" "" "" "b" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=a%5C,b => "list" "api/v1" "" "" "a,b" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=a%5Cb => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=a/b => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=.. => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name= => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=,,metadata.name=z, => "list" "api/v1" "" "" "z" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=a=b => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&limit=abc => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&limit= => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&limit=%2B5 => "list" "api/v1" "" "" "foo" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&limit=9223372036854775807 => "list" "api/v1" "" "" "foo" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&limit=9223372036854775808 => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&timeoutSeconds=1_0 => "list" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&timeoutSeconds=abc&watch=1 => "watch" "api/v1" "" "" "" "secrets"
GET /api/v1/secrets?fieldSelector=metadata.name=foo&labelSelector=app.kubernetes.io/name%3Dweb,!x => "list" "api/v1" "" "" "foo" "secrets"
GET /api/v1/secrets?fieldSelector=%5C%5C=b,metadata.name=c => "list" "api/v1" "" "" "c" "secrets"
GET /api/v1/namespaces/x/status => "get" "api/v1" "x" "status" "x" "namespaces/x/status"
GET /api/v1/namespaces/x/finalize/y => "get" "api/v1" "x" "finalize" "x" "namespaces/x/finalize/y"
GET /api/v1/namespaces/x/namespaces => "list" "api/v1" "x" "" "" "namespaces"
GET /api/v1/namespaces/x/namespaces/y => "get" "api/v1" "x" "" "y" "namespaces/y"
GET /api/v1/namespaces/x/watch => "list" "api/v1" "x" "" "" "watch"
GET /api/v1/namespaces/x/proxy/y => "get" "api/v1" "x" "" "y" "proxy/y"
DELETE /api/v1/namespaces/x => "delete" "api/v1" "x" "" "x" "namespaces/x"
DELETE /apis/g/v1/namespaces => "deletecollection" "apis/g/v1" "" "" "" "namespaces"
GET /api/v1/watch/namespaces => "watch" "api/v1" "" "" "" "namespaces"
GET /api/v1/watch/namespaces/x => "watch" "api/v1" "x" "" "x" "namespaces/x"
GET /api/v1/watch/watch => "watch" "api/v1" "" "" "" "watch"
GET /api/v1/watch/proxy/x => "watch" "api/v1" "" "" "x" "proxy/x"
GET /api/v1/proxy/watch => "proxy" "api/v1" "" "" "" "watch"
GET /api/v1/proxy/nodes/n1/logs/syslog => "proxy" "api/v1" "" "" "n1" "nodes/n1/logs/syslog"
GET /api/v1/nodes/n1/proxy/run/x => "get" "api/v1" "" "proxy" "n1" "nodes/n1/proxy/run/x"
GET /api/v1/namespaces/x/services/https:web:443/proxy/ => "get" "api/v1" "x" "proxy" "https:web:443" "services/https:web:443/proxy"
GET /api/v1/namespaces/x/services/https%3Aweb%3A443/proxy/a/b => "get" "api/v1" "x" "proxy" "https:web:443" "services/https:web:443/proxy/a/b"
POST /api/v1/namespaces/x/pods/p/exec?command=sh => "create" "api/v1" "x" "exec" "p" "pods/p/exec"
GET /api/v1/namespaces/x/pods/p/exec?command=sh => "get" "api/v1" "x" "exec" "p" "pods/p/exec"
POST /api/v1/namespaces/x/pods/p/eviction => "create" "api/v1" "x" "eviction" "p" "pods/p/eviction"
POST /api/v1/namespaces/x/serviceaccounts/sa/token => "create" "api/v1" "x" "token" "sa" "serviceaccounts/sa/token"
GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system:node => "get" "apis/rbac.authorization.k8s.io/v1" "" "" "system:node" "clusterroles/system:node"
GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode => "get" "apis/rbac.authorization.k8s.io/v1" "" "" "system:node" "clusterroles/system:node"
GET /api/v1/namespaces/caf%C3%A9/pods => "list" "api/v1" "café" "" "" "pods"
GET /api/v1/namespaces/a%20b/pods => "list" "api/v1" "a b" "" "" "pods"
GET /api/v1/namespaces/a+b/pods => "list" "api/v1" "a+b" "" "" "pods"
GET /API/v1/pods
GET /api/V1/Pods => "list" "api/V1" "" "" "" "Pods"
GET /apis/apps/v1
GET /api/v1
GET /apis
GET /openapi/v3/apis/apps/v1?hash=ABC
OPTIONS /version
POST /healthz
GET /metrics/
GET /api/proxy
GET /api/watch/pods => "list" "api/watch" "" "" "" "pods"
GET /apis/watch/pods/x => "list" "apis/watch/pods" "" "" "" "x"
GET /apis/apps/v1/deployments/scale => "get" "apis/apps/v1" "" "" "scale" "deployments/scale"
GET /apis/apps/v1/namespaces/n/deployments/d/scale/extra/parts => "get" "apis/apps/v1" "n" "scale" "d" "deployments/d/scale/extra/parts"
PATCH /apis/apps/v1/namespaces/n/deployments => "patch" "apis/apps/v1" "n" "" "" "deployments"
PUT /apis/apps/v1/deployments => "update" "apis/apps/v1" "" "" "" "deployments"
`;

export const CASES: readonly Case[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [request, resource] = line.split(" => ");
    const [method, target] = request!.split(" ");
    return {
      method: method!,
      target: target!,
      resource: resource === undefined ? null : JSON.parse(`[${resource.replaceAll('" "', '","')}]`),
    };
  });

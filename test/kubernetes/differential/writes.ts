import { configMap, yaml } from "./fixtures.ts";
import type { Row } from "./sides.ts";

const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "api" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "api" } },
    template: {
      metadata: { labels: { app: "api" } },
      spec: { containers: [{ name: "api", image: "api:1" }] },
    },
  },
};
const imaged = (image: string) => {
  const changed = structuredClone(DEPLOYMENT);
  changed.spec.template.spec.containers[0]!.image = image;
  return changed;
};
const patch = (type: string, name: string, body: unknown) => [
  "patch",
  ...name.split(" "),
  `--type=${type}`,
  "-p",
  JSON.stringify(body),
];
/** An editor that changes what it is given. */
const editor = (script: string) => ({ env: { KUBE_EDITOR: `sed -i ${script}` } });

/** What changes, in order; what one row makes another may use. */
export const WRITES: readonly Row[] = [
  // create
  {
    kubectl: "create configmap made --from-literal=a=1 --from-literal=b=2",
    says: /configmap\/made created/,
  },
  {
    kubectl: "create configmap made --from-literal=a=1",
    status: 1,
    says: /already exists/,
  },
  {
    kubectl: "create secret generic token --from-literal=key=s3cr3t-value",
    says: /secret\/token created/,
  },
  {
    kubectl:
      "create secret docker-registry pull --docker-server=r.test --docker-username=u --docker-password=p",
  },
  { kubectl: "create deployment made --image=made:1 --replicas=2", says: /created/ },
  { kubectl: "create deployment dry --image=dry:1 --dry-run=client -o yaml", says: /image: dry:1/ },
  {
    kubectl: "create deployment dry --image=dry:1 --dry-run=server -o yaml",
    says: /progressDeadlineSeconds/,
  },
  { kubectl: "create job once --image=job:1 -- true", says: /job.batch\/once created/ },
  { kubectl: "create role maker --verb=create,get --resource=configmaps", says: /created/ },
  { kubectl: "create rolebinding maker --role=maker --user=nobody", says: /created/ },
  {
    kubectl: "create clusterrole global-{side} --verb=get --resource=pods",
    says: /created/,
  },
  { kubectl: "create namespace space-{side}", says: /created/ },
  { kubectl: "create quota most --hard=pods=100", says: /created/ },
  { kubectl: "create serviceaccount made", says: /created/ },
  {
    kubectl: "create service clusterip made --tcp=80:80 --clusterip=None",
    says: /created/,
  },
  { kubectl: "create token robot --duration=600s", says: /TOKEN|^eyJ/ },
  { kubectl: "create token no-such", status: 1, says: /not found/ },
  {
    kubectl: "create -f -",
    input: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "Not_Valid" } },
    status: 1,
    says: /Invalid value/,
  },
  {
    kubectl: "create -f -",
    input: { apiVersion: "v1", kind: "Nonsense", metadata: { name: "x" } },
    status: 1,
    says: /no matches for kind/,
  },
  { kubectl: "create -f -", input: { ...configMap("strict"), extra: 1 }, status: 1, says: /unknown field/ },
  {
    kubectl: "create -f - --validate=warn",
    input: { ...configMap("lenient"), extra: 1 },
    says: /unknown field/,
  },
  {
    kubectl: "create --raw /api/v1/namespaces/default/configmaps?dryRun=All -f -",
    input: configMap("raw"),
    says: /"name":"raw"/,
  },
  // apply
  { kubectl: "apply -f -", input: DEPLOYMENT, says: /deployment.apps\/api created/ },
  { kubectl: "apply -f -", input: DEPLOYMENT, says: /unchanged/ },
  { kubectl: "apply -f -", input: imaged("api:2"), says: /configured/ },
  { kubectl: "diff -f -", input: imaged("api:3"), status: 1, says: /\+ +- image: api:3/ },
  { kubectl: "diff -f -", input: imaged("api:2"), status: 0 },
  { kubectl: "apply -f - --dry-run=server -o yaml", input: imaged("api:4"), says: /image: api:4/ },
  { kubectl: "apply -f - --dry-run=client", input: imaged("api:4"), says: /dry run/ },
  { kubectl: "apply -f - --server-side", input: configMap("ssa"), says: /serverside-applied/ },
  {
    kubectl: "apply -f - --server-side --field-manager=other",
    input: configMap("ssa", { a: "2" }),
    status: 1,
    says: /conflict/,
  },
  {
    kubectl: "apply -f - --server-side --field-manager=other --force-conflicts",
    input: configMap("ssa", { a: "2" }),
    says: /serverside-applied/,
  },
  { kubectl: "apply -f -", input: yaml(configMap("one"), configMap("two")), says: /configmap\/two created/ },
  {
    kubectl: "apply -f - --prune -l app=pruned",
    input: { ...configMap("kept"), metadata: { name: "kept", labels: { app: "pruned" } } },
    says: /configmap\/kept created/,
  },
  {
    kubectl: "apply -f - --prune -l app=pruned --prune-allowlist=core/v1/ConfigMap",
    input: { ...configMap("other"), metadata: { name: "other", labels: { app: "pruned" } } },
    says: /configmap\/kept pruned/,
  },
  { kubectl: "apply view-last-applied deployment/api", says: /image: api:2/ },
  {
    kubectl: "apply set-last-applied -f - --create-annotation",
    input: imaged("api:2"),
    says: /deployment.apps\/api/,
  },
  {
    kubectl: "apply -f -",
    input: { ...DEPLOYMENT, spec: { ...DEPLOYMENT.spec, selector: { matchLabels: { app: "no" } } } },
    status: 1,
    says: /Invalid|immutable/,
  },
  { kubectl: "apply -k {folder}/kustom", says: /configmap\/kustom-settings/ },
  { kubectl: "kustomize {folder}/kustom", says: /kustom-settings/ },
  // patch, replace, edit
  {
    kubectl: patch("strategic", "deployment api", {
      spec: { template: { spec: { containers: [{ name: "api", env: [{ name: "A", value: "1" }] }] } } },
    }),
    says: /patched/,
  },
  { kubectl: patch("merge", "deployment api", { metadata: { labels: { merged: "yes" } } }), says: /patched/ },
  {
    kubectl: patch("json", "deployment api", [{ op: "replace", path: "/spec/replicas", value: 3 }]),
    says: /patched/,
  },
  {
    kubectl: patch("json", "deployment api", [{ op: "test", path: "/spec/replicas", value: 99 }]),
    status: 1,
    says: /test|failed|invalid/i,
  },
  { kubectl: patch("merge", "deployment api", { spec: { replicas: -1 } }), status: 1, says: /Invalid value/ },
  { kubectl: patch("merge", "configmap no-such", { data: {} }), status: 1, says: /NotFound/ },
  { kubectl: patch("merge", "configmap settings -o yaml", { data: { more: "1" } }), says: /more: "1"/ },
  {
    kubectl: 'patch deployment api --subresource=scale --type=merge -p {"spec":{"replicas":2}}',
    says: /patched/,
  },
  { kubectl: "replace -f -", input: configMap("one", { a: "9" }), says: /replaced/ },
  {
    kubectl: "replace -f -",
    input: { ...configMap("one"), metadata: { name: "one", resourceVersion: "1" } },
    status: 1,
    says: /Conflict/,
  },
  { kubectl: "replace --force -f -", input: configMap("one", { a: "tenth" }), says: /replaced/ },
  { kubectl: "replace -f -", input: configMap("no-such"), status: 1, says: /NotFound/ },
  { kubectl: "edit configmap one", ...editor("s/tenth/eleventh/"), says: /configmap\/one edited/ },
  { kubectl: "edit configmap one", ...editor("s/nothing//"), says: /no changes made|skipped/ },
  { kubectl: "edit configmap one -o json", ...editor("s/eleventh/twelfth/"), says: /twelfth/ },
  { kubectl: "edit secret token", ...editor("s/name:/name:/"), says: /no changes made|skipped/ },
  { kubectl: "get configmap one -o jsonpath={.data}", says: /twelfth/ },
  // smaller changes
  { kubectl: "label pod web-1 seen=yes", says: /labeled/ },
  { kubectl: "label pod web-1 seen=no", status: 1, says: /already has a value/ },
  { kubectl: "label pod web-1 seen=no --overwrite", says: /labeled/ },
  { kubectl: "label pods --all run=all", says: /pod\/pair labeled/ },
  { kubectl: "label pod web-1 seen-", says: /unlabeled/ },
  { kubectl: "label pod web-1 bad=a/b/c", status: 1, says: /a valid label|Invalid value/i },
  { kubectl: "annotate pod web-1 note=text", says: /annotated/ },
  { kubectl: "annotate pod web-1 note-", says: /annotated/ },
  { kubectl: "annotate --list pod/web-1" },
  { kubectl: "scale deployment api --replicas=5", says: /scaled/ },
  {
    kubectl: "scale deployment api --replicas=1 --current-replicas=4",
    status: 1,
    says: /Expected replicas to be 4/i,
  },
  { kubectl: "scale deployment no-such --replicas=1", status: 1, says: /NotFound/ },
  { kubectl: "scale statefulset store --replicas=2", says: /scaled/ },
  { kubectl: "set image deployment/api api=api:9", says: /image updated/ },
  { kubectl: "set env deployment/api COLOUR=red", says: /env updated/ },
  { kubectl: "set env deployment/api --list", says: /COLOUR=red/ },
  {
    kubectl: "set resources deployment/api --limits=cpu=1,memory=64Mi",
    says: /resource requirements updated/,
  },
  { kubectl: "set serviceaccount deployment api robot", says: /serviceaccount updated/ },
  { kubectl: "set selector service web app=api", says: /selector updated/ },
  { kubectl: "expose deployment api --port=80 --cluster-ip=None", says: /exposed/ },
  { kubectl: "expose deployment api --port=80", status: 1, says: /AlreadyExists/ },
  { kubectl: "autoscale deployment api --max=3 --cpu=50%", says: /autoscaled/ },
  { kubectl: "rollout restart deployment/api", says: /restarted/ },
  { kubectl: "rollout pause deployment/api", says: /paused/ },
  { kubectl: "rollout resume deployment/api", says: /resumed/ },
  { kubectl: "rollout undo deployment/api", status: 1, says: /no rollout history/ },
  { kubectl: "rollout status deployment/api --timeout=1s", status: 1, says: /timed out|deadline/ },
  { kubectl: "run runner --image=any --restart=Never --labels=a=b", says: /pod\/runner created/ },
  { kubectl: "debug web-1 --image=any --container=debugger", says: /debugger|^$/ },
  // nodes: those of nobody, and the one that is there
  {
    kubectl: "create -f -",
    input: { apiVersion: "v1", kind: "Node", metadata: { name: "worker-{side}" } },
    says: /created/,
  },
  { kubectl: "taint nodes worker-{side} dedicated=here:NoSchedule", says: /tainted/ },
  { kubectl: "taint nodes worker-{side} dedicated-", says: /untainted/ },
  { kubectl: "cordon worker-{side}", says: /cordoned/ },
  { kubectl: "cordon worker-{side}", says: /already cordoned/ },
  { kubectl: "uncordon worker-{side}", says: /uncordoned/ },
  { kubectl: "label pod pair side={side}", says: /labeled/ },
  {
    kubectl:
      "drain node-1 --force --pod-selector=side={side} --timeout=20s --grace-period=0 --ignore-daemonsets",
    inTurn: ["uncordon", "node-1"],
    says: /drained/,
  },
  { kubectl: "delete node worker-{side}", says: /deleted/ },
  // certificates
  {
    kubectl: "create -f -",
    input: {
      apiVersion: "certificates.k8s.io/v1",
      kind: "CertificateSigningRequest",
      metadata: { name: "global-{side}" },
      spec: { request: "bm8=", signerName: "x.test/y", usages: ["client auth"] },
    },
    status: 1,
    says: /PEM|Invalid/,
  },
  { kubectl: "certificate approve global-{side}", status: 1, says: /NotFound/ },
  // delete
  { kubectl: "delete configmap made", says: /"made" deleted/ },
  { kubectl: "delete configmap made", status: 1, says: /NotFound/ },
  { kubectl: "delete configmap made --ignore-not-found" },
  { kubectl: "delete configmap one two -o name", says: /configmap\/two/ },
  { kubectl: "delete pods -l app=web --grace-period=0 --force", says: /web-1/ },
  { kubectl: "delete configmaps --all --dry-run=server", says: /server dry run/ },
  { kubectl: "delete configmaps --all", says: /settings/ },
  { kubectl: "delete -f -", input: DEPLOYMENT, says: /"api" deleted/ },
  { kubectl: "delete deployment made --cascade=orphan --wait=false", says: /deleted/ },
  { kubectl: "delete --raw /api/v1/namespaces/{namespace}/secrets/token", says: /Success/ },
  { kubectl: "delete clusterrole global-{side}", says: /deleted/ },
  { kubectl: "delete namespace space-{side} --wait=false", says: /deleted/ },
  { kubectl: "get all,configmaps,secrets", says: /service\/web/ },
];

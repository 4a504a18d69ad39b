import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { KubernetesFacts } from "../http/facts.ts";
import { seedOf } from "../seeded.ts";
import {
  APPLY,
  create,
  DEPLOYMENT,
  facts,
  JSON_PATCH,
  JSON_TYPE,
  MERGE,
  merge,
  operations,
  PODS,
} from "./testing.ts";

test("an object's kind, images, accounts, labels and fields are told", () => {
  const told = create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", labels: { app: "web" }, managedFields: [{ manager: "x" }] },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web", tier: "front" } },
        spec: {
          serviceAccountName: "shop",
          initContainers: [{ image: "busybox" }],
          containers: [{ image: "nginx:1" }, { image: "envoy" }],
          volumes: [{ image: { reference: "models:1" } }],
        },
      },
    },
  });
  assert.deepEqual(told, {
    type: "kubernetes",
    bodyForm: "json",
    kinds: ["apps/Deployment"],
    replicas: 3,
    images: ["busybox", "nginx:1", "envoy", "models:1"],
    rights: [],
    serviceAccounts: ["shop"],
    labels: ["app=web", "tier=front"],
    rbac: false,
    fields: [
      "metadata.name",
      "metadata.labels.app",
      "spec.replicas",
      "spec.selector.matchLabels.app",
      "spec.template.metadata.labels.app",
      "spec.template.metadata.labels.tier",
      "spec.template.spec.serviceAccountName",
      "spec.template.spec.initContainers[].image",
      "spec.template.spec.containers[].image",
      "spec.template.spec.volumes[].image.reference",
    ],
    dryRun: false,
    command: [],
    opaque: [],
  });
});

describe("replicas", () => {
  test("are 0 where a scale has no number, as Go writes it", () => {
    const path = `${DEPLOYMENT}/scale`;
    for (const spec of [undefined, {}, null]) {
      const scale = { apiVersion: "autoscaling/v1", kind: "Scale", spec };
      const told = facts("PUT", path, JSON_TYPE, scale);
      assert.deepEqual([told.replicas, told.opaque], [0, []]);
    }
    assert.equal(facts("PATCH", path, MERGE, { spec: null }).replicas, 0);
    assert.equal(facts("PATCH", path, JSON_PATCH, [{ op: "remove", path: "/spec" }]).replicas, 0);
    assert.equal(facts("PATCH", path, JSON_PATCH, [{ op: "add", path: "/spec", value: {} }]).replicas, 0);
    assert.equal(facts("PATCH", path, MERGE, { metadata: { labels: { a: "b" } } }).replicas, null);
    assert.equal(facts("PATCH", path, JSON_PATCH, [{ op: "add", path: "/spec/x", value: 1 }]).replicas, null);
    assert.equal(facts("PUT", DEPLOYMENT, JSON_TYPE, { spec: {} }).replicas, null);
    const whole = [{ op: "replace", path: "", value: { kind: "Scale" } }];
    assert.equal(facts("PATCH", path, JSON_PATCH, whole).opaque.length, 1);
  });

  const scale = (replicas: unknown) => ({ apiVersion: "autoscaling/v1", kind: "Scale", spec: { replicas } });
  test("are told of a scale, and of every patch", () => {
    assert.equal(facts("PUT", `${DEPLOYMENT}/scale`, JSON_TYPE, scale(5)).replicas, 5);
    assert.equal(merge({ spec: { replicas: 0 } }).replicas, 0);
    assert.equal(operations({ op: "replace", path: "/spec/replicas", value: 0 }).replicas, 0);
    assert.equal(operations({ op: "add", path: "/spec", value: { replicas: 7 } }).replicas, 7);
    assert.equal(facts("PATCH", DEPLOYMENT, APPLY, "spec:\n  replicas: 4\n").replicas, 4);
    assert.equal(merge('{"spec":{"replicas":1e2}}').replicas, 100);
  });
  test("are null where nothing is said of them", () => {
    assert.equal(merge({ spec: { paused: true } }).replicas, null);
    assert.equal(operations({ op: "remove", path: "/spec/paused" }).replicas, null);
  });
  test("that are no number are not understood", () => {
    for (const replicas of [null, "0", 1.5, [], true, 1e300]) {
      const told = merge({ spec: { replicas } });
      assert.equal(told.replicas, null);
      assert.equal(told.opaque.length, 1);
    }
    assert.equal(operations({ op: "remove", path: "/spec/replicas" }).opaque.length, 1);
    const two = operations(
      { op: "add", path: "/spec/replicas", value: 1 },
      { op: "add", path: "/spec/replicas", value: 0 },
    );
    assert.equal(two.opaque.length, 1);
  });
});

describe("who may do what", () => {
  const changes: [method: string, target: string, body: object | null][] = [
    ["POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", { kind: "ClusterRoleBinding" }],
    ["DELETE", "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/a", null],
    ["PATCH", "/apis/rbac.authorization.k8s.io/v1beta1/clusterroles/a", { rules: [] }],
    ["POST", "/api/v1/namespaces/shop/serviceaccounts/a/token", {}],
    ["PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/a/approval", {}],
    ["POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {}],
    ["DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", null],
    ["POST", "/apis/apiregistration.k8s.io/v1/apiservices", {}],
    ["PATCH", "/apis/kyverno.io/v1/clusterpolicies/a", {}],
    ["PATCH", "/api/v1/namespaces/kube-system/configmaps/aws-auth", { data: {} }],
    ["POST", "/api/v1/namespaces/kube-system/configmaps", { metadata: { name: "aws-auth" } }],
    ["POST", "/api/v1/namespaces/shop/secrets", { type: "kubernetes.io/service-account-token" }],
    [
      "POST",
      "/api/v1/namespaces/shop/secrets",
      { metadata: { annotations: { "kubernetes.io/service-account.name": "a" } } },
    ],
    ["POST", "/api/v1/namespaces/kube-system/secrets", { type: "bootstrap.kubernetes.io/token" }],
    [
      "PATCH",
      "/api/v1/namespaces/shop",
      { metadata: { labels: { "pod-security.kubernetes.io/enforce": null } } },
    ],
    [
      "PATCH",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a",
      { spec: { conversion: { webhook: {} } } },
    ],
    [
      "POST",
      "/apis/acme.com/v1/bundles",
      {
        spec: {
          objects: [{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", metadata: {} }],
        },
      },
    ],
  ];
  for (const [method, target, body] of changes) {
    test(`is changed by ${method} ${target} ${JSON.stringify(body)}`, () => {
      assert.ok(facts(method, target, method === "PATCH" ? MERGE : JSON_TYPE, body).rbac);
    });
  }
  test("is changed by a JSON patch of a label of pod security", () => {
    const path = "/metadata/labels/pod-security.kubernetes.io~1enforce";
    for (const op of ["add", "remove", "replace"]) {
      assert.ok(facts("PATCH", "/api/v1/namespaces/shop", JSON_PATCH, [{ op, path, value: "x" }]).rbac, op);
    }
  });
  test("is not changed by others, nor by reading", () => {
    assert.ok(!facts("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", null, null).rbac);
    assert.ok(!facts("POST", "/api/v1/namespaces/shop/secrets", JSON_TYPE, { type: "Opaque" }).rbac);
    assert.ok(!facts("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", JSON_TYPE, {}).rbac);
    const owner = {
      metadata: {
        ownerReferences: [{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", name: "a" }],
      },
    };
    assert.ok(!create(owner).rbac);
  });
});

describe("a body that is not understood says so", () => {
  const opaque: [what: string, told: () => KubernetesFacts][] = [
    ["a name twice", () => create('{"spec":{"hostPID":true,"hostPID":false}}')],
    ["a name twice by an escape", () => create('{"spec":{"hostPID":false,"host\\u0050ID":true}}')],
    ["no JSON", () => create("{")],
    ["more than one value", () => create("{}{}")],
    ["a byte order mark", () => create("\ufeff{}")],
    ["no object", () => create("[]")],
    ["protobuf", () => facts("POST", PODS, "application/vnd.kubernetes.protobuf", "k8s\0")],
    ["CBOR", () => facts("POST", PODS, "application/cbor", new Uint8Array([0xd9, 0xd9, 0xf7]))],
    [
      "an apply patch in CBOR",
      () => facts("PATCH", DEPLOYMENT, "application/apply-patch+cbor", new Uint8Array([0xa0])),
    ],
    ["a patch without a type", () => facts("PATCH", DEPLOYMENT, null, "{}")],
    ["a patch as JSON", () => facts("PATCH", DEPLOYMENT, JSON_TYPE, "{}")],
    ["a patch's type on another verb", () => facts("POST", PODS, MERGE, "{}")],
    ["a compressed body", () => facts("POST", PODS, JSON_TYPE, "{}", "gzip")],
    ["UTF-16", () => facts("POST", PODS, JSON_TYPE, Buffer.from("{}", "utf16le"))],
    ["a body for a pod", () => facts("POST", `${PODS}/web/proxy/a`, JSON_TYPE, "{}")],
    ["a body for what is no resource", () => facts("POST", "/version", JSON_TYPE, "{}")],
    ["a body of a get", () => facts("GET", PODS, JSON_TYPE, "{}")],
    ["a JSON patch that moves", () => operations({ op: "move", from: "/a", path: "/spec/replicas2" })],
    [
      "a JSON patch that copies",
      () => operations({ op: "copy", from: "/metadata/annotations/a", path: "/spec/template2" }),
    ],
    ["a JSON patch that is an object", () => facts("PATCH", DEPLOYMENT, JSON_PATCH, {})],
    ["an operation that isn't known", () => operations({ op: "merge", path: "/a", value: 1 })],
    ["an operation in upper case", () => operations({ op: "ADD", path: "/a", value: 1 })],
    ["a path that is no pointer", () => operations({ op: "add", path: "spec/a", value: 1 })],
    ["a wrong escape in a pointer", () => operations({ op: "add", path: "/a~2b", value: 1 })],
    // Walks take the square of its depth: a patch of a few of these held up everything else for seconds.
    ["a pointer of many parts", () => operations({ op: "add", path: "/a".repeat(65), value: 1 })],
    ["an add without a value", () => operations({ op: "add", path: "/a" })],
    [
      "too many fields",
      () => create({ data: Object.fromEntries(Array.from({ length: 2001 }, (_, i) => [`k${i}`, ""])) }),
    ],
  ];
  for (const [what, told] of opaque) {
    test(`${what}`, () => assert.ok(told().opaque.length > 0));
  }
});

describe("a request of which nothing is kept", () => {
  const kept = (method: string, target: string, body: object | null = null) =>
    facts(method, target, method === "PATCH" ? MERGE : JSON_TYPE, body).dryRun;

  test("says so once, in its query", () => {
    assert.ok(kept("POST", `${PODS}?dryRun=All`, {}));
    assert.ok(kept("PATCH", `${DEPLOYMENT}?dryRun=All&fieldManager=x`, {}));
    assert.ok(kept("DELETE", `${PODS}/web?dryRun=All`));
    for (const query of [
      "",
      "?dryRun",
      "?dryRun=",
      "?dryRun=all",
      "?dryRun=None",
      "?dryRun=All&dryRun=None",
      "?DryRun=All",
      "?dryrun=All",
    ]) {
      assert.ok(!kept("POST", `${PODS}${query}`, {}), query);
    }
  });

  test("says so in a deletion's body, where it has one", () => {
    assert.ok(kept("DELETE", `${PODS}/web`, { dryRun: ["All"] }));
    assert.ok(!kept("DELETE", `${PODS}/web?dryRun=All`, {}));
    assert.ok(!kept("DELETE", `${PODS}?dryRun=All`, { propagationPolicy: "Background" }));
    assert.ok(!kept("DELETE", `${PODS}/web`, { dryRun: "All" }));
    assert.ok(!kept("DELETE", `${PODS}/web`, { dryRun: [] }));
  });

  test("is none that makes a token, nor a connection, nor one that reads", () => {
    assert.ok(!kept("POST", "/api/v1/namespaces/shop/serviceaccounts/a/token?dryRun=All", {}));
    assert.ok(!kept("POST", `${PODS}/web/exec?dryRun=All`));
    assert.ok(!kept("POST", "/api/v1/namespaces/shop/services/web/proxy/x?dryRun=All", {}));
    assert.ok(!kept("GET", `${PODS}?dryRun=All`));
  });
});

test("the command of exec is that of the query, in order", () => {
  const target = `${PODS}/web/exec?command=sh&stdin=true&command=-c&command=rm%20-rf%20%2F%0Aecho+done&container=a`;
  for (const method of ["GET", "POST"]) {
    assert.deepEqual(facts(method, target, null, null).command, ["sh", "-c", "rm -rf /\necho done"]);
  }
  assert.deepEqual(facts("POST", `${PODS}/web/attach?command=sh`, null, null).command, []);
  assert.deepEqual(facts("GET", `${PODS}/exec?command=sh`, null, null).command, []);
});

test("what a JSON patch tests is no change", () => {
  const told = operations(
    { op: "test", path: "/spec/replicas", value: 3 },
    { op: "remove", path: "/metadata/labels/a.b" },
  );
  assert.deepEqual([told.replicas, told.fields, told.opaque], [null, ['metadata.labels["a.b"]'], []]);
});

test("of whatever body there are facts, and a right is found wherever it stands", (t) => {
  const seed = seedOf(t);
  const name = fc.constantFrom(
    "spec",
    "template",
    "containers",
    "data",
    "labels",
    "metadata",
    "kind",
    "items",
    "0",
    "x",
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 6 }), fc.jsonValue(), fc.boolean(), (names, junk, listed) => {
      const free = names.some((one) => one === "labels");
      const pod = { hostPID: true, containers: [{ image: "found" }], junk };
      const object = names.reduceRight<unknown>(
        (inner, one) => ({ [one]: listed ? [junk, inner] : inner }),
        pod,
      );
      const told = create(object);
      assert.ok(told.rights.includes("hostPID") || (free && names.at(-1) === "labels"));
      assert.ok(told.images.includes("found"));
      for (const type of [MERGE, JSON_PATCH, APPLY]) facts("PATCH", DEPLOYMENT, type, junk);
    }),
    { seed, numRuns: 400 },
  );
});

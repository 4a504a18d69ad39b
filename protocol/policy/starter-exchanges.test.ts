import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { writtenApiRequest, writtenExchange } from "../http/written-facts.ts";
import { readWrittenRequest } from "../http/written-request.ts";
import { POD_RIGHTS } from "../kubernetes/pod-rights.ts";
import { checkPolicies } from "./check.ts";
import type { Decision } from "./decision.ts";
import { judgeExchange, judgeUnreadable } from "./exchange.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { STARTER_POLICIES } from "./starter.ts";
import { HTTP_STARTER_POLICIES } from "./starter-http.ts";
import { KUBERNETES_STARTER_POLICIES } from "./starter-kubernetes.ts";
import {
  EXCHANGE_NOW,
  HTTP_TARGET,
  httpFactsOf,
  httpRequestOf,
  KUBERNETES_TARGET,
  SUBJECT,
  USAGE,
} from "./testing.ts";

const SET = PolicySet.load(nodeCedar(), STARTER_POLICIES);

type Options = Parameters<typeof writtenExchange>[1];

function ask(text: string, options: Options = {}, now = EXCHANGE_NOW): Decision {
  const written = readWrittenRequest(text);
  const isHttp = !/ \/(?:apis?|version|healthz|openapi|metrics|logs|debug)\b/.test(text);
  const { request, facts } = isHttp ? writtenExchange(written, options) : writtenApiRequest(written, options);
  return judgeExchange(SET, SUBJECT, isHttp ? HTTP_TARGET : KUBERNETES_TARGET, request, facts, now);
}

/** What the verdict is, and which policies stand behind it. */
function assertAsks(
  text: string,
  verdict: Decision["verdict"],
  policies: string[] = [],
  options: Options = {},
): void {
  const decision = ask(text, options);
  const reason = decision.verdict === "allow" ? "" : decision.reason;
  assert.equal(decision.verdict, verdict, `${text}: ${reason}`);
  for (const policy of policies) {
    assert.ok(decision.policies.includes(policy), `${text}: ${policy} is not among ${decision.policies}`);
  }
}

test("the policies are valid, each with an id, and each that refuses or holds with a reason", () => {
  for (const text of [HTTP_STARTER_POLICIES, KUBERNETES_STARTER_POLICIES]) {
    assert.deepEqual(checkPolicies(nodeCedar(), text), []);
    for (const rule of text.split(/\n(?=@id)/).slice(1)) {
      assert.match(rule, /^@id\("(?:http|kubernetes)-/);
      if (/^forbid|context\.approved/m.test(rule)) assert.match(rule, /@reason\("/, rule);
      if (/context\.approved/.test(rule)) assert.match(rule, /@approvers\("ops"\)/, rule);
    }
  }
});

test("the examples in comments are valid policies, too", () => {
  const examples = [...HTTP_STARTER_POLICIES.matchAll(/^\/\/ {3}(permit[\s\S]*?;)$/gm)].map(([, text]) =>
    text!.replace(/^\/\/ {3}/gm, ""),
  );
  assert.equal(examples.length, 2);
  for (const text of examples) assert.deepEqual(checkPolicies(nodeCedar(), text), [], text);
});

describe("of an HTTP service", () => {
  for (const text of ["GET /", "GET /v1/orders?limit=5&limit=6", "HEAD /v1/orders/7", "OPTIONS /v1/orders"]) {
    test(`a read passes: ${text}`, () => assertAsks(text, "allow", ["http-read"]));
  }

  const held: [text: string, policies: string[], options?: Options][] = [
    ["POST /v1/orders\n\n{}", ["http-write"]],
    ["PUT /v1/orders/7\n\n{}", ["http-write"]],
    ["PATCH /v1/orders/7\nContent-Type: application/json-patch+json\n\n[]", ["http-write"]],
    ["DELETE /v1/orders/7", ["http-write"]],
    ["PROPFIND /dav/", ["http-write"]],
    ["POST /query\nContent-Type: application/graphql\n\n{ orders { id } }", ["http-write"]],
    ["GET /_search\n\n{}", ["http-unusual-read"]],
    ["GET /a?b=1;c=2", ["http-unusual-read"]],
    ["GET /a?b=%ff", ["http-unusual-read"]],
    ["GET /socket", ["http-websocket"], { websocket: true }],
    ["PUT /upload", ["http-write"], { streamed: true }],
    ["GET /upload", ["http-unusual-read"], { streamed: true }],
  ];
  for (const [text, policies, options] of held) {
    test(`an approval is needed: ${text}`, () => assertAsks(text, "approve", policies, options));
  }

  const unreadable = (line: string, contentType: string, websocket = false) =>
    judgeUnreadable(
      SET,
      SUBJECT,
      HTTP_TARGET,
      httpRequestOf(line, { websocket }),
      httpFactsOf("/x"),
      contentType,
      EXCHANGE_NOW,
    );

  test("a response that can't be looked into is held, with its type in the reason", () => {
    const decision = unreadable("GET /x", "image/png; q=1");
    assert.equal(decision.verdict, "approve");
    assert.match(
      decision.verdict === "approve" ? decision.reason : "",
      /needs an approval.* Content type: image\/png\./,
    );
  });

  test("what a write answers, or a WebSocket carries, stays back: asking again would do it again", () => {
    assert.equal(unreadable("POST /x", "image/png").verdict, "block");
    assert.equal(unreadable("GET /x", "", true).verdict, "block");
  });

  test("a loop is held, once for the session", () => {
    const session = { ...USAGE, repeatedLastMinute: 1_001 };
    const decision = ask("GET /v1/orders", {}, { ...EXCHANGE_NOW, session });
    assert.deepEqual(decision.verdict === "approve" ? [decision.scope, decision.policies] : decision, [
      "session",
      ["runaway-requests"],
    ]);
  });
});

const SHOP = "/api/v1/namespaces/shop";
const APPS = "/apis/apps/v1/namespaces/shop";
const pod = (spec: object, kind = "Pod") =>
  JSON.stringify({
    apiVersion: "v1",
    kind,
    metadata: { name: "x" },
    spec: { containers: [{ name: "a", image: "a" }], ...spec },
  });

describe("of a cluster", () => {
  const allowed: [text: string, policy: string][] = [
    [`GET ${SHOP}/pods`, "kubernetes-read"],
    [`GET ${SHOP}/pods?watch=1`, "kubernetes-read"],
    ["GET /api/v1/pods?limit=500", "kubernetes-read"],
    [`GET ${SHOP}/secrets/db`, "kubernetes-read"],
    [`GET ${SHOP}/pods/web/log?follow=true`, "kubernetes-read"],
    ["GET /apis/metrics.k8s.io/v1beta1/nodes", "kubernetes-read"],
    [`GET ${APPS}/deployments/web/scale`, "kubernetes-read"],
    ["GET /version", "kubernetes-discovery"],
    ["GET /api", "kubernetes-discovery"],
    ["GET /api/v1", "kubernetes-discovery"],
    ["GET /apis/apps/v1", "kubernetes-discovery"],
    ["GET /openapi/v3/apis/apps/v1?hash=1", "kubernetes-discovery"],
    ["GET /openapi/v2", "kubernetes-discovery"],
    ["GET /healthz/ping", "kubernetes-discovery"],
    ["POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews\n\n{}", "kubernetes-may-i"],
    ["POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews\n\n{}", "kubernetes-may-i"],
    ["POST /apis/authentication.k8s.io/v1/selfsubjectreviews\n\n{}", "kubernetes-may-i"],
    [`PATCH ${APPS}/deployments/web?dryRun=All\n\n{"spec":{"replicas":0}}`, "kubernetes-dry-run"],
    [`POST ${SHOP}/pods?dryRun=All\n\n${pod({ hostNetwork: true })}`, "kubernetes-dry-run"],
    [`DELETE ${SHOP}/pods/web?dryRun=All`, "kubernetes-dry-run"],
    [
      `DELETE ${SHOP}/pods/web\n\n{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}`,
      "kubernetes-dry-run",
    ],
  ];
  for (const [text, policy] of allowed)
    test(`passes: ${text.slice(0, 90)}`, () => assertAsks(text, "allow", [policy]));

  const held: [text: string, policies: string[], options?: Options][] = [
    [`POST ${SHOP}/pods\n\n${pod({})}`, ["kubernetes-change"]],
    [`PATCH ${APPS}/deployments/web\n\n{"spec":{"replicas":3}}`, ["kubernetes-change"]],
    [`PATCH ${APPS}/deployments/web\n\n{"spec":{"replicas":0}}`, ["kubernetes-change", "kubernetes-scale"]],
    [
      `PUT ${APPS}/deployments/web/scale\n\n{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web"},"spec":{"replicas":21}}`,
      ["kubernetes-scale"],
    ],
    [`POST ${SHOP}/pods\n\n${pod({ nodeName: "n1" })}`, ["kubernetes-change", "kubernetes-pod-rights"]],
    [`DELETE ${SHOP}/pods/web`, ["kubernetes-delete"]],
    [
      `DELETE ${SHOP}/pods/web?dryRun=All\n\n{"kind":"DeleteOptions","apiVersion":"v1"}`,
      ["kubernetes-delete"],
    ],
    [`DELETE ${SHOP}/pods?labelSelector=app%3Dweb`, ["kubernetes-delete-many"]],
    [`POST ${SHOP}/pods/web/eviction?dryRun=All\n\n{}`, ["kubernetes-change"]],
    [`PATCH ${SHOP}/secrets/db?dryRun=All\n\n{"data":{"a":"Yg=="}}`, ["kubernetes-change"]],
    [
      `POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings\n\n{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"x"}}`,
      ["kubernetes-change", "kubernetes-who-may"],
    ],
    [`DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/x`, ["kubernetes-delete", "kubernetes-who-may"]],
    [`GET ${SHOP}/pods/web/exec?command=id`, ["kubernetes-exec"], { websocket: true }],
    [`GET ${SHOP}/pods/web/attach?stdin=true`, ["kubernetes-exec"], { websocket: true }],
    [`GET ${SHOP}/pods/web/portforward?ports=80`, ["kubernetes-port-forward"], { websocket: true }],
    [`GET ${SHOP}/pods/web/proxy/metrics`, ["kubernetes-proxy"]],
    [`POST ${SHOP}/services/web/proxy/admin\n\n{}`, ["kubernetes-proxy"]],
  ];
  for (const [text, policies, options] of held) {
    test(`an approval is needed: ${text.slice(0, 90)}`, () => assertAsks(text, "approve", policies, options));
  }

  const blocked: [text: string, policies?: string[], options?: Options][] = [
    ["GET /api/v1/nodes/n/proxy/run/shop/web/a?cmd=id", ["kubernetes-kubelet"]],
    ["GET /api/v1/proxy/nodes/n/logs", ["kubernetes-kubelet"]],
    [`POST ${SHOP}/serviceaccounts/default/token\n\n{}`, ["kubernetes-credentials"]],
    [`POST ${SHOP}/serviceaccounts/default/token?dryRun=All\n\n{}`, ["kubernetes-credentials"]],
    ["POST /apis/certificates.k8s.io/v1/certificatesigningrequests\n\n{}", ["kubernetes-credentials"]],
    [
      "PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval\n\n{}",
      ["kubernetes-credentials"],
    ],
    ...[
      { hostPID: true },
      { hostNetwork: true },
      { volumes: [{ name: "a", hostPath: { path: "/" } }] },
      { containers: [{ name: "a", image: "a", securityContext: { privileged: true } }] },
      {
        initContainers: [
          { name: "a", image: "a", securityContext: { capabilities: { add: ["SYS_ADMIN"] } } },
        ],
      },
    ].map((spec): [string, string[]] => [`POST ${SHOP}/pods\n\n${pod(spec)}`, ["kubernetes-node"]]),
    [
      `PATCH ${SHOP}/pods/web\nContent-Type: application/json-patch+json\n\n[{"op":"copy","from":"/spec/x","path":"/spec/y"}]`,
    ],
    [
      `PATCH ${APPS}/deployments/web?dryRun=All\nContent-Type: application/json-patch+json\n\n[{"op":"copy","from":"/spec/x","path":"/metadata/labels/y"}]`,
    ],
    [`POST ${SHOP}/pods\nContent-Type: application/vnd.kubernetes.protobuf\n\nk8s`],
    [`POST ${SHOP}/pods\n\n{"kind":"Pod","kind":"Pod"}`],
    [`POST ${SHOP}/pods`, [], { streamed: true }],
    [`GET ${SHOP}/pods/web/log`, [], { websocket: true }],
    [`GET ${SHOP}/services/web/proxy/x`, [], { websocket: true }],
    ["GET /metrics"],
    ["GET /logs/kube-apiserver.log"],
    ["GET /debug/pprof/heap"],
    ["POST /version"],
  ];
  for (const [text, policies, options] of blocked) {
    test(`is refused, whoever approves: ${text.slice(0, 100)}`, () =>
      assertAsks(text, "block", policies, options));
  }

  test("what is held as a right, and what is refused, is a right that there is", () => {
    const [, list = ""] = /rights\.containsAny\(\[([^\]]*)\]/.exec(KUBERNETES_STARTER_POLICIES) ?? [];
    const named = [...list.matchAll(/"(\w+)"/g)].map(([, right]) => right!);
    assert.ok(named.length > 5 && named.every((right) => POD_RIGHTS.includes(right)));
  });
});

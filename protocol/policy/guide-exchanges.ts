import type { WrittenOptions } from "../http/written-facts.ts";
import type { Decision } from "./decision.ts";
import type { Subject } from "./policy-set.ts";

/** For the guide's test: what its recipes about HTTP and Kubernetes targets decide, by each recipe's first policy. */
export interface AskedExchange {
  subject?: Partial<Subject>;
  target: { name: string; kind: "http" | "kubernetes" };
  /** As `readWrittenRequest` has it. */
  exchange: string;
  options?: WrittenOptions;
}

type Case = [AskedExchange, Decision["verdict"]];

const of = (target: AskedExchange["target"], groups: string[]) => {
  return (exchange: string, verdict: Decision["verdict"], options?: WrittenOptions): Case => [
    { target, subject: { groups }, exchange, ...(options !== undefined && { options }) },
    verdict,
  ];
};
const billing = { name: "billing", kind: "http" } as const;
const prod = { name: "prod", kind: "kubernetes" } as const;
const support = of(billing, ["support"]);
const anybody = of(billing, []);
const uploads = of({ name: "artifacts", kind: "http" }, ["ci"]);
const ci = of(prod, ["ci"]);
const onCall = of(prod, ["on-call"]);
const agent = of(prod, ["agents"]);

const REFUND = '{"order": 7, "reason": "broken"}';
const WEB = "/apis/apps/v1/namespaces/shop/deployments/web";
const image = (name: string, more = "") =>
  `{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"${name}"}]${more}}}}}`;
const patch = (path: string, body: string) =>
  `PATCH ${path}\nContent-Type: application/strategic-merge-patch+json\n\n${body}`;
const scale = (replicas: number) =>
  `{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":${replicas}}}`;
const EXEC = "/api/v1/namespaces/shop/pods/cache-0/exec";

export const EXCHANGE_BEHAVIOUR: Record<string, Case[]> = {
  "support-refunds": [
    support(`POST /v1/refunds\n\n${REFUND}`, "allow"),
    support('POST /v1/refunds\n\n{"order": 7, "amount": 500}', "approve"),
    support('POST /v1/refunds\n\n{"order": 7, "order": 8}', "approve"),
    support(`POST /v1/refunds?order=8\n\n${REFUND}`, "approve"),
    support(`POST /v1/refunds/\n\n${REFUND}`, "approve"),
    support(`POST /v1/refunds\nContent-Type: text/plain\n\n${REFUND}`, "approve"),
    support("POST /v1/refunds", "approve", { streamed: true }),
    support("GET /v1/refunds", "allow"),
    anybody(`POST /v1/refunds\n\n${REFUND}`, "approve"),
  ],
  "no-admin-paths": [
    anybody("GET /admin", "block"),
    anybody("GET /ADMIN/users", "block"),
    anybody("POST /internal/x\n\n{}", "block"),
    anybody("GET /administration", "allow"),
  ],
  "build-artifacts": [
    uploads("PUT /builds/7/app.tar", "allow", { streamed: true }),
    uploads("PUT /builds/7/app.tar?acl=public", "approve"),
    uploads("PUT /releases/7/app.tar", "approve"),
    uploads("DELETE /builds/7/app.tar", "approve"),
  ],
  "ci-deploys": [
    ci(patch(WEB, image("registry.internal/shop/web:stable")), "allow"),
    ci(patch(WEB, image("evil/web:stable")), "approve"),
    ci(patch(WEB, image("registry.internal/shop/web:stable", ',"serviceAccountName":"admin"')), "approve"),
    ci(patch(WEB, image("registry.internal/shop/web:stable", ',"hostPID":true')), "block"),
    ci(patch(WEB.replace("shop", "other"), image("registry.internal/shop/web:stable")), "approve"),
    ci(`DELETE ${WEB}`, "approve"),
  ],
  "on-call-scales": [
    onCall(`PATCH ${WEB}/scale\n\n{"spec":{"replicas":3}}`, "allow"),
    onCall(`PATCH ${WEB}/scale\n\n{"spec":{"replicas":0}}`, "approve"),
    onCall(`PATCH ${WEB}/scale\n\n{"spec":{"replicas":21}}`, "approve"),
    onCall(`PATCH ${WEB}\n\n{"spec":{"replicas":3}}`, "approve"),
    onCall(`PATCH ${WEB}/scale\n\n{"spec":{"replicas":3,"paused":true}}`, "approve"),
    onCall(`PUT ${WEB}/scale\n\n${scale(0)}`, "approve"),
  ],
  "no-system-namespaces": [
    agent("GET /api/v1/namespaces/kube-system/pods", "block"),
    agent("GET /api/v1/pods", "block"),
    agent("GET /api/v1/namespaces/shop/pods", "allow"),
    agent("GET /api/v1/nodes", "allow"),
    onCall("GET /api/v1/pods", "allow"),
  ],
  "cache-flush": [
    onCall(`GET ${EXEC}?command=bin%2Fcache&command=flush&stdout=true`, "allow", { websocket: true }),
    onCall(`GET ${EXEC}?command=bin%2Fcache&command=flush&stdin=true`, "approve", { websocket: true }),
    onCall(`GET ${EXEC}?command=bin%2Fcache+flush`, "approve", { websocket: true }),
    onCall(`GET ${EXEC}?command=sh`, "approve", { websocket: true }),
  ],
};

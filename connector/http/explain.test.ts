import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isExchangeFacts } from "../../protocol/http/facts-reading.ts";
import type { ExplainRequest } from "../../protocol/hub-messages.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { PolicyHolder } from "../guard/policy-holder.ts";
import { type ExplainedTarget, explainExchange } from "./explain.ts";

const HTTP: ExplainedTarget = { name: "billing", kind: "http", encodedSlashes: false };
const KUBERNETES: ExplainedTarget = { name: "prod", kind: "kubernetes" };

function holder(text: string | null): PolicyHolder {
  const policies = new PolicyHolder(
    (one) => PolicySet.load(nodeCedar(), one),
    () => {},
  );
  if (text !== null) {
    const version = createHash("sha256").update(text).digest("hex");
    policies.put({ type: "policy", text, version, revision: 1 });
  }
  return policies;
}

const POLICIES = holder(`${STARTER_POLICIES}
@id("mine") @reason("Not here.") forbid(principal in Group::"guests", action, resource)
when { resource.connector == "main" && resource.kind == "http" };`);

const ask = (
  target: ExplainedTarget,
  text: string,
  part: Partial<ExplainRequest> = {},
  policies = POLICIES,
) => {
  const asked = { target: target.name, principal: "agent/7", groups: [], text, ...part };
  const { statements } = explainExchange(policies, target, "main", asked);
  assert.equal(statements.length, 1);
  assert.equal(statements[0]!.text, text);
  assert.ok(isExchangeFacts(JSON.parse(JSON.stringify(statements[0]!.facts))));
  return statements[0]!;
};

test("a request is judged as the guard would, with what was proved of it", () => {
  const { decision, facts } = ask(HTTP, 'POST /v1/orders\n\n{"item": 7}');
  assert.deepEqual([decision.verdict, decision.policies], ["approve", ["http-write"]]);
  assert.deepEqual(facts.type === "http" && facts.fields, [["item", "7"]]);
  assert.equal(ask(HTTP, "GET /v1/orders").decision.verdict, "allow");
  const guest = ask(HTTP, "GET /v1/orders", { groups: ["guests"] });
  assert.deepEqual(guest.decision.policies, ["mine"]);
});

test("a request to a cluster is what its API server would take it for", () => {
  const { decision, facts } = ask(
    KUBERNETES,
    'PATCH /apis/apps/v1/namespaces/a/deployments/b\n\n{"spec":{"replicas":0}}',
  );
  assert.deepEqual(decision.policies, ["kubernetes-change", "kubernetes-scale"]);
  assert.ok(facts.type === "kubernetes" && facts.replicas === 0);
  assert.equal(ask(KUBERNETES, "GET /version").decision.verdict, "allow");
  assert.equal(ask(HTTP, "GET /api/v1/nodes/n/proxy/x").decision.verdict, "allow");
  assert.equal(ask(KUBERNETES, "GET /api/v1/nodes/n/proxy/x").decision.verdict, "block");
});

test("what would be refused before it is judged is refused, and so is all where there are no policies", () => {
  assert.throws(() => ask(HTTP, "GET /a%2Fb"), { code: "invalid_request" });
  assert.equal(
    ask({ ...HTTP, encodedSlashes: true } as ExplainedTarget, "GET /a%2Fb").decision.verdict,
    "allow",
  );
  assert.throws(() => ask(HTTP, "SELECT 1"), { code: "invalid_request" });
  assert.throws(() => ask(HTTP, "GET /", {}, holder(null)), /no policies to judge by/);
});

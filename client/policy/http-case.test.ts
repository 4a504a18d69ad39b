import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { readCaseFile } from "./case-file.ts";
import { runCases } from "./run-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-http-cases-"));
after(() => rmSync(folder, { recursive: true }));

function resultsOf(text: string) {
  const path = join(folder, "cases.yaml");
  writeFileSync(path, text);
  const { policies, catalog, cases } = readCaseFile(path);
  return runCases(PolicySet.load(nodeCedar(), policies), catalog, cases);
}

test("real requests get from the starter policies what each promises", () => {
  const results = resultsOf(`cases:
  - {http: GET /v1/orders?limit=5, expect: allow, policy: http-read}
  - {http: {request: POST /v1/orders, body: '{"item": 7}'}, expect: approve, policy: http-write}
  - {http: {request: PUT /v1/files/1, streamed: "yes"}, expect: approve}
  - {http: {request: GET /live, websocket: "yes"}, expect: approve, policy: http-websocket}
  - {http: {request: GET /logo.png, response: image/png}, expect: approve, policy: http-unreadable, reason: image/png}
  - {http: {request: POST /chart, response: image/png}, expect: block}
  - {http: {request: POST /q, contentType: text/plain, body: hello}, expect: approve}
  - {http: GET /v1/orders, usage: {repeatedLastMinute: 2000}, expect: approve, policy: runaway-requests}
  - {kubernetes: GET /api/v1/namespaces/shop/secrets, expect: allow, policy: kubernetes-read}
  - {kubernetes: DELETE /api/v1/namespaces/shop/pods/web-1, expect: approve, policy: kubernetes-delete}
  - kubernetes: {request: PATCH /apis/apps/v1/namespaces/shop/deployments/web, body: '{"spec": {"replicas": 0}}'}
    expect: approve
    policy: kubernetes-scale
  - {kubernetes: "GET /api/v1/nodes/n/proxy/pods", expect: block, policy: kubernetes-kubelet}
  - {kubernetes: GET /metrics, expect: block}
`);
  assert.equal(results.length, 13);
  for (const { place, name, failure } of results) assert.equal(failure, null, `${place} ${name}: ${failure}`);
  assert.equal(results[0]!.name, "GET /v1/orders?limit=5");
});

test("a case is of the kind of target that it says", () => {
  writeFileSync(
    join(folder, "own.cedar"),
    `permit(principal, action, resource) when { resource.kind == "kubernetes" };`,
  );
  const results = resultsOf(`policies: own.cedar
target: {name: x, kind: ssh}
cases:
  - {kubernetes: GET /version, expect: allow}
  - {http: GET /version, expect: block}
`);
  assert.deepEqual(
    results.map(({ failure }) => failure),
    [null, null],
  );
});

test("a mistake is told with its place, and what to do", () => {
  for (const [line, words] of [
    ["{http: GET, expect: allow}", /cases\.yaml:2:.*is no request that would be judged: .*request line/],
    ["{http: GET /a/../b, expect: allow}", /dot segment/],
    ["{http: {request: GET /, headers: x}, expect: allow}", /headers/],
    ["{http: {body: x}, expect: allow}", /request/],
    ["{http: GET /, kubernetes: GET /version, expect: allow}", /needs one of sql, ssh, http, kubernetes/],
    ["{kubernetes: BREW /api/v1/pods, expect: allow}", /no verb for the method/],
  ] as const) {
    assert.throws(
      () => resultsOf(`cases:\n  - ${line}\n`),
      (error) =>
        error instanceof SallyportError && error.code === "invalid_config" && words.test(error.message),
      line,
    );
  }
});

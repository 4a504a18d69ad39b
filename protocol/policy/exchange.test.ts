import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ExchangeFacts, HttpFacts } from "../http/facts.ts";
import type { HttpRequest } from "../http/request.ts";
import { SEED } from "../seeded.ts";
import { ACTIONS } from "./actions.ts";
import {
  exchangeActions,
  exchangeFingerprint,
  judgeExchange,
  judgeUnreadable,
  seesBody,
} from "./exchange.ts";
import { MAX_PATH_PARTS } from "./exchange-context.ts";
import { MAX_NAMES } from "./judge.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { isDecision } from "./reading.ts";
import { POLICY_SCHEMA } from "./schema.ts";
import { ALLOW_ALL, STARTER_POLICIES } from "./starter.ts";
import {
  apiRequestOf,
  EXCHANGE_NOW,
  HTTP_TARGET,
  httpFactsOf,
  httpRequestOf,
  KUBERNETES_TARGET,
  kubernetesFactsOf,
  SUBJECT,
} from "./testing.ts";

console.log(`exchange verdicts fuzz: SEED=${SEED}`);

const cedar = nodeCedar();
const set = (text: string) => PolicySet.load(cedar, text);
const judge = (policies: string, request: HttpRequest, facts: ExchangeFacts) =>
  judgeExchange(
    set(policies),
    SUBJECT,
    request.kubernetes === null ? HTTP_TARGET : KUBERNETES_TARGET,
    request,
    facts,
    EXCHANGE_NOW,
  );
const when = (scope: string, condition: string) =>
  `permit(principal, action in Action::"${scope}", resource) when { ${condition} };`;

/** Whether a condition holds of a request to an HTTP target. */
const holds = (condition: string, request: HttpRequest, facts: HttpFacts) =>
  judge(when("http:request", condition), request, facts).verdict === "allow";

test("an HTTP request's context says all that was proved of it", () => {
  const request = httpRequestOf("POST /Admin/users/7?a=1&a=2&b%3Dc=d&e", {
    contentType: "Application/JSON; charset=UTF-8",
    body: { bytes: 21, sha256: "0".repeat(64), text: null },
  });
  const facts = httpFactsOf("/Admin/users/7", {
    query: [
      ["a", "1"],
      ["a", "2"],
      ["b=c", "d"],
      ["e", ""],
    ],
    bodyForm: "json",
    fields: [
      ["user.roles[]", "x"],
      ["user.roles[]", "y=z"],
      ["user.name", "n"],
    ],
  });
  for (const condition of [
    'context.method == "POST" && context.path == "/Admin/users/7" && !context.websocket',
    'context.under == ["/Admin/users/7", "/Admin/users", "/Admin", "/"]',
    'context.underAnyCase == ["/admin/users/7", "/admin/users", "/admin", "/"]',
    'context.query == ["a", "b=c", "e"]',
    'context.parameters == ["a=1", "a=2", "b%3Dc=d", "e="]',
    'context.repeated == ["a"]',
    'context.contentType == "application/json" && context.bodyForm == "json"',
    "context has bodyBytes && context.bodyBytes == 21",
    'context.fieldNames == ["user.roles[]", "user.name"]',
    'context.fields == ["user.roles[]=x", "user.roles[]=y=z", "user.name=n"]',
    "context.complete && context.opaque.isEmpty() && context.session.rows == 10",
  ]) {
    assert.ok(holds(condition, request, facts), condition);
  }
});

test("a Kubernetes request's context says all that was proved of it", () => {
  const request = apiRequestOf(
    "PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale?fieldManager=x&dryRun=All",
    {
      contentType: "application/merge-patch+json",
    },
  );
  const facts = kubernetesFactsOf({
    bodyForm: "json",
    kinds: ["apps/Deployment"],
    replicas: 0,
    images: ["nginx:1"],
    rights: ["privileged"],
    serviceAccounts: ["default"],
    labels: ["app=web"],
    rbac: true,
    fields: ["spec.replicas"],
    dryRun: true,
    opaque: ["a part"],
  });
  for (const condition of [
    'context.verb == "patch" && context.group == "apps" && context.version == "v1"',
    'context.resource == "deployments" && context.subresource == "scale" && context.name == "web"',
    'context.namespace == "shop" && context.path == "/apis/apps/v1/namespaces/shop/deployments/web/scale"',
    'context.query == ["fieldManager", "dryRun"] && context.parameters == ["fieldManager=x", "dryRun=All"]',
    'context.kinds == ["apps/Deployment"] && context has replicas && context.replicas == 0',
    'context.images == ["nginx:1"] && context.rights == ["privileged"] && context.labels == ["app=web"]',
    'context.serviceAccounts == ["default"] && context.rbac && context.dryRun && context.command == ""',
    'context.fields == ["spec.replicas"] && !context.complete && context.opaque == ["a part"]',
    'context.bodyForm == "json" && !context.websocket && context.repeated.isEmpty()',
  ]) {
    assert.equal(judge(when("kubernetes:request", condition), request, facts).verdict, "allow", condition);
  }
});

test("the command of an exec is told as its words, quoted where need be", () => {
  const request = apiRequestOf("GET /api/v1/namespaces/a/pods/b/exec?command=sh&command=-c&command=id", {
    websocket: true,
  });
  const facts = kubernetesFactsOf({ command: ["sh", "-c", "id; ls"] });
  const condition = `context.command == "sh -c 'id; ls'" && context.resource == "pods"`;
  assert.equal(judge(when("kubernetes:connect", condition), request, facts).verdict, "allow");
});

test("every attribute of the contexts is told to policies for each request", () => {
  const told = (type: string) => {
    const [, body = ""] = new RegExp(`type ${type} = \\{(.*?)\\n\\};`, "s").exec(POLICY_SCHEMA) ?? [];
    return [...body.matchAll(/^ {2}(\w+)(\??):/gm)]
      .filter(([, , optional]) => optional === "")
      .map(([, name]) => name!);
  };
  // What Cedar is given must be as the schema has it, or no policy could be evaluated.
  for (const [type, scope, request, facts] of [
    ["Exchange", "http:request", httpRequestOf("GET /"), httpFactsOf("/")],
    ["ApiRequest", "kubernetes:request", apiRequestOf("GET /api/v1/pods"), kubernetesFactsOf()],
  ] as const) {
    assert.ok(told(type).length > 15);
    for (const name of told(type).filter((one) => one !== "approved")) {
      const { verdict } = judge(`${when(scope, `context.${name} == context.${name}`)}`, request, facts);
      assert.equal(verdict, "allow", `${type}.${name}`);
    }
  }
});

test("a request is judged as what its method or verb is", () => {
  const actions: [HttpRequest, string[]][] = [
    [httpRequestOf("GET /"), ["http:get"]],
    [httpRequestOf("HEAD /"), ["http:head"]],
    [httpRequestOf("OPTIONS /"), ["http:options"]],
    [httpRequestOf("POST /"), ["http:post"]],
    [httpRequestOf("PUT /"), ["http:put"]],
    [httpRequestOf("PATCH /"), ["http:patch"]],
    [httpRequestOf("DELETE /"), ["http:delete"]],
    [httpRequestOf("PROPFIND /"), ["http:other"]],
    [httpRequestOf("get /"), ["http:other"]],
    [httpRequestOf("GET /", { websocket: true }), ["http:get", "http:other"]],
    [apiRequestOf("GET /api/v1/pods"), ["kubernetes:list"]],
    [apiRequestOf("GET /api/v1/pods?watch=1"), ["kubernetes:watch"]],
    [apiRequestOf("GET /api/v1/pods?watch=1", { websocket: true }), ["kubernetes:watch"]],
    [apiRequestOf("GET /api/v1/namespaces/a/pods/b"), ["kubernetes:get"]],
    [apiRequestOf("GET /api/v1/namespaces/a/pods/b/log"), ["kubernetes:get"]],
    [apiRequestOf("GET /api/v1/namespaces/a/pods/b/log", { websocket: true }), ["kubernetes:connect"]],
    [apiRequestOf("POST /api/v1/namespaces/a/pods"), ["kubernetes:create"]],
    [apiRequestOf("PUT /api/v1/namespaces/a/pods/b"), ["kubernetes:update"]],
    [apiRequestOf("PATCH /api/v1/namespaces/a/pods/b"), ["kubernetes:patch"]],
    [apiRequestOf("DELETE /api/v1/namespaces/a/pods/b"), ["kubernetes:delete"]],
    [apiRequestOf("DELETE /api/v1/namespaces/a/pods"), ["kubernetes:deletecollection"]],
    ...["exec", "attach", "portforward", "proxy", "proxy/x"].flatMap((sub): [HttpRequest, string[]][] =>
      ["GET", "POST"].map((method) => [
        apiRequestOf(`${method} /api/v1/namespaces/a/pods/b/${sub}`),
        ["kubernetes:connect"],
      ]),
    ),
    [apiRequestOf("DELETE /api/v1/namespaces/a/services/b/proxy/x"), ["kubernetes:connect"]],
    [apiRequestOf("GET /api/v1/nodes/n/proxy/run"), ["kubernetes:connect"]],
    [apiRequestOf("GET /api/v1/proxy/nodes/n"), ["kubernetes:connect"]],
    [apiRequestOf("GET /version"), ["kubernetes:nonresource"]],
    [apiRequestOf("POST /version"), ["kubernetes:nonresource"]],
  ];
  for (const [request, expected] of actions) {
    const found = exchangeActions(request);
    assert.deepEqual(found, expected, `${request.method} ${request.target}`);
    assert.ok(found.every((action) => ACTIONS.has(action)));
  }
  const odd = apiRequestOf("GET /api/v1/pods");
  odd.kubernetes = { ...odd.kubernetes!, verb: "" };
  assert.deepEqual(exchangeActions(odd), []);
  assert.equal(judge(ALLOW_ALL, odd, kubernetesFactsOf()).verdict, "block", "a verb that nobody knows");
});

test("who permits reads has not permitted WebSockets, and who permits requests not what can't be looked into", () => {
  const read = 'permit(principal, action in Action::"http:read", resource);';
  assert.equal(judge(read, httpRequestOf("GET /"), httpFactsOf("/")).verdict, "allow");
  assert.equal(judge(read, httpRequestOf("GET /", { websocket: true }), httpFactsOf("/")).verdict, "block");
  const all = set(
    'permit(principal, action in [Action::"http:request", Action::"kubernetes:request"], resource);',
  );
  const unreadable = (policies: PolicySet, contentType: string) =>
    judgeUnreadable(
      policies,
      SUBJECT,
      HTTP_TARGET,
      httpRequestOf("GET /a/b"),
      httpFactsOf("/a/b"),
      contentType,
      EXCHANGE_NOW,
    );
  assert.equal(unreadable(all, "image/png").verdict, "block");
  const images = set(
    `permit(principal, action == Action::"http:unreadable", resource) when { context.contentType like "image/*" && context.under.contains("/a") && context.method == "GET" };`,
  );
  assert.equal(unreadable(images, "Image/PNG; x=y").verdict, "allow");
  assert.equal(unreadable(images, "application/zip").verdict, "block");
  assert.equal(unreadable(images, "").verdict, "block");
});

test("of what can't be looked into on a Kubernetes target a resource has no paths above it", () => {
  const policies = set(
    `permit(principal, action == Action::"http:unreadable", resource) when { context.under.isEmpty() && context.path like "/api/v1/*" };`,
  );
  const request = apiRequestOf("GET /api/v1/namespaces/a/pods/b/proxy/x.png", { websocket: false });
  const facts = kubernetesFactsOf();
  assert.equal(
    judgeUnreadable(policies, SUBJECT, KUBERNETES_TARGET, request, facts, "image/png", EXCHANGE_NOW).verdict,
    "allow",
  );
});

test("attacks: what differs in nothing that a policy permits is not permitted", () => {
  const refund = `permit(principal, action == Action::"http:post", resource) when {
    context.path == "/refunds" && context.complete && context.repeated.isEmpty() && context.query.isEmpty() &&
    ["order", "amount"].containsAll(context.fieldNames) && context.fields.contains("amount=5") };`;
  const fields = (...all: [string, string][]): Partial<HttpFacts> => ({ bodyForm: "json", fields: all });
  const good = fields(["order", "7"], ["amount", "5"]);
  const post = (facts: Partial<HttpFacts>, path = "/refunds") =>
    judge(refund, httpRequestOf(`POST ${path}`), httpFactsOf(path, facts)).verdict;
  assert.equal(post(good), "allow");
  for (const [what, facts, path] of [
    ["another amount", fields(["order", "7"], ["amount", "50"])],
    ["a field that is there twice", { ...fields(["amount", "5"], ["amount", "500"]), bodyForm: "form" }],
    ["a key that is there twice", fields(["amount", "5"], ["amount", "500"])],
    ["a field more", fields(["order", "7"], ["amount", "5"], ["as", "root"])],
    ["an amount inside of another name", { ...fields(["amount=5", "x"], ["order", "7"]), bodyForm: "form" }],
    ["a parameter", { ...good, query: [["amount", "500"]] }],
    ["more than was read", { ...good, opaque: ["more than 2,000 leaves"] }],
    ["a text that nobody took apart", { ...good, bodyForm: "text" }],
    ["a stream", { bodyForm: "unread" }],
    ["another path", good, "/refunds/"],
    ["another case", good, "/Refunds"],
  ] as [string, Partial<HttpFacts>, string?][]) {
    assert.equal(post(facts, path), "block", what);
  }
});

test("attacks: a forbid that heeds the paths above catches other cases and deeper paths", () => {
  const policies = `permit(principal, action, resource);
forbid(principal, action in Action::"http:request", resource) when { context.underAnyCase.contains("/admin") };`;
  for (const path of ["/admin", "/admin/", "/admin/users", "/ADMIN/users", "/Admin"]) {
    assert.equal(judge(policies, httpRequestOf(`GET ${path}`), httpFactsOf(path)).verdict, "block", path);
  }
  for (const path of ["/administrators", "/x/admin", "/"]) {
    assert.equal(judge(policies, httpRequestOf(`GET ${path}`), httpFactsOf(path)).verdict, "allow", path);
  }
});

test("too much is blocked, where a policy looks at it", () => {
  const fields = Array.from({ length: MAX_NAMES + 1 }, (_, i): [string, string] => [`f${i}`, ""]);
  const request = httpRequestOf("POST /");
  const facts = httpFactsOf("/", { bodyForm: "json", fields });
  const looks = judge(when("http:post", '!context.fieldNames.contains("x")'), request, facts);
  assert.equal(looks.verdict, "block");
  assert.match(looks.verdict === "block" ? looks.reason : "", /too much to be judged/);
  assert.equal(judge(ALLOW_ALL, request, facts).verdict, "allow");
  const long = httpFactsOf("/", { bodyForm: "json", fields: [["a", "x".repeat(17 * 1024 * 1024)]] });
  assert.equal(judge(when("http:post", "!context.fields.isEmpty()"), request, long).verdict, "block");
  const deep = (parts: number) => httpFactsOf("/a".repeat(parts));
  assert.equal(judge(ALLOW_ALL, request, deep(MAX_PATH_PARTS)).verdict, "allow");
  const deeper = judge(ALLOW_ALL, request, deep(MAX_PATH_PARTS + 1));
  assert.match(deeper.verdict === "block" ? deeper.reason : "", /more than 200 parts/);
});

test("facts of another kind of target than the request's are blocked", () => {
  assert.equal(judge(ALLOW_ALL, httpRequestOf("GET /"), kubernetesFactsOf()).verdict, "block");
  assert.equal(judge(ALLOW_ALL, apiRequestOf("GET /version"), httpFactsOf("/version")).verdict, "block");
});

test("requests are the same when every byte is", () => {
  const facts = httpFactsOf("/");
  const body = { bytes: 1, sha256: "a".repeat(64), text: "x" };
  const one = exchangeFingerprint("", httpRequestOf("POST /", { body }), facts);
  assert.equal(exchangeFingerprint("", httpRequestOf("POST /", { body: { ...body } }), facts), one);
  for (const [account, other] of [
    ["", httpRequestOf("PUT /", { body })],
    ["", httpRequestOf("POST /?", { body })],
    ["", httpRequestOf("POST /", { body: { ...body, sha256: "b".repeat(64) } })],
    ["", httpRequestOf("POST /", { body, contentType: "text/plain" })],
    ["", httpRequestOf("POST /")],
    ["", httpRequestOf("POST /", { streamed: true })],
    ["", httpRequestOf("POST /", { body, websocket: true })],
    ["", apiRequestOf("POST /", { body })],
    ["alice", httpRequestOf("POST /", { body })],
  ] as const) {
    assert.notEqual(exchangeFingerprint(account, other, facts), one);
  }
});

test("whether a policy looks at bodies is told for the actions that it applies to", () => {
  const writes = set(when("http:write", 'context.path == "/x" || context.fields.contains("a=b")'));
  assert.ok(seesBody(writes, ["http:post"]));
  assert.ok(!seesBody(writes, ["http:get"]));
  assert.ok(seesBody(writes, ["http:get", "http:other"]));
  assert.ok(!seesBody(set(when("http:write", 'context.path == "/x"')), ["http:post"]));
  assert.ok(!seesBody(set(ALLOW_ALL), ["http:post", "kubernetes:patch"]));
  for (const name of ['bodyForm == "json"', "complete", "opaque.isEmpty()", "repeated.isEmpty()"]) {
    assert.ok(seesBody(set(when("http:post", `context.${name}`)), ["http:post"]), name);
  }
  assert.ok(seesBody(set(when("http:post", "context has bodyBytes")), ["http:post"]));
  assert.ok(seesBody(set(when("kubernetes:patch", "context has replicas")), ["kubernetes:patch"]));
  assert.ok(!seesBody(set(when("kubernetes:patch", 'context.name == "x"')), ["kubernetes:patch"]));
  const starter = set(STARTER_POLICIES);
  assert.ok(!seesBody(starter, ["http:post"]), "uploads are held for their verdict, not for what is in them");
  assert.ok(seesBody(starter, ["kubernetes:patch"]));
});

test("whatever was proved, a verdict comes of it", () => {
  const policies = set(STARTER_POLICIES);
  const text = fc.string({ unit: "binary" });
  const texts = fc.array(text, { maxLength: 5 });
  const pairs = fc.array(fc.tuple(text, text), { maxLength: 5 });
  const request = fc.record({
    type: fc.constant("http" as const),
    method: fc.oneof(fc.constantFrom("GET", "POST", "DELETE"), text),
    target: text,
    contentType: fc.option(text),
    body: fc.option(fc.record({ bytes: fc.nat(), sha256: text, text: fc.option(text) })),
    streamed: fc.boolean(),
    fields: pairs,
    websocket: fc.boolean(),
    kubernetes: fc.option(
      fc.record({
        isResource: fc.boolean(),
        verb: fc.oneof(fc.constantFrom("get", "create", "watch"), text),
        path: text,
        prefix: text,
        group: text,
        version: text,
        namespace: text,
        resource: text,
        subresource: fc.oneof(fc.constantFrom("", "exec", "proxy"), text),
        name: text,
        parts: texts,
      }),
    ),
  });
  const form = fc.constantFrom("none", "json", "form", "text", "unread");
  const facts = fc.oneof(
    fc.record({
      type: fc.constant("http" as const),
      path: text,
      query: pairs,
      bodyForm: form,
      fields: pairs,
      opaque: texts,
    }),
    fc.record({
      type: fc.constant("kubernetes" as const),
      bodyForm: form,
      kinds: texts,
      replicas: fc.option(fc.integer()),
      images: texts,
      rights: texts,
      serviceAccounts: texts,
      labels: texts,
      rbac: fc.boolean(),
      fields: texts,
      dryRun: fc.boolean(),
      command: texts,
      opaque: texts,
    }),
  ) as fc.Arbitrary<ExchangeFacts>;
  fc.assert(
    fc.property(request, facts, text, (asked, proved, type) => {
      assert.ok(isDecision(judgeExchange(policies, SUBJECT, HTTP_TARGET, asked, proved, EXCHANGE_NOW)));
      assert.ok(
        isDecision(judgeUnreadable(policies, SUBJECT, HTTP_TARGET, asked, proved, type, EXCHANGE_NOW)),
      );
    }),
    { seed: SEED, numRuns: 200 },
  );
});

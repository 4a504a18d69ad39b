import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import type { HttpRequest, RequestBody } from "../http/request.ts";
import { isHttpRequest } from "../http/request-reading.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import { SEED } from "../seeded.ts";
import { type ApprovalAsk, MAX_APPROVAL_TEXT, type RequestQuestion } from "./approval.ts";
import { requestDigest } from "./digest.ts";
import { isApprovalAsk, readApprovalAsk } from "./reading.ts";
import { heldActions } from "./request.ts";

console.log(`questions about exchanges fuzz: SEED=${SEED}`);

const SECRET = "hunter2";

function bodyOf(text: string): RequestBody {
  return { bytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex"), text };
}

const POST: HttpRequest = {
  type: "http",
  method: "POST",
  target: "/v1/orders?x=1",
  contentType: "application/json",
  fields: [["x-tenant", "shop"]],
  body: bodyOf(`{"password": "${SECRET}"}`),
  streamed: false,
  websocket: false,
  kubernetes: null,
};
const GET: HttpRequest = { ...POST, method: "GET", contentType: null, body: null };
const SCALE: HttpRequest = {
  ...POST,
  method: "PATCH",
  target: "/apis/apps/v1/namespaces/shop/deployments/web/scale",
  contentType: "application/merge-patch+json",
  body: bodyOf('{"spec": {"replicas": 0}}'),
  kubernetes: requestInfo("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale"),
};

function question(request: HttpRequest = POST, part: Partial<RequestQuestion> = {}): RequestQuestion {
  const account = part.account ?? "";
  return {
    kind: "request",
    policies: ["http-write"],
    reason: "it changes something",
    approvals: [{ approvers: ["ops"], quorum: 1 }],
    expiresMs: 900_000,
    lastsMs: 3_600_000,
    scope: "once",
    account,
    actions: heldActions(request, false),
    request,
    sha256: requestDigest(account, request),
    fingerprint: requestDigest(account, request),
    ...part,
  };
}

const ask = (one: object): ApprovalAsk =>
  ({ event: "approval_asked", approval: 1, question: one }) as ApprovalAsk;

/** Every refusal is the one error, and tells nothing of what was sent. */
function refuses(one: object): void {
  assert.throws(
    () => readApprovalAsk(ask(one)),
    (error) =>
      error instanceof SallyportError &&
      error.code === "protocol_violation" &&
      !error.message.includes(SECRET) &&
      error.message.length < 300,
  );
}

describe("a question about an exchange", () => {
  const good: [what: string, question: RequestQuestion][] = [
    ["a write", question()],
    ["a read", question(GET)],
    ["a WebSocket", question({ ...GET, websocket: true })],
    ["a response that can't be looked into", question(GET, { actions: ["http:unreadable"] })],
    [
      "… with its content type",
      question(GET, { actions: ["http:unreadable"], unreadable: "image/png; a=b" }),
    ],
    ["… that has none", question(GET, { actions: ["http:unreadable"], unreadable: "" })],
    ["an empty body", question({ ...POST, body: bodyOf("") })],
    ["lines and hidden characters", question({ ...POST, body: bodyOf("a\r\n\tb \u202e\u200b\ufeff") })],
    ["a change of a cluster, as somebody", question(SCALE, { account: "corp/alice" })],
    ["one by the connector itself", question(SCALE)],
  ];
  for (const [what, one] of good) {
    test(`reads back as it was written: ${what}`, () => {
      assert.deepEqual(readApprovalAsk(ask(structuredClone(one))), ask(one));
      assert.equal(
        JSON.stringify(readApprovalAsk(Buffer.from(JSON.stringify(ask(one))))),
        JSON.stringify(ask(one)),
      );
      assert.ok(isApprovalAsk(ask(one)));
      assert.ok(isHttpRequest(one.request));
    });
  }

  const body = POST.body!;
  /** With the digest of what it says, so that nothing else is wrong. */
  const of = (change: object) => {
    const request = { ...POST, ...change } as HttpRequest;
    return question(request, { actions: heldActions(POST, false) });
  };
  const attacks: [what: string, question: object][] = [
    ["whose body is another than its digest says", of({ body: { ...body, text: `${body.text} ` } })],
    ["whose body has another digest", of({ body: { ...body, sha256: "0".repeat(64) } })],
    ["whose body is said to be shorter", of({ body: { ...body, bytes: body.bytes - 1 } })],
    ["whose body can't be shown", of({ body: { ...body, text: null } })],
    ["whose body was not read", of({ body: null, streamed: true })],
    ["whose body is streamed and shown", of({ streamed: true })],
    ["with control characters in its body", of({ body: bodyOf("a\u001b[2Kb") })],
    ["with a null character in its body", of({ body: bodyOf("a\0b") })],
    ["with a lone surrogate", of({ body: { ...bodyOf("?"), text: "\ud800" } })],
    ["with a field that no client is asked about", of({ fields: [["user-agent", "x"]] })],
    ["with a line in a field", of({ fields: [["x-tenant", "a\nb"]] })],
    ["with a field that is none", of({ fields: [["X Tenant", "a"]] })],
    [
      "with another tenant than the digest's",
      { ...question(), request: { ...POST, fields: [["x-tenant", "b"]] } },
    ],
    ["with a member more", of({ trailers: [] })],
    ["with a member more of its body", of({ body: { ...body, encoding: "gzip" } })],
    ["with a blank in its target", of({ target: "/a b" })],
    ["with a line in its target", of({ target: "/a\nb" })],
    ["with a target elsewhere", of({ target: "http://other/" })],
    ["with a method that is none", of({ method: "PO ST" })],
    ["with a line in its content type", of({ contentType: "a/b\r\nx: y" })],
    ["with a target that is too long", of({ target: `/${"a".repeat(20_000)}` })],
    ["with a body longer than people are shown", of({ body: bodyOf("x".repeat(MAX_APPROVAL_TEXT)) })],
    ["of another account than the digest's", { ...question(SCALE), account: "root" }],
    ["of an HTTP target with an account", question(POST, { account: "root" })],
    ["with another target than the digest's", { ...question(), request: { ...POST, target: "/v1/other" } }],
    ["about the actions of another method", question(POST, { actions: ["http:get"] })],
    ["about fewer actions", question({ ...GET, websocket: true }, { actions: ["http:get"] })],
    ["about more actions", question(POST, { actions: ["http:post", "http:unreadable"] })],
    ["about a request, with a response's content type", question(GET, { unreadable: "image/png" })],
    ...[
      "a/b\r\nx: y",
      "a/b\u001b[2K",
      "a/\u202eb",
      "é",
      "x".repeat(201),
      "\ud800",
      null,
      7,
      ["image/png"],
    ].map((unreadable): [string, object] => [
      `about a response of the type ${JSON.stringify(unreadable)?.slice(0, 20)}`,
      { ...question(GET, { actions: ["http:unreadable"] }), unreadable },
    ]),
    ["about actions of SSH", question(POST, { actions: ["ssh:exec"] })],
    ["about no action", question(POST, { actions: [] })],
    [
      "of a cluster, as another resource than its path's",
      question({ ...SCALE, kubernetes: { ...SCALE.kubernetes!, name: "other" } }),
    ],
    [
      "of a cluster, as another verb than its method's",
      question(
        { ...SCALE, kubernetes: { ...SCALE.kubernetes!, verb: "get" } },
        { actions: ["kubernetes:get"] },
      ),
    ],
    [
      "of a cluster, with a path that can be read in two ways",
      question({ ...SCALE, target: "/api/v1//pods" }),
    ],
    [
      "that passes for one about a cluster",
      { ...question(), request: { ...POST, kubernetes: SCALE.kubernetes } },
    ],
  ];
  for (const [what, one] of attacks) test(`is refused ${what}`, () => refuses(one));

  test("never mutates into another that is taken", () => {
    const json = JSON.stringify(question(SCALE, { account: "corp/alice" }));
    fc.assert(
      fc.property(fc.nat(json.length - 1), fc.constantFrom(...'0aZ /"{}[]:,\\n'), (at, character) => {
        const changed = json.slice(0, at) + character + json.slice(at + 1);
        if (changed === json) return;
        let value: RequestQuestion;
        try {
          value = (readApprovalAsk(ask(JSON.parse(changed))) as { question: RequestQuestion }).question;
        } catch (error) {
          assert.ok(error instanceof SyntaxError || error instanceof SallyportError);
          return;
        }
        // Words, groups and times are the connector's own; what would run is held together by its digest.
        assert.equal(JSON.stringify(value.request), JSON.stringify(SCALE));
        assert.deepEqual([value.account, value.actions], ["corp/alice", ["kubernetes:patch"]]);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

test("whatever a recording holds, it is told whether it is a request", () => {
  assert.ok(isHttpRequest({ ...POST, later: 1 }));
  assert.ok(isHttpRequest({ ...POST, body: { ...POST.body, text: null } }));
  assert.ok(isHttpRequest({ ...POST, streamed: true, body: null }));
  for (const bad of [
    null,
    {},
    { ...POST, type: "exec" },
    { ...POST, method: 1 },
    { ...POST, contentType: undefined },
    { ...POST, body: {} },
    { ...POST, body: undefined },
    { ...POST, kubernetes: {} },
    { ...SCALE, kubernetes: { ...SCALE.kubernetes, parts: [1] } },
  ]) {
    assert.ok(!isHttpRequest(bad), JSON.stringify(bad));
  }
});

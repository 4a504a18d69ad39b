import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { MAX_APPROVAL_TEXT, MAX_CONTENT_TYPE } from "../../protocol/approval/approval.ts";
import { readApprovalAsk } from "../../protocol/approval/reading.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { HttpRequest, RequestBody } from "../../protocol/http/request.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { type Held, isStillApproved, requestQuestion } from "./request-question.ts";

const DECISION: Approve = {
  verdict: "approve",
  policies: ["restarts", "night"],
  reason: "restarts are looked at",
  approvals: [{ approvers: ["ops"], quorum: 1 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
  rows: null,
  bytes: null,
};
const HELD: Held = {
  account: "deploy",
  request: { type: "exec", command: "systemctl restart web", terminal: false },
  fingerprint: "0f".repeat(32),
};
const exec = (command: string): Held => ({
  ...HELD,
  request: { type: "exec", command, terminal: false },
});

describe("a question about a request", () => {
  test("is one that the edge takes, and stays what it was", () => {
    const request = { type: "exec" as const, command: "reboot", terminal: false };
    const question = requestQuestion(DECISION, { ...HELD, request });
    const before = structuredClone(question);
    request.command = "true";
    assert.deepEqual(question, before);
    const ask = { event: "approval_asked", approval: 1, question };
    assert.deepEqual(readApprovalAsk(ask), ask);
    assert.deepEqual(question.actions, ["ssh:exec"]);
  });

  for (const [what, held] of [
    ["longer than people can be shown", exec("x".repeat(MAX_APPROVAL_TEXT + 1))],
    ["longer than a message, as escapes of JSON", exec("\u0001".repeat(60_000))],
    ["no text that can be shown as it is", exec("\ud800")],
    ["by an account without a name", { ...HELD, account: "" }],
  ] as [string, Held][]) {
    test(`that is ${what} can't be asked, and the agent is told that it needs an approval`, () => {
      assert.throws(
        () => requestQuestion(DECISION, held),
        (error) =>
          error instanceof SallyportError &&
          error.code === "limit_exceeded" &&
          error.message.startsWith("needs an approval, but can't be held: ") &&
          error.message.length < 300,
      );
    });
  }
});

describe("a question about an exchange", () => {
  const body = (text: string): RequestBody => ({
    bytes: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
    text,
  });
  const request: HttpRequest = {
    type: "http",
    method: "POST",
    target: "/v1/orders",
    contentType: "application/json",
    body: body("{}"),
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes: null,
  };
  const held = (change: Partial<HttpRequest> = {}, part: Partial<Held> = {}): Held => ({
    account: "",
    request: { ...request, ...change },
    fingerprint: "0f".repeat(32),
    ...part,
  });

  test("is one that the edge takes, about the request or about its response", () => {
    for (const [unreadable, actions] of [
      [undefined, ["http:post"]],
      [null, ["http:post"]],
      ["image/png", ["http:unreadable"]],
      ["", ["http:unreadable"]],
    ] as const) {
      const question = requestQuestion(DECISION, held({}, unreadable === undefined ? {} : { unreadable }));
      const ask = { event: "approval_asked", approval: 1, question };
      assert.deepEqual(readApprovalAsk(ask), ask);
      assert.deepEqual(question.actions, actions);
      assert.equal(question.unreadable, unreadable ?? undefined);
    }
  });

  test("tells what the response is in few plain characters, whatever the target calls it; and is for that alone", () => {
    const of = (unreadable: string) => requestQuestion(DECISION, held({}, { unreadable }));
    const hostile = of(`a/b\r\n\u001b[2K\u202e${"x".repeat(30_000)}`).unreadable!;
    assert.equal(hostile, `a/b???[2K?${"x".repeat(187)}...`);
    assert.equal(hostile.length, MAX_CONTENT_TYPE);
    assert.ok(isStillApproved(of("image/png"), of("image/png")));
    assert.ok(!isStillApproved(of("image/png"), of("application/zip")));
    assert.ok(!isStillApproved(of("image/png"), of("")));
  });

  for (const [what, one, words] of [
    ["no text", held({ body: { ...body("x"), text: null } }), /its body is not text/],
    ["not read", held({ body: null, streamed: true }), /longer than what is read/],
    ["longer than people can be shown", held({ body: body("x".repeat(MAX_APPROVAL_TEXT)) }), /bytes/],
    ["other than its digest", held({ body: { ...body("x"), text: "y" } }), /question\.request/],
  ] as [string, Held, RegExp][]) {
    test(`whose body is ${what} can't be asked, and the agent is told that it needs an approval`, () => {
      assert.throws(
        () => requestQuestion(DECISION, one),
        (error) =>
          error instanceof SallyportError &&
          error.code === "limit_exceeded" &&
          error.message.startsWith("needs an approval, but can't be held: ") &&
          words.test(error.message),
      );
    });
  }

  test("an approval of the request is none of its response, nor the other way round", () => {
    const asked = requestQuestion(DECISION, held());
    const response = requestQuestion(DECISION, held({}, { unreadable: "image/png" }));
    assert.ok(!isStillApproved(asked, response) && !isStillApproved(response, asked));
    assert.ok(isStillApproved(asked, requestQuestion(DECISION, held())));
    assert.ok(!isStillApproved(asked, requestQuestion(DECISION, held({ body: body("{ }") }))));
  });
});

describe("what was approved", () => {
  const was = requestQuestion(DECISION, HELD);
  const now = (decision: Partial<Approve> = {}, held: Partial<Held> = {}) =>
    isStillApproved(was, requestQuestion({ ...DECISION, ...decision }, { ...HELD, ...held }));

  test("is still so by the same policies, or fewer of them", () => {
    assert.ok(now());
    assert.ok(now({ policies: ["night"], reason: "other words" }));
  });

  const attacks: [string, Partial<Approve>, Partial<Held>][] = [
    ["of another command", {}, exec("systemctl restart db")],
    ["of the same command with a blank more", {}, exec("systemctl restart web ")],
    ["of another account", {}, { account: "root" }],
    ["with a terminal", {}, { request: { type: "exec", command: "systemctl restart web", terminal: true } }],
    ["of another meaning", {}, { fingerprint: "" }],
    ["by another policy", { policies: ["restarts", "day"] }, {}],
    ["asked of others", { approvals: [{ approvers: ["leads"], quorum: 1 }] }, {}],
  ];
  for (const [what, decision, held] of attacks) test(`is not ${what}`, () => assert.ok(!now(decision, held)));

  test("for a time is not what must be asked each time", () => {
    const before = requestQuestion({ ...DECISION, scope: "session" }, HELD);
    assert.ok(!isStillApproved(before, was));
    assert.ok(isStillApproved(was, before));
  });
});

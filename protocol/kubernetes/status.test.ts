import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ERRORS, type ErrorCode, SallyportError } from "../errors.ts";
import { requestInfo } from "./reading-request-info.ts";
import { isConnect, isLog, isStreaming, statusFor, statusObject } from "./status.ts";

describe("a Status", () => {
  test("tells an error with its hint, about what, and by its code", () => {
    const error = new SallyportError("forbidden", "the policy refuses it", "Ask the group ops.");
    const info = requestInfo("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web");
    assert.deepEqual(statusFor(error, info), {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Sallyport: the policy refuses it (Ask the group ops.)",
      reason: "Forbidden",
      details: {
        name: "web",
        group: "apps",
        kind: "deployments",
        causes: [{ reason: "sallyport/forbidden", message: "the policy refuses it" }],
      },
      code: 403,
    });
  });

  test("has a reason for each error there is, and the error's status code", () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const status = statusFor(new SallyportError(code, "x"));
      assert.equal(status.code, ERRORS[code].status);
      assert.match(status.reason, /^[A-Z][A-Za-z]+$/);
    }
    assert.equal(statusFor(new SallyportError("too_many", "x")).details!.retryAfterSeconds, 1);
  });

  test("has the reason that belongs to its code where none is given", () => {
    assert.equal(statusObject(415, null, "x").reason, "UnsupportedMediaType");
    assert.equal(statusObject(499, null, "x").reason, "BadRequest");
    assert.equal(statusObject(507, null, "x").reason, "InternalError");
    assert.equal(statusObject(404, "Gone", "x").reason, "Gone");
    assert.ok(!("details" in statusObject(404, null, "x")));
  });
});

describe("a request", () => {
  const kinds: [method: string, target: string, connect: boolean, streaming: boolean][] = [
    ["GET", "/api/v1/namespaces/shop/pods/web/exec", true, true],
    ["POST", "/api/v1/namespaces/shop/pods/web/attach", true, true],
    ["GET", "/api/v1/namespaces/shop/pods/web/portforward", true, true],
    ["PUT", "/api/v1/namespaces/shop/pods/web/proxy/a/b", true, true],
    ["GET", "/api/v1/namespaces/shop/services/web/proxy/", true, true],
    ["GET", "/api/v1/nodes/n1/proxy/run", true, true],
    ["GET", "/api/v1/proxy/nodes/n1", true, true],
    ["GET", "/api/v1/namespaces/shop/pods/web/log", false, true],
    ["GET", "/api/v1/pods?watch=1", false, true],
    ["GET", "/api/v1/watch/pods", false, true],
    ["GET", "/api/v1/pods", false, false],
    ["GET", "/api/v1/namespaces/shop/pods/web/status", false, false],
    ["GET", "/apis/acme.com/v1/namespaces/shop/pods/web/exec", false, false],
    ["GET", "/api/v1/namespaces/shop/constructor/web/exec", false, false],
    ["GET", "/version", false, false],
  ];
  for (const [method, target, connect, streaming] of kinds) {
    test(`${method} ${target} is ${connect ? "" : "no "}connection, and ${streaming ? "goes on" : "ends"}`, () => {
      const info = requestInfo(method, target);
      assert.equal(isConnect(info), connect);
      assert.equal(isStreaming(info), streaming);
      assert.equal(isLog(info), target.endsWith("/log"));
    });
  }
});

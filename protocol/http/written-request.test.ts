import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../errors.ts";
import { writtenApiRequest, writtenExchange } from "./written-facts.ts";
import { readWrittenRequest } from "./written-request.ts";

test("a request is written as it would be sent", () => {
  assert.deepEqual(readWrittenRequest("GET /a?b=c"), {
    method: "GET",
    target: "/a?b=c",
    contentType: null,
    body: null,
  });
  assert.deepEqual(
    readWrittenRequest("POST /a HTTP/1.1\r\ncontent-TYPE:  text/plain; charset=utf-8 \r\n\r\nx\r\n\r\ny\n"),
    { method: "POST", target: "/a", contentType: "text/plain; charset=utf-8", body: "x\r\n\r\ny\n" },
  );
  assert.equal(readWrittenRequest("DELETE /a\n\n").body, null);
});

test("a body that is JSON is taken for JSON, and of a PATCH for a merge patch; of others nothing is guessed", () => {
  assert.equal(readWrittenRequest("POST /a\n\n[1]").contentType, "application/json");
  assert.equal(readWrittenRequest("PATCH /a\n\n{}").contentType, "application/merge-patch+json");
  assert.equal(readWrittenRequest("POST /a\n\na=b").contentType, null);
});

test("what is no request is refused with what to write", () => {
  for (const text of [
    "",
    "/a",
    "GET",
    "GET a",
    "GET http://host/a",
    "GET /a b",
    "GET /a FTP/1.1",
    "DELETE FROM orders",
    "GET /a\nAccept: */*",
    "GET /a\nContent-Type: a/b\nContent-Type: c/d",
  ]) {
    assert.throws(
      () => readWrittenRequest(text),
      (error) =>
        error instanceof SallyportError && error.code === "invalid_request" && error.hint !== undefined,
      text,
    );
  }
});

test("it is the request that a target of its kind would be asked, with its facts", () => {
  const { request, facts } = writtenExchange(readWrittenRequest('POST /a?b=c\n\n{"d": 1}'));
  assert.deepEqual([request.kubernetes, request.body?.bytes, request.body?.text], [null, 8, '{"d": 1}']);
  assert.deepEqual(facts.type === "http" && [facts.path, facts.query, facts.fields], [
    "/a",
    [["b", "c"]],
    [["d", "1"]],
  ]);
  const api = writtenApiRequest(readWrittenRequest("DELETE /api/v1/namespaces/a/pods/b?dryRun=All"));
  assert.equal(api.request.kubernetes?.verb, "delete");
  assert.ok(api.facts.type === "kubernetes" && api.facts.dryRun);
});

test("one that streams has no body that anybody read", () => {
  const { request, facts } = writtenExchange(readWrittenRequest("PUT /a\n\nx"), { streamed: true });
  assert.deepEqual([request.body, request.streamed, facts.bodyForm], [null, true, "unread"]);
});

test("what would be refused before it is judged is refused here", () => {
  for (const text of ["GET /a/../b", "GET /a//b", "GET /a?_method=DELETE"]) {
    assert.throws(() => writtenExchange(readWrittenRequest(text)), { code: "invalid_request" }, text);
  }
  assert.throws(() => writtenApiRequest(readWrittenRequest("BREW /api/v1/pods")), {
    code: "invalid_request",
  });
});

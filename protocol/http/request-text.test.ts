import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import { seedOf } from "../seeded.ts";
import type { HttpRequest } from "./request.ts";
import { exchangeText } from "./request-text.ts";

const SHA = "ab".repeat(32);

const GET: HttpRequest = {
  type: "http",
  method: "GET",
  target: "/a?b=c",
  contentType: null,
  body: null,
  streamed: false,
  fields: [],
  websocket: false,
  kubernetes: null,
};

function api(method: string, target: string): string {
  return exchangeText({ ...GET, method, target, kubernetes: requestInfo(method, target) });
}

describe("a request in words", () => {
  test("is its method and target", () => {
    assert.equal(exchangeText(GET), "GET /a?b=c");
  });

  test("has its body after an empty line, where it is text", () => {
    const body = { bytes: 7, sha256: SHA, text: '{"a":1}' };
    const request: HttpRequest = { ...GET, method: "POST", contentType: "application/json", body };
    assert.equal(
      exchangeText(request),
      'POST /a?b=c, content type application/json, with a body of 7 bytes:\n\n{"a":1}',
    );
  });

  test("has size and digest of another body", () => {
    const body = { bytes: 7, sha256: SHA, text: null };
    const request: HttpRequest = { ...GET, method: "PUT", contentType: "image/png", body };
    assert.equal(
      exchangeText(request),
      `PUT /a?b=c, content type image/png, with a body of 7 bytes that are no text, SHA-256 ${SHA}`,
    );
  });

  test("says what is not judged", () => {
    assert.equal(
      exchangeText({ ...GET, method: "POST", streamed: true }),
      "POST /a?b=c, with a body that is sent unread",
    );
    assert.equal(exchangeText({ ...GET, websocket: true }), "GET /a?b=c, as a WebSocket");
  });

  test("begins with what the API server takes it for", () => {
    const lines = (method: string, target: string) => api(method, target).split("\n");
    const deployment = "/apis/apps/v1/namespaces/shop/deployments/web";
    assert.deepEqual(lines("PATCH", deployment), [
      "patch deployments.apps web in namespace shop",
      `PATCH ${deployment}`,
    ]);
    assert.equal(
      lines("PATCH", `${deployment}/scale`)[0],
      "patch deployments.apps/scale web in namespace shop",
    );
    assert.equal(lines("GET", "/api/v1/secrets")[0], "list secrets");
    assert.equal(
      lines("DELETE", "/api/v1/namespaces/shop/pods")[0],
      "deletecollection pods in namespace shop",
    );
    assert.equal(lines("DELETE", "/api/v1/namespaces/shop")[0], "delete namespaces shop");
    assert.equal(lines("GET", "/version")[0], "get /version");
    assert.equal(
      lines("GET", "/api/v1/namespaces/shop/services/web/proxy/a/b")[0],
      "get services/proxy/a/b web in namespace shop",
    );
    assert.equal(
      lines("DELETE", "/api/v1/namespaces/a%20in%20namespace%20b/pods/c%22")[0],
      'delete pods "c\\"" in namespace "a in namespace b"',
    );
  });

  const pairs: [what: string, one: Partial<HttpRequest>, other: Partial<HttpRequest>][] = [
    ["a target with a comma", { target: "/a,as" }, { target: "/a" }],
    [
      "a content type with words",
      { contentType: "a/b, as a WebSocket" },
      { contentType: "a/b", websocket: true },
    ],
    [
      "a body that reads like the words for another",
      { body: { bytes: 3, sha256: SHA, text: "(7 bytes that are no text)" } },
      { body: { bytes: 7, sha256: SHA, text: null } },
    ],
    ["an empty body", { body: { bytes: 0, sha256: SHA, text: "" } }, {}],
  ];
  for (const [what, one, other] of pairs) {
    test(`passes for no other: ${what}`, () => {
      assert.notEqual(exchangeText({ ...GET, ...one }), exchangeText({ ...GET, ...other }));
    });
  }

  test("passes for no other, whatever it is", (t) => {
    const seed = seedOf(t);
    const word = fc.constantFrom(
      "a",
      "/a",
      ",",
      " ",
      "\n",
      '"',
      "as a WebSocket",
      "with a body of 1 bytes:",
      "\n\n",
      "content type",
      "GET",
    );
    const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(""));
    const body = fc.oneof(
      fc.constant(null),
      text.map((one) => ({ bytes: Buffer.byteLength(one), sha256: SHA, text: one })),
      fc.nat(9).map((bytes) => ({ bytes, sha256: SHA, text: null })),
    );
    const request: fc.Arbitrary<HttpRequest> = fc.record({
      type: fc.constant("http" as const),
      method: fc.constantFrom("GET", "POST"),
      target: text.map((one) => `/${one}`),
      contentType: fc.oneof(fc.constant(null), text),
      body,
      streamed: fc.boolean(),
      fields: fc.array(fc.tuple(text, text), { maxLength: 2 }),
      websocket: fc.boolean(),
      kubernetes: fc.constant(null),
    });
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(request, (one) => {
        const key = JSON.stringify(one);
        const words = exchangeText(one);
        assert.ok(!seen.has(words) || seen.get(words) === key, words);
        seen.set(words, key);
      }),
      { seed, numRuns: 20_000 },
    );
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, requireOwnPage } from "./place.ts";

const request = (url: string, headers: Record<string, string> = {}) =>
  // Node's own Request forbids what a browser sets by itself.
  ({ url, headers: new Headers(headers) }) as unknown as Request;

test("browsers are taken over TLS, by the edge's own word or a proxy's, or on this machine", () => {
  const cases: [url: string, publicUrl: string | undefined, secure: boolean | null][] = [
    ["https://edge.example/approvals/x", undefined, true],
    ["http://127.0.0.1:7843/approvals/x", undefined, false],
    ["http://localhost:7843/approvals/x", undefined, false],
    ["http://127.0.0.1:7843/approvals/x", "https://edge.example/path", true],
    ["http://edge.example/approvals/x", undefined, null],
    ["http://127.0.0.1.evil.example/approvals/x", undefined, null],
    ["https://edge.example/approvals/x", "http://edge.example", null],
  ];
  for (const [url, publicUrl, secure] of cases) {
    const env = publicUrl === undefined ? {} : { PUBLIC_URL: publicUrl };
    if (secure === null) assert.throws(() => placeOf(request(url), env), { code: "forbidden" }, url);
    else assert.equal(placeOf(request(url), env).secure, secure, url);
  }
});

test("a form passes from the edge's own origins only, and says so itself", () => {
  const url = "http://127.0.0.1:7843/approvals/x";
  const place = placeOf(request(url), { PUBLIC_URL: "https://edge.example" });
  const passes = (headers: Record<string, string>) => {
    try {
      requireOwnPage(request(url, headers), place);
      return true;
    } catch {
      return false;
    }
  };
  for (const origin of ["https://edge.example", "http://127.0.0.1:7843"]) {
    assert.ok(passes({ origin }), origin);
    assert.ok(passes({ origin, "sec-fetch-site": "same-origin" }), origin);
    for (const site of ["same-site", "cross-site", "none", ""]) {
      assert.ok(!passes({ origin, "sec-fetch-site": site }), site);
    }
  }
  for (const origin of [
    "null",
    "",
    "http://edge.example",
    "https://edge.example:444",
    "https://edge.example.evil.example",
    "http://127.0.0.1:7844",
  ]) {
    assert.ok(!passes({ origin }), origin);
  }
  assert.ok(!passes({}));
  assert.ok(!passes({ referer: url, host: "127.0.0.1:7843" }));
});

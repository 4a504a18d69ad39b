import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { codeOf } from "../http/testing.ts";
import { seedOf } from "../seeded.ts";
import { requestInfo } from "./reading-request-info.ts";
import { CASES } from "./request-info-cases.ts";

describe("a request is what the API server takes it for:", () => {
  for (const { method, target, resource } of CASES) {
    test(`${method} ${target}`, () => {
      const info = requestInfo(method, target);
      assert.equal(info.path, decodeURIComponent(target.split("?", 1)[0]!));
      if (resource === null) {
        const none = {
          prefix: "",
          group: "",
          version: "",
          namespace: "",
          resource: "",
          subresource: "",
          name: "",
        };
        const expected = {
          isResource: false,
          verb: method.toLowerCase(),
          path: info.path,
          ...none,
          parts: [],
        };
        assert.deepEqual(info, expected);
        return;
      }
      const { verb, prefix, group, version, namespace, subresource, name, parts } = info;
      const place = [prefix, ...(group === "" ? [] : [group]), version].join("/");
      assert.deepEqual([verb, place, namespace, subresource, name, parts.join("/")], resource);
      assert.ok(info.isResource);
      assert.equal(info.resource, parts[0]);
    });
  }
});

describe("a request that can't be judged is refused:", () => {
  const attacks: [method: string, target: string, why: RegExp][] = [
    ["GET", "/api/v1/namespaces/shop/pods/../secrets", /dot segment/],
    ["GET", "/api/v1/namespaces/shop/../kube-system/secrets", /dot segment/],
    ["GET", "/api/v1/namespaces/./kube-system/secrets", /dot segment/],
    ["GET", "/api/v1/namespaces/shop/pods/%2e%2e/secrets", /need none/],
    ["GET", "/api/v1/namespaces/shop/pods/.%2e/secrets", /need none/],
    ["GET", "/api/v1//secrets", /empty segment/],
    ["GET", "//api/v1/secrets", /empty segment/],
    ["GET", "/api//v1/secrets", /empty segment/],
    ["GET", "/api/v1/namespaces//secrets", /empty segment/],
    ["GET", "/api/v1/namespaces/shop/pods//exec", /empty segment/],
    ["GET", "/api/v1/namespaces/kube-system%2Fsecrets", /slash/],
    ["GET", "/api%2Fv1%2Fsecrets", /slash/],
    ["GET", "/api/v1/namespaces/shop%2f..%2fkube-system/secrets", /slash/],
    ["GET", "/api/v1/%73ecrets", /need none/],
    ["GET", "/api/v1/secret%73", /need none/],
    ["GET", "/%61pi/v1/secrets", /need none/],
    ["POST", "/api/v1/namespaces/shop/pods/web/%65xec?command=sh", /need none/],
    ["GET", "/api/v1/%2573ecrets", /escaped itself/],
    ["GET", "/api/v1/namespaces/shop%252f..%252fkube-system/secrets", /escaped itself/],
    ["GET", "/api/v1/secrets%00", /control character/],
    ["GET", "/api/v1/secrets%0a", /control character/],
    ["GET", "/api/v1/secrets;x=y", /semicolon/],
    ["GET", "/api/v1;/secrets", /semicolon/],
    ["GET", "/api/v1/secrets%3bx", /semicolon/],
    ["GET", "/api/v1\\secrets", /backslash/],
    ["GET", "/api/v1/namespaces/shop%5c..%5ckube-system/secrets", /backslash/],
    ["GET", "/api/v1/secrets/", /ends with a slash/],
    ["DELETE", "/api/v1/namespaces/shop/pods/web/", /ends with a slash/],
    ["POST", "/api/v1/namespaces/shop/pods/web/exec/", /ends with a slash/],
    ["GET", "/api/v1/watch", /names no resource/],
    ["GET", "/api/v1/proxy", /names no resource/],
    ["GET", "/apis/apps/v1/watch", /names no resource/],
    ["get", "/api/v1/secrets", /no verb/],
    ["PROPFIND", "/api/v1/secrets", /no verb/],
    ["OPTIONS", "/api/v1/secrets", /no verb/],
    ["QUERY", "/api/v1/secrets", /no verb/],
    ["GET", "/api/v1/pods?watch=1;fieldSelector=x", /semicolon/],
    ["GET", "/api/v1/pods?a=%zz&watch=1", /begins no escape/],
    ["GET", "/api/v1/pods?watch=%ff", /not UTF-8/],
    ["GET", "/api/v1/pods?watch=0%00", /null character/],
    ["GET", "/api/v1/secrets?fieldSelector=metadata.name=a&labelSelector=a%3Db%20c", /label selector/],
    ["GET", "/api/v1/secrets#/../pods", /fragment/],
    ["GET", "http://10.0.0.1/api/v1/secrets", /not a path/],
    ["GET", "*", /not a path/],
    ["GET", "/api/v1/namespaces/ｓhop/secrets", /characters/],
    ["GET", "/api/v1/secrets%EF%BC%8Fx", /some servers take for a slash/],
    ["GET", "/api/v1/%c0%ae%c0%ae/secrets", /not UTF-8/],
  ];
  for (const [method, target, why] of attacks) {
    test(`${method} ${target}`, () => {
      assert.throws(() => requestInfo(method, target), { code: "invalid_request", message: why });
    });
  }
});

test("whatever is read names no other parts than the path that is sent", (t) => {
  const seed = seedOf(t);
  const part = fc.constantFrom(
    ...[
      "api",
      "apis",
      "v1",
      "namespaces",
      "watch",
      "proxy",
      "pods",
      "shop",
      "status",
      "exec",
      "..",
      "%2e",
      "",
      "%2f",
      "a%20b",
      "x:y",
    ],
  );
  const method = fc.constantFrom("GET", "POST", "DELETE", "PUT", "OPTIONS");
  fc.assert(
    fc.property(method, fc.array(part, { maxLength: 8 }), (verb, parts) => {
      const target = `/${parts.join("/")}`;
      if (codeOf(() => requestInfo(verb, target)) !== "accepted") return;
      const info = requestInfo(verb, target);
      const sent = parts.map(decodeURIComponent);
      assert.equal(info.path, `/${sent.join("/")}`);
      const kept = sent.filter((one) => one !== "");
      assert.deepEqual(info.parts, kept.slice(kept.length - info.parts.length));
      if (info.isResource) assert.ok(info.resource !== "" && info.version !== "" && info.verb !== "");
    }),
    { seed, numRuns: 5000 },
  );
});

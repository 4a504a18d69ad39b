import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { UPGRADE_FIELD } from "../../protocol/http/head.ts";
import { SEED } from "../../protocol/seeded.ts";
import { bearerOf, EXCHANGE_HEADER, handedOver, placeOf, requestHead } from "./request.ts";

const request = (headers: Record<string, string>, init: RequestInit = {}) =>
  new Request("https://edge/", { ...init, headers });
const place = { name: "web", base: "/t/web", target: "/a" };

describe("a request to the edge's own address", () => {
  test("is taken apart as text: what follows the name is the target, unchanged", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const printable = fc.string({ unit: fc.constantFrom(..."abz019./\\%;:@?&=+~_-2eE()[]'") });
    fc.assert(
      fc.property(printable, (rest) => {
        const found = placeOf(`http://edge:8787/t/web/${rest}`);
        assert.deepEqual(found, { name: "web", base: "/t/web", target: `/${rest}` });
      }),
      { seed: SEED },
    );
  });

  test("has a target's name or none, never one that must be decoded first", () => {
    for (const path of ["/t/", "/t/%77eb", "/t/WEB", "/t/..", "/t/web;a", `/t/${"a".repeat(64)}`])
      assert.equal(placeOf(`http://edge${path}`)?.name, "", path);
    for (const path of ["/", "/t", "/tt/web", "//t/web", "/v1/t/web", "/T/web"])
      assert.equal(placeOf(`http://edge${path}`), null, path);
  });

  test("becomes a head without what only the agent and the edge share", () => {
    const { fields } = requestHead(
      request({
        authorization: "Bearer secret",
        "x-kept": "1",
        [EXCHANGE_HEADER]: "{}",
        [UPGRADE_FIELD]: "spdy/3.1",
      }),
      place,
    );
    assert.deepEqual(fields, [["x-kept", "1"]]);
  });

  test("is handed over with fields of our own making alone, in ASCII", () => {
    const head = requestHead(request({ "x-latin": "caf\u00e9" }), place);
    const handed = handedOver(
      request({ [EXCHANGE_HEADER]: "forged", "x-latin": "\u00e9" }),
      "0".repeat(32),
      head,
    );
    assert.deepEqual([...handed.headers.keys()], [EXCHANGE_HEADER]);
    const value = handed.headers.get(EXCHANGE_HEADER)!;
    assert.match(value, /^[ -~]*$/);
    assert.deepEqual(JSON.parse(value), head);
  });

  test("proves itself by a bearer's token, or by a password that no browser sends", () => {
    const basic = `Basic ${Buffer.from("any:the:token").toString("base64")}`;
    assert.equal(bearerOf(request({ authorization: "Bearer x" })), "Bearer x");
    assert.equal(bearerOf(request({ authorization: basic })), "Bearer the:token");
    assert.equal(bearerOf(request({})), "");
    assert.throws(() => bearerOf(request({ authorization: basic, "sec-fetch-site": "none" })), {
      code: "unauthenticated",
    });
  });
});

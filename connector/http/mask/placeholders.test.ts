import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { carriesPlaceholder } from "./placeholders.ts";
import { OFF, sight } from "./testing.ts";

const LABELLED = sight("http", {
  labels: {
    "/public/** $..email": "none",
    "/users/** $..email": "pii.email",
    "/users/* $.ssn": "pii.ssn",
    "$..password": "secret",
  },
  masks: {
    "pii.email": { mask: "partial", as: "email" },
    "pii.ssn": { mask: "hash", scope: "target" },
    secret: { mask: "constant", value: "hidden" },
  },
  maskKey: { env: "KEY" },
});

describe("masked values that are sent back", () => {
  const find = (body: string, type: string | null = "application/json", seen = LABELLED) =>
    carriesPlaceholder(Buffer.from(body), type, seen.masked, seen.detectors);
  const BACK: [string, string | null, string | null][] = [
    ['{"email":"a***@***.com"}', "application/json", "pii.email"],
    ['[{"x":["***@***.de"]}]', null, "pii.email"],
    ['{"email":"\\u0061***@***.com"}', "application/json", "pii.email"],
    [`{"ssn":"masked_${"a1".repeat(16)}"}`, "application/merge-patch+json", "pii.ssn"],
    ['{"password":"hidden"}', "text/plain", "secret"],
    ['{"a":1}\n{"password":"hidden"}', "application/x-ndjson", "secret"],
    ["email=a***%40***.com&x=1", "application/x-www-form-urlencoded", "pii.email"],
    ["a=b&password=hidden", "application/x-www-form-urlencoded", "secret"],
    ['{"card":"****************"}', "application/json", "detected"],
    ['{"email":"ada@example.com","text":"*** important ***","a":"hidden gem"}', "application/json", null],
    ["*** hello ***", "text/plain", null],
    ['{"a":null,"n":5}', "application/json", null],
    ["", null, null],
  ];
  for (const [body, type, label] of BACK) {
    test(`${body.slice(0, 50)} is ${label ?? "no"} placeholder`, () => assert.equal(find(body, type), label));
  }
  test("nothing is, where nothing is masked", () => {
    assert.equal(find('{"email":"a***@***.com"}', null, { ...LABELLED, masked: [], detectors: OFF }), null);
  });
});

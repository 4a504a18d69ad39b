import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { carriesPlaceholder, MAX_VALUES } from "./placeholders.ts";
import { LABELLED, OFF } from "./testing.ts";

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
  test("a body with more values than are looked at is refused: nothing is sent back behind them", () => {
    const attack = (before: string, after: string) => `{"a":[${before}],"password":"hidden","b":[${after}]}`;
    const many = Array.from({ length: MAX_VALUES }, () => '"x"').join();
    const refused = { code: "limit_exceeded" };
    assert.throws(() => find(`[${many},"hidden"]`), refused);
    assert.throws(() => find(`{"password":["hidden"],"a":[${many}]}`), refused);
    assert.equal(find(attack(many, many)), "secret");
    // Numbers need no look.
    const numbers = Array.from({ length: 300_000 }, () => "1").join();
    assert.equal(find(attack(numbers, numbers)), "secret");
    assert.equal(find(`[${numbers}]`), null);
  });
  test("nothing is, where nothing is masked", () => {
    assert.equal(find('{"email":"a***@***.com"}', null, { ...LABELLED, masked: [], detectors: OFF }), null);
  });
});

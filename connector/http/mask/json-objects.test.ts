import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRules, MAX_HELD, Malformed } from "./json-mask.ts";
import { type Claim, ObjectRules } from "./json-object.ts";
import { NOWHERE } from "./json-place.ts";
import { LEAVES, masked } from "./json-testing.ts";

describe("what objects say of themselves", () => {
  const claim: Claim = { by: "kind", holds: (told) => told === "Secret", isDeep: true, treatment: LEAVES };
  const value: Claim = { by: "name", holds: (told) => told === "x", isDeep: false, treatment: LEAVES };
  const objects = new ObjectRules(
    new Map([
      ["data", [claim]],
      ["value", [value]],
    ]),
  );
  const rules: JsonRules = { root: NOWHERE, objects };

  test("counts before and behind the value, at any depth", () => {
    const text = `{"a":[{"data":{"k":"1","l":[2]},"kind":"Secret"},{"kind":"Secret","data":"3"},{"data":"4","kind":"Other"},{"data":"5"}]}`;
    const expected = `{"a":[{"data":{"k":"hidden","l":[null]},"kind":"Secret"},{"kind":"Secret","data":"hidden"},{"data":"4","kind":"Other"},{"data":"5"}]}`;
    for (let cut = 0; cut < text.length; cut += 1)
      assert.equal(masked(rules, text, { cuts: [cut] }), expected);
  });

  test("counts of an outer object, whatever an inner one says", () => {
    assert.equal(
      masked(rules, '{"data":{"kind":"Other","data":{"b":"1"},"value":"2","name":"y"},"kind":"Secret"}'),
      '{"data":{"kind":"hidden","data":{"b":"hidden"},"value":"hidden","name":"hidden"},"kind":"Secret"}',
    );
  });

  test("that it is two things is refused", () => {
    assert.throws(() => masked(rules, '{"kind":"Other","data":"1","kind":"Secret"}'), Malformed);
  });

  test("is not waited for without bound", () => {
    const text = `{"data":[${'"0123456789",'.repeat((MAX_HELD + 1_000_000) / 13)}1`;
    assert.throws(() => masked(rules, text, { cuts: [] }), Malformed);
  });

  test("holds in documents within strings, down to a depth", () => {
    const inner = JSON.stringify({ data: { p: "1" }, kind: "Secret" });
    const twice = JSON.stringify({ note: inner });
    const out = JSON.parse(masked(rules, JSON.stringify({ a: inner, b: twice, c: " {x" }), { nested: 3 }));
    assert.deepEqual(JSON.parse(out.a).data, { p: "hidden" });
    assert.deepEqual(JSON.parse(JSON.parse(out.b).note).data, { p: "hidden" });
    assert.equal(out.c, " {x");
  });
});

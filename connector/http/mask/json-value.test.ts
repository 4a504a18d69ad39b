import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mask } from "../../mask/labels.ts";
import type { Scalar } from "./json-place.ts";
import { labelTreatment, maskedScalar } from "./json-value.ts";
import { KEYS } from "./testing.ts";

const partial = (as: Extract<Mask, { kind: "partial" }>["as"]): Mask => ({ kind: "partial", as });
const CASES: [Mask, Scalar["type"], string | null, string][] = [
  [{ kind: "null" }, "string", "x", "null"],
  [{ kind: "null" }, "number", "1", "null"],
  [{ kind: "constant", value: 'a"b' }, "string", "x", '"a\\"b"'],
  [{ kind: "constant", value: "0" }, "number", "5", "0"],
  [{ kind: "constant", value: "0" }, "string", "5", '"0"'],
  [{ kind: "constant", value: "x" }, "number", "5", "null"],
  [{ kind: "constant", value: "1e999x" }, "number", "5", "null"],
  [{ kind: "constant", value: "false" }, "boolean", "true", "false"],
  [{ kind: "constant", value: "x" }, "boolean", "true", "null"],
  [partial("email"), "string", "ada@example.com", '"a***@***.com"'],
  [partial("email"), "string", "a@b.museum", '"***@***"'],
  [partial("email"), "string", "nobody", '"n***"'],
  [partial("email"), "string", null, '"***"'],
  [partial("phone"), "string", "+44 20 7946 0958", '"***0958"'],
  [partial("phone"), "string", "1234567", '"***"'],
  [partial("card"), "string", "4111 1111 1111 1111", '"***1111"'],
  [partial("card"), "number", "4111111111111111", "null"],
  [partial("last4"), "string", "DE89370400440532013000", '"***3000"'],
  [
    partial("last4"),
    "string",
    "abcd\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
    '"***\u{1f600}\u{1f600}\u{1f600}\u{1f600}"',
  ],
  [partial("text"), "string", "Lovelace", '"L***"'],
  [partial("text"), "string", "ab", '"***"'],
  [{ kind: "range", step: 1000 }, "number", "48250", "48000"],
  [{ kind: "range", step: 1000 }, "number", "-1", "-1000"],
  [{ kind: "range", step: 0.1 }, "number", "0.37", "0.3"],
  [{ kind: "range", step: 1000 }, "string", "48250.5", '"48000"'],
  [{ kind: "range", step: 1000 }, "string", "about 48250", "null"],
  [{ kind: "range", step: 1 }, "number", "1e300", "null"],
  [{ kind: "range", step: 1 }, "number", null, "null"],
  [{ kind: "range", step: 10 }, "boolean", "true", "null"],
  [{ kind: "range", unit: "year" }, "string", "1815-12-10", '"1815-01-01"'],
  [{ kind: "range", unit: "decade" }, "string", "1815-12-10", '"1810-01-01"'],
  [{ kind: "range", unit: "month" }, "string", "2026-03-31T23:59:59.5+14:00", '"2026-03-01T00:00:00Z"'],
  [{ kind: "range", unit: "month" }, "string", "2026-03-31T10:00:00", '"2026-03-01T00:00:00Z"'],
  [{ kind: "range", unit: "year" }, "string", "yesterday", "null"],
  [{ kind: "range", unit: "year" }, "string", "2026-99-99", "null"],
  [{ kind: "range", unit: "year" }, "number", "1815", "null"],
  [{ kind: "hash", scope: "session" }, "boolean", "true", "null"],
  [{ kind: "hash", scope: "session" }, "string", null, "null"],
];

describe("a masked value of JSON", () => {
  for (const [mask, type, text, expected] of CASES) {
    test(`of ${JSON.stringify(mask)} for the ${type} ${text} is ${expected}`, () => {
      assert.equal(maskedScalar(mask, KEYS, { type, text }), expected);
      JSON.parse(expected);
    });
  }

  test("by hash is equal for equal values, and another with another key", () => {
    const hash = (scope: "session" | "target", type: Scalar["type"], text: string, keys = KEYS) =>
      maskedScalar({ kind: "hash", scope }, keys, { type, text });
    assert.match(hash("session", "string", "x"), /^"masked_[0-9a-f]{32}"$/);
    assert.equal(hash("session", "string", "x"), hash("session", "string", "x"));
    assert.notEqual(hash("session", "string", "x"), hash("session", "string", "y"));
    assert.notEqual(hash("session", "string", "x"), hash("target", "string", "x"));
    assert.equal(hash("session", "number", "1.0"), hash("session", "number", "1e0"));
    assert.ok(Number.isSafeInteger(JSON.parse(hash("session", "number", "12"))));
    assert.equal(hash("target", "string", "x", { ...KEYS, target: null as never }), "null");
  });

  test("that is an object or array is null, or the constant", () => {
    const container = (mask: Mask) => labelTreatment({ name: "x", mask, lookup: null }, KEYS).container;
    assert.equal(container({ kind: "constant", value: "hidden" }), '"hidden"');
    assert.equal(container({ kind: "null" }), "null");
    assert.equal(container({ kind: "hash", scope: "session" }), "null");
  });
});

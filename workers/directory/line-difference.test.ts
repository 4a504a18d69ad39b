import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lineDifference } from "./line-difference.ts";
import "../../protocol/seeded.ts";

test("lines that go and come are told in order, those that stay are not", () => {
  assert.deepEqual(lineDifference("a\nb\nc\nd", "a\nB\nc\nd\ne"), ["-b", "+B", "+e"]);
  assert.deepEqual(lineDifference("same", "same"), []);
  assert.deepEqual(lineDifference("", "x"), ["-", "+x"]);
});

test("what goes and comes accounts for every line of both texts", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (old, now) => {
      const lines = lineDifference(old.join("\n"), now.join("\n"));
      const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
      const length = (list: string[]) => Math.max(list.length, 1);
      assert.equal(length(old) - count("-"), length(now) - count("+"));
    }),
  );
});

test("texts without bound are told within bounds", () => {
  const many = (line: string) => Array.from({ length: 50_000 }, (_, i) => `${line}${i}`).join("\n");
  const lines = lineDifference(many("a"), many("b"));
  assert.equal(lines.length, 201);
  assert.equal(lines.at(-1), "and 99800 more lines");
  assert.deepEqual(
    lineDifference("x", "y".repeat(10_000)).map(({ length }) => length),
    [2, 201],
  );
});

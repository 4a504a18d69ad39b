import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { columnPatternText, fitsColumn, parseColumnPattern } from "./column-pattern.ts";
import "./seeded.ts";

describe("a column's pattern", () => {
  const READ: [text: string, schema: string, relation: string, column: string, path?: string[]][] = [
    ["public.customers.email", "public", "customers", "email"],
    ["public.*.ssn", "public", "*", "ssn"],
    ["*.*.*", "*", "*", "*"],
    ["shop.order_*_2024.tax$id", "shop", "order_*_2024", "tax$id"],
    ["public.Übersicht.straße", "public", "Übersicht", "straße"],
    ['public."odd.name".email', "public", "odd.name", "email"],
    ['"My Schema"."say ""hi"""."a->\'b\'"', "My Schema", 'say "hi"', "a->'b'"],
    ['public."Odd "*.id', "public", "Odd *", "id"],
    ["public.documents.body->'patient'->'name'", "public", "documents", "body", ["patient", "name"]],
    ["public.d.body->'it''s'->''->'->'->'a.b\"c'", "public", "d", "body", ["it's", "", "->", 'a.b"c']],
    ["public.d.\"Body\"->'*'", "public", "d", "Body", ["*"]],
    [`public.t.${"x".repeat(63)}`, "public", "t", "x".repeat(63)],
  ];
  for (const [text, schema, relation, column, path = null] of READ) {
    test(`reads ${text}`, () =>
      assert.deepEqual(parseColumnPattern(text), { schema, relation, column, path: path ?? null }));
  }

  test("is written as it is read", () => {
    const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
    const names = fc.oneof(
      name,
      fc.constantFrom("email", 'say "hi"', "a*b", "*", "Übersicht", "a.b", "é\u202e"),
    );
    fc.assert(
      fc.property(
        names,
        names,
        names,
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
        (...parts) => {
          const [schema, relation, column, path] = parts;
          fc.pre(path.every((key) => !key.includes("\0")));
          const text = columnPatternText({ schema, relation, column, path });
          const expected = { schema, relation, column, path: path.length === 0 ? null : path };
          assert.deepEqual(parseColumnPattern(text), expected);
          assert.ok(fitsColumn({ schema, relation, column }, schema, relation, column));
        },
      ),
    );
    assert.equal(
      columnPatternText({ schema: "public", relation: "Odd *", column: "id", path: ["it's"] }),
      `public."Odd "*.id->'it''s'`,
    );
  });

  const REFUSED: [text: string, fault: RegExp][] = [
    ["", /not a column's pattern/],
    ["email", /not a column's pattern/],
    ["customers.email", /not a column's pattern/],
    ["shop.public.customers.email", /not a column's pattern/],
    ["public..email", /not a column's pattern/],
    ['public."".email', /not a column's pattern/],
    ['public."customers.email', /not a column's pattern/],
    ["public.customers.email ", /not a column's pattern/],
    ["public.my-table.email", /not a column's pattern/],
    ["public.d.body->name", /not a column's pattern/],
    ["public.d.body->0", /not a column's pattern/],
    ["public.d.body->>'name'", /not a column's pattern/],
    ["public.d.body->'name", /not a column's pattern/],
    ["public.d.body->'it's'", /not a column's pattern/],
    ["public.d.body->'a'.email", /not a column's pattern/],
    ["public.d\0.email", /not a column's pattern/],
    ["public.Customers.email", /capital letters/],
    ['public."a*".email', /\* in quotes/],
    [`public.t.${"x".repeat(64)}`, /too long/],
    [`public.t.${"é".repeat(32)}`, /too long/],
    [`public.t.${"*".repeat(127)}`, /too long/],
    [`public."\ud800".email`, /too long/],
    [`public.t.c${"->'a'".repeat(17)}`, /path that is too long/],
    [`public.t.c->'${"a".repeat(256)}'`, /path that is too long/],
  ];
  for (const [text, fault] of REFUSED) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      const found = parseColumnPattern(text);
      assert.ok("fault" in found, JSON.stringify(found));
      assert.match(found.fault, fault);
      assert.ok(found.hint);
    });
  }

  test("is read in linear time", () => {
    for (const text of ['"'.repeat(100_001), `a.b.c${"->''".repeat(50_000)}x`, "*".repeat(200_000)]) {
      const began = performance.now();
      assert.ok("fault" in parseColumnPattern(text));
      assert.ok(performance.now() - began < 10_000);
    }
  });
});

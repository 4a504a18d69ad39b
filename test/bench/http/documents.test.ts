import assert from "node:assert/strict";
import { test } from "node:test";
import { customers } from "./documents.ts";

test("a list is JSON, and of the size that was asked for", () => {
  const text = customers(100_000);
  const { items } = JSON.parse(text) as { items: { email: string }[] };
  assert.ok(text.length >= 100_000 && text.length < 101_000, String(text.length));
  assert.equal(new Set(items.map(({ email }) => email)).size, items.length);
});

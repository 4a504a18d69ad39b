import assert from "node:assert/strict";
import { test } from "node:test";
import { Remembered } from "./remembered.ts";

test("what is remembered is forgotten after ten seconds, and before it grows without bound", () => {
  const remembered = new Remembered<number>();
  remembered.set("a", 1, 0);
  assert.equal(remembered.get("a", 9_999), 1);
  assert.equal(remembered.get("a", 10_000), undefined);
  for (let i = 0; i < 10_001; i++) remembered.set(`k${i}`, i, 0);
  assert.equal(remembered.get("k0", 1), undefined);
  assert.equal(remembered.get("k10000", 1), 10_000);
});

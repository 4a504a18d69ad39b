import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines } from "./watch.ts";

test("lines are whole, however they come", () => {
  const text = "one\ntwo\n\nthree\nrest";
  for (let size = 1; size <= text.length; size++) {
    const found: string[] = [];
    const lines = new Lines((line) => found.push(line));
    for (let at = 0; at < text.length; at += size) lines.push(text.slice(at, at + size));
    assert.deepEqual(found, ["one", "two", "three"], `pieces of ${size}`);
  }
});

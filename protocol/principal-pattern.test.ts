import assert from "node:assert/strict";
import { test } from "node:test";
import { isAllowed, matches } from "./principal-pattern.ts";
import { SEED } from "./seeded.ts";

test("a list names agents by name and group, and by the name of the user for whom they act", () => {
  const agent = { principal: "corp/agent", groups: ["engineers"], onBehalfOf: "corp/alice" };
  for (const pattern of ["corp/agent", "corp/alice", "group:eng*"]) assert.ok(isAllowed([pattern], agent));
  for (const pattern of ["corp/bob", "group:corp/alice", "group:alice", "engineers"])
    assert.ok(!isAllowed([pattern], agent));
  assert.ok(!isAllowed([], agent));
});

test("wildcards mean the same as the regular expression", () => {
  const random = lcg(SEED);
  const word = (letters: string) =>
    Array.from({ length: random(7) }, () => letters[random(letters.length)]).join("");
  for (let i = 0; i < 20_000; i++) {
    const [pattern, text] = [word("ab*"), word("ab")];
    const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
    assert.equal(matches(pattern, text), expected, `SEED=${SEED}: ${pattern} on ${text}`);
  }
});

test("no pattern makes matching slow", () => {
  const started = performance.now();
  for (let i = 0; i < 1_000; i++) matches(`${"*a".repeat(127)}b`, "a".repeat(255));
  assert.ok(performance.now() - started < 10_000);
});

function lcg(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, mayAdminister, mayOpen } from "./access.ts";

const alice = { principal: "corp/alice", groups: ["engineers"] };
const agent = { principal: "corp/agent", groups: ["engineers"], onBehalfOf: "corp/alice" };

test("a target is open to whom it names: by name, by group, by wildcard", () => {
  assert.ok(mayOpen({ allow: ["corp/alice"] }, alice));
  assert.ok(mayOpen({ allow: ["x", "group:engineers"] }, alice));
  assert.ok(mayOpen({ allow: ["group:eng*"] }, alice));
  assert.ok(mayOpen({ allow: ["corp/*"] }, alice));
  assert.ok(!mayOpen({ allow: ["corp/alic", "corp/alice2", "group:engineer", "engineers"] }, alice));
  assert.ok(!mayOpen({ allow: [] }, alice));
});

test("an agent may open what it, or the user for whom it acts, may open", () => {
  for (const allow of ["corp/agent", "corp/alice", "group:engineers"])
    assert.ok(mayOpen({ allow: [allow] }, agent));
  assert.ok(!mayOpen({ allow: ["corp/bob"] }, agent));
});

test("a group pattern matches no principal, and a principal pattern no group", () => {
  assert.ok(!mayOpen({ allow: ["group:*"] }, { principal: "group:x", groups: [] }));
  assert.ok(!mayOpen({ allow: ["engineers*"] }, alice));
});

test("an agent does not inherit administration from its user", () => {
  assert.ok(mayAdminister(["group:engineers"], alice));
  assert.ok(mayAdminister(["corp/alice"], alice));
  assert.ok(!mayAdminister(["group:engineers", "corp/alice"], agent));
  assert.ok(mayAdminister(["corp/agent"], agent));
});

test("wildcards mean the same as the regular expression", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = lcg(seed);
  const word = (letters: string) =>
    Array.from({ length: random(7) }, () => letters[random(letters.length)]).join("");
  for (let i = 0; i < 20_000; i++) {
    const [pattern, text] = [word("ab*"), word("ab")];
    const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);
    assert.equal(matches(pattern, text), expected, `seed ${seed}: ${pattern} on ${text}`);
  }
});

test("no pattern makes matching slow", () => {
  const started = performance.now();
  for (let i = 0; i < 1_000; i++) matches(`${"*a".repeat(127)}b`, "a".repeat(255));
  assert.ok(performance.now() - started < 1_000);
});

function lcg(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SearchHit } from "../../protocol/activity/search.ts";
import { complete } from "../completion.ts";
import { buildProgram } from "../main.ts";
import { hitLines, searchedWords } from "./search-lines.ts";

const HIT: SearchHit = {
  session: "9c1f0e7ab2d34c5f8e6a7b9d0c1e2f3a",
  principal: "service/nightly",
  onBehalfOf: "corp/alice",
  target: "orders",
  seq: 12,
  item: 0,
  time: Date.UTC(2026, 10, 22, 8),
  last: Date.UTC(2026, 10, 22, 8),
  count: 3,
  kind: "statement",
  verdict: "block",
  excerpt: "DROP TABLE Customers",
  isLive: true,
};

test("a hit is told in two lines", () => {
  assert.deepEqual(hitLines(HIT, ["customers"]), [
    "2026-11-22T08:00:00Z  block    statement  service/nightly for corp/alice on orders  9c1f0e7ab2d34c5f8e6a7b9d0c1e2f3a #12 (live)  ×3",
    "  DROP TABLE Customers",
  ]);
});

test("on a terminal what was searched for is marked, each time; overlapping words once", () => {
  process.env.FORCE_COLOR = "1";
  try {
    const bold = (text: string) => `\u001b[1m${text}\u001b[22m`;
    const text = (excerpt: string, ...words: string[]) => hitLines({ ...HIT, excerpt }, words)[1];
    assert.equal(text("a Tom, tomTOM", "tom"), `  a ${bold("Tom")}, ${bold("tom")}${bold("TOM")}`);
    assert.equal(text("customers", "tom", "custom"), `  ${bold("custom")}ers`);
    assert.equal(text("plain", "other"), "  plain");
    assert.equal(text("İ x", "x"), "  İ x");
  } finally {
    delete process.env.FORCE_COLOR;
  }
});

test("nothing that was recorded can drive the terminal", () => {
  const evil = "\u001b[2J\r\n\u009b31m\u202eevil";
  const hit = { ...HIT, excerpt: evil, principal: evil, onBehalfOf: evil, target: evil, session: evil };
  for (const lines of [hitLines(hit, ["evil"]), hitLines({ ...hit, kind: evil as "shell" }, [])]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    for (const line of lines) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
    assert.equal(lines.length, 2);
  }
});

test("words and phrases are marked as the edge finds them", () => {
  assert.deepEqual(searchedWords('DROP "Order  Items" ""'), ["drop", "order items"]);
});

test("the command is completed", () => {
  assert.deepEqual(complete(buildProgram(), ["search", "--v"]), ["--verdict", "--version"]);
});

test("what the witness does not have, and verdicts that there are not, are refused before anybody is asked", async () => {
  for (const words of [
    ["--witness", "table", "--text", "x"],
    ["--witness", "table", "--kind", "shell"],
    ["--edge", "http://127.0.0.1:1", "--verdict", "denied"],
  ]) {
    await assert.rejects(buildProgram().parseAsync(["search", ...words], { from: "user" }), {
      code: "invalid_request",
    });
  }
});

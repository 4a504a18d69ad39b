import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { codePointName, HIDDEN } from "./hidden-characters.ts";
import "./seeded.ts";

const marked = (text: string) => text.replace(HIDDEN, (character) => `⟨${codePointName(character)}⟩`);

describe("hidden are", () => {
  for (const [what, text, shown] of [
    ["marks that turn the direction of text", "a\u202eb\u2066c\u061c", "a⟨U+202E⟩b⟨U+2066⟩c⟨U+061C⟩"],
    ["text that takes no room", "DROP\u200b\u2060\ufeff\u00ad", "DROP⟨U+200B⟩⟨U+2060⟩⟨U+FEFF⟩⟨U+00AD⟩"],
    ["tags, selectors and fillers", "x\u{e0041}\ufe0f\u3164", "x⟨U+E0041⟩⟨U+FE0F⟩⟨U+3164⟩"],
    [
      "controls, and returns that could hide a line",
      "a\r\u0000\u001b[2K\u0085",
      "a⟨U+000D⟩⟨U+0000⟩⟨U+001B⟩[2K⟨U+0085⟩",
    ],
    ["separators of lines", "a\u2028b\u2029", "a⟨U+2028⟩b⟨U+2029⟩"],
    ["blanks that are no space", "a\u00a0b\u2003c\u3000", "a⟨U+00A0⟩b⟨U+2003⟩c⟨U+3000⟩"],
    ["private characters, which each font shows as it likes", "a\ue000\u{10fffd}", "a⟨U+E000⟩⟨U+10FFFD⟩"],
    ["characters that there are none of", "a\u0378\uffff", "a⟨U+0378⟩⟨U+FFFF⟩"],
    ["half a character", "a\ud800b", "a⟨U+D800⟩b"],
  ] as const) {
    test(what, () => assert.equal(marked(text), shown));
  }
});

test("what shows itself, line feed and tab among it, is not hidden", () => {
  const text = "SELECT 'größe', '東京', 'א', '👍'\n\t-- & < > ` * _";
  assert.equal(marked(text), text);
});

test("split keeps what is hidden, at the odd places", () => {
  assert.deepEqual("a\u202eb\u200b".split(HIDDEN), ["a", "\u202e", "b", "\u200b", ""]);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const pieces = text.split(HIDDEN);
      assert.equal(pieces.join(""), text);
      for (const [index, piece] of pieces.entries()) assert.equal(marked(piece) === piece, index % 2 === 0);
    }),
  );
});

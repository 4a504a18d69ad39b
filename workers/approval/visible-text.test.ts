import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { jsonBytes, pieces, shortened, visible } from "./visible-text.ts";

describe("visible text", () => {
  for (const [what, text, shown] of [
    ["marks that turn the direction of text", "a\u202eb\u2066c\u061c", "a⟨U+202E⟩b⟨U+2066⟩c⟨U+061C⟩"],
    ["text that takes no room", "DROP\u200b\u2060\ufeff\u00ad", "DROP⟨U+200B⟩⟨U+2060⟩⟨U+FEFF⟩⟨U+00AD⟩"],
    ["tags and selectors", "x\u{e0041}\ufe0f\u3164", "x⟨U+E0041⟩⟨U+FE0F⟩⟨U+3164⟩"],
    [
      "controls, and returns that could hide a line",
      "a\r\u0000\u001b[2K\u0085",
      "a⟨U+000D⟩⟨U+0000⟩⟨U+001B⟩[2K⟨U+0085⟩",
    ],
    ["separators of lines", "a\u2028b\u2029", "a⟨U+2028⟩b⟨U+2029⟩"],
    ["half a character", "a\ud800b", "a⟨U+D800⟩b"],
  ] as const) {
    test(`shows ${what}`, () => assert.equal(visible(text), shown));
  }

  test("leaves what shows itself alone", () => {
    const text = "SELECT 'größe', '東京', '👍'\n\t-- & < > ` * _";
    assert.equal(visible(text), text);
  });

  test("of a short form says how much it leaves out, and has one line", () => {
    assert.equal(shortened("a\nb", 10), "a ⏎ b");
    assert.equal(shortened("👍👍👍", 2), "👍👍… (1 more characters)");
  });
});

describe("pieces of a text", () => {
  test("are its beginning, whole characters, within their bounds; what is left out is counted", () => {
    const text = fc.string({ unit: "binary", maxLength: 500 });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 2, max: 100 }),
        fc.integer({ min: 0, max: 3_000 }),
        (whole, max, budget) => {
          const shown = visible(whole);
          const { pieces: parts, left, spent } = pieces(shown, max, budget, 10);
          const joined = parts.join("");
          assert.ok(shown.startsWith(joined) && joined.isWellFormed());
          assert.equal([...shown].length - [...joined].length, left);
          assert.ok(spent <= budget);
          assert.equal(
            spent,
            parts.reduce((sum, part) => sum + 10 + jsonBytes(part), 0),
          );
          for (const part of parts) assert.ok(part.length > 0 && part.length <= max);
        },
      ),
    );
  });

  test("end where a line ends, if one is near", () => {
    assert.deepEqual(pieces("12345\n7890\nabc", 12, 1_000, 0).pieces, ["12345\n7890\n", "abc"]);
    assert.deepEqual(pieces("1\n34567890", 8, 1_000, 0).pieces, ["1\n345678", "90"]);
  });
});

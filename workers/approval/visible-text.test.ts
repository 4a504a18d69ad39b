import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { jsonBytes, pieces, shortened, visible } from "./visible-text.ts";
import "../../protocol/seeded.ts";

describe("visible text", () => {
  test("names every hidden character where it stands, and leaves what shows itself alone", () => {
    assert.equal(visible("a\u202eb\u00a0c\ue000"), "a⟨U+202E⟩b⟨U+00A0⟩c⟨U+E000⟩");
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

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { argumentsText, canonicalArguments } from "./arguments.ts";
import "../seeded.ts";

test("words are quoted only where need be, and what isn't static is a bare asterisk", () => {
  const cases: [(string | null)[], string][] = [
    [[], ""],
    [["systemctl", "restart", "nginx"], "systemctl restart nginx"],
    [["/bin/ls", "-l", "a=b", "x@y:/z%1,2+3"], "/bin/ls -l a=b x@y:/z%1,2+3"],
    [["rm", null], "rm *"],
    [["rm", "*"], "rm '*'"],
    [["echo", "", "a b", "it's", "$x", "~", "é", "a\nb"], `echo '' 'a b' 'it'\\''s' '$x' '~' 'é' 'a\nb'`],
  ];
  for (const [words, text] of cases) assert.equal(argumentsText(words), text);
});

test("different words never have the same text", () => {
  const word = fc.option(fc.string({ unit: fc.constantFrom(..."a*' \\\"-\n$"), maxLength: 4 }), {
    nil: null,
  });
  const words = fc.array(word, { maxLength: 4 });
  fc.assert(
    fc.property(words, words, (one, other) => {
      assert.equal(
        argumentsText(one) === argumentsText(other),
        JSON.stringify(one) === JSON.stringify(other),
      );
    }),
  );
});

test("a shell reads the text as the same words", () => {
  const words = ["a b", "it's", "", "$HOME", "`id`", "~", "*", "\\", "x\ty", "#no", "!", "é", "a=b"];
  const seen = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${argumentsText(words)}`]).toString();
  assert.deepEqual(seen.split("\0").slice(0, -1), words);
});

test("a text is canonical if and only if words have it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.string({ maxLength: 6 }), { nil: null }), { maxLength: 4 }),
      (words) => {
        const text = argumentsText(words);
        assert.equal(canonicalArguments(text), text);
      },
    ),
  );
  assert.equal(canonicalArguments(" ls   -l 'x' "), "ls -l x");
  assert.equal(canonicalArguments('grep "a b"'), null);
  assert.equal(canonicalArguments("it's"), null);
});

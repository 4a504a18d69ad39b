import assert from "node:assert/strict";
import { test } from "node:test";
import { saslprep } from "./saslprep.ts";

const CASES: [claim: string, password: string, prepared: string][] = [
  ["leaves ASCII alone, control characters too", "user\u0007 \t", "user\u0007 \t"],
  ["keeps case (RFC 4013 section 3, example 3)", "USER", "USER"],
  ["maps a soft hyphen to nothing (example 1)", "I\u{ad}X", "IX"],
  ["normalises by NFKC (example 4)", "\u{aa}", "a"],
  ["normalises by NFKC (example 5)", "\u{2168}", "IX"],
  ["composes", "u\u0308ber", "\u00fcber"],
  ["maps every space to a space", "a\u{a0}b\u{3000}c\u{200b}d\u{e9}", "a b c d\u{e9}"],
  ["takes as it is what holds a prohibited character", "\u00aa\u0007", "\u00aa\u0007"],
  ["takes as it is what has a right-to-left mark", "\u{aa}\u{200f}", "\u{aa}\u{200f}"],
  ["takes as it is what mixes directions (example 7)", "\u{627}1", "\u{627}1"],
  ["accepts what is from right to left throughout", "\u{627}1\u{628}\u{ad}", "\u{627}1\u{628}"],
  ["takes as it is what Unicode 3.2 did not have", "\u{aa}\u{1f600}", "\u{aa}\u{1f600}"],
  ["takes as it is what would be empty", "\u{ad}", "\u{ad}"],
  ["takes a lone surrogate as it is", "\u{aa}\ud800", "\u{aa}\ud800"],
];

for (const [claim, password, prepared] of CASES) {
  test(`SASLprep ${claim}`, () => assert.equal(saslprep(password), prepared));
}

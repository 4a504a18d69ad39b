import assert from "node:assert/strict";
import { test } from "node:test";
import { readCallback } from "./code.ts";

const EXPECTED = { state: "s", issuer: "https://idp.example", issRequired: true };

const CASES: [what: string, query: Record<string, string>, answer: ReturnType<typeof readCallback>][] = [
  ["a good answer", { state: "s", iss: "https://idp.example", code: "c" }, { code: "c" }],
  ["another state", { state: "x", iss: "https://idp.example", code: "c" }, "foreign"],
  ["no state", { iss: "https://idp.example", code: "c" }, "foreign"],
  ["an error of another login", { state: "x", error: "access_denied" }, "foreign"],
  [
    "another issuer",
    { state: "s", iss: "https://evil.example", code: "c" },
    { error: "the answer is not from this issuer" },
  ],
  [
    "no issuer where one is promised",
    { state: "s", code: "c" },
    { error: "the answer is not from this issuer" },
  ],
  [
    "an error",
    { state: "s", iss: "https://idp.example", error: "access_denied" },
    { error: "access_denied" },
  ],
  ["no code", { state: "s", iss: "https://idp.example" }, { error: "the answer has no code" }],
];

for (const [what, query, answer] of CASES) {
  test(`the redirect brings ${what}`, () => {
    assert.deepEqual(readCallback(new URLSearchParams(query), EXPECTED), answer);
  });
}

test("an issuer that does not promise `iss` may leave it out, but not send another's", () => {
  const expected = { ...EXPECTED, issRequired: false };
  const query = (more: Record<string, string>) => new URLSearchParams({ state: "s", code: "c", ...more });
  assert.deepEqual(readCallback(query({}), expected), { code: "c" });
  assert.ok("error" in (readCallback(query({ iss: "https://evil.example" }), expected) as object));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JWTPayload } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { subjectOf } from "./claims.ts";

const ISSUER: Issuer = {
  name: "corp",
  issuer: "https://idp.example",
  audience: "sallyport",
  algorithms: ["RS256"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: {},
  skewSeconds: 30,
};

const refused = (claims: JWTPayload, words: RegExp, issuer = ISSUER) =>
  assert.throws(() => subjectOf(claims, issuer), { code: "unauthenticated", message: words });

test("a token without groups has none", () => {
  assert.deepEqual(subjectOf({ sub: "a" }, ISSUER), { principal: "corp/a", groups: [] });
});

test("the outermost actor speaks; nested ones are history", () => {
  const act = { sub: "now", iss: ISSUER.issuer, act: { sub: "before" } };
  assert.deepEqual(subjectOf({ sub: "user", act }, ISSUER), {
    principal: "corp/now",
    groups: [],
    onBehalfOf: "corp/user",
  });
});

test("an act claim that does not name an actor refuses the token rather than act as the user", () => {
  for (const act of [null, "agent", [], {}, { sub: "" }, { sub: 7 }, { sub: "a b" }]) {
    refused({ sub: "user", act }, /act/);
  }
  refused({ sub: "user", act: { sub: "x", iss: "https://other" } }, /another issuer/);
});

test("a principal is printable ASCII of bounded length", () => {
  for (const sub of ["", "a b", "a\n", "ä", "x".repeat(251), 7, {}, undefined]) {
    refused({ sub: sub as string }, /does not name a principal/);
  }
  assert.equal(subjectOf({ sub: "x".repeat(250) }, ISSUER).principal.length, 255);
});

test("groups are a bounded list of strings, or the token is refused", () => {
  for (const groups of ["a", [1], [null], {}, null, ["x".repeat(256)], Array(201).fill("g")]) {
    refused({ sub: "a", groups }, /groups/);
  }
});

test("claims of Object.prototype are not claims", () => {
  const issuer = { ...ISSUER, principalClaim: "constructor", requiredClaims: {} };
  refused({ sub: "a" }, /does not name a principal/, issuer);
  refused({ sub: "a" }, /toString/, { ...ISSUER, requiredClaims: { toString: "x" } });
});

test("a required claim must be there as text, exactly", () => {
  const issuer = { ...ISSUER, requiredClaims: { team: "1" } };
  for (const team of [undefined, 1, "01", ["1"]]) refused({ sub: "a", team }, /claim team/, issuer);
  assert.equal(subjectOf({ sub: "a", team: "1" }, issuer).principal, "corp/a");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { EncryptJWT } from "jose";
import { generateKey } from "../../protocol/signatures.ts";
import { seal, unseal } from "./sealed.ts";

const NOW = 1_800_000_000_000;
const env = async () => ({ EDGE_SIGNING_KEY: JSON.stringify(await generateKey()) });

test("what is sealed is read by the same edge, for the same purpose, in its time, and by nobody else", async () => {
  const edge = await env();
  const sealed = await seal(edge, "session", { token: "a secret" }, NOW + 60_000);
  assert.equal((await unseal(edge, "session", sealed, NOW))?.token, "a secret");
  assert.equal(await unseal(edge, "sign-in", sealed, NOW), null);
  assert.equal(await unseal(await env(), "session", sealed, NOW), null);
  assert.equal(await unseal(edge, "session", sealed, NOW + 60_000), null);
  assert.equal(await unseal(edge, "session", "", NOW), null);
  assert.ok(!Buffer.from(sealed, "base64url").includes("secret"));
});

test("no changed text is read, wherever the change", async () => {
  const edge = await env();
  const sealed = await seal(edge, "session", { token: "t" }, NOW + 60_000);
  for (let at = 0; at < sealed.length - 1; at++) {
    const other = sealed[at] === "A" ? "B" : "A";
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    // The last digit of a part has bits that stand for nothing.
    if (sealed[at + 1] === "." || sealed[at] === ".") continue;
    assert.equal(await unseal(edge, "session", changed, NOW), null, `at ${at}`);
  }
});

test("a text sealed with a key of one's own is not read, nor one by another algorithm", async () => {
  const edge = await env();
  for (const [enc, bytes] of [
    ["A256GCM", 32],
    ["A128GCM", 16],
    ["A256CBC-HS512", 64],
  ] as const) {
    const forged = await new EncryptJWT({ token: "t" })
      .setProtectedHeader({ alg: "dir", enc })
      .setExpirationTime(NOW / 1_000 + 60)
      .encrypt(new Uint8Array(bytes));
    assert.equal(await unseal(edge, "session", forged, NOW), null, enc);
  }
});

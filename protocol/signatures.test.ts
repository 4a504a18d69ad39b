import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey, parsePublicKey, publicKey, signText, thumbprint, verifyText } from "./signatures.ts";

/** RFC 8037, appendix A. */
const RFC8037 = {
  kty: "OKP",
  crv: "Ed25519",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
} as const;

test("the thumbprint is that of RFC 8037, appendix A.3", () => {
  assert.equal(thumbprint(RFC8037), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});

test("the signature is that of RFC 8037, appendix A.4", async () => {
  const text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  assert.equal(await signText(RFC8037, text), signature);
  assert.equal(await verifyText(RFC8037, text, signature), true);
});

test("a signature holds for its text, its key and its one spelling only", async () => {
  const key = await generateKey();
  const signature = await signText(key, "text");
  assert.equal(await verifyText(publicKey(key), "text", signature), true);
  assert.equal(await verifyText(publicKey(key), "other", signature), false);
  assert.equal(await verifyText(await generateKey(), "text", signature), false);
  assert.equal(await verifyText(key, "text", `${signature}=`), false);
  assert.equal(await verifyText(key, "text", ""), false);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(signature.at(-1)!);
  for (let bit = 0; bit < 6; bit++) {
    const respelt = signature.slice(0, -1) + alphabet[last ^ (1 << bit)];
    assert.equal(await verifyText(key, "text", respelt), false, `bit ${bit} of the last character`);
  }
});

test("what is no Ed25519 public key is refused", () => {
  for (const value of [
    null,
    "x",
    {},
    { ...RFC8037, kty: "EC" },
    { ...RFC8037, x: "AAAA" },
    { ...RFC8037, x: 1 },
  ]) {
    assert.throws(() => parsePublicKey(value), { code: "invalid_request" });
  }
  assert.deepEqual(parsePublicKey({ ...RFC8037, kid: "k" }), publicKey(RFC8037));
});

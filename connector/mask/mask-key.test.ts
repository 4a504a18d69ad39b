import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { maskKey } from "./mask-key.ts";

const TARGET = { name: "orders", maskKey: { env: "KEY" } };

function keyOf(secret: string | undefined): Promise<string | null> {
  return maskKey(TARGET, { env: { KEY: secret }, commandLimitMs: 1_000 });
}

test("a target's key is made of its secret, and is not the secret", async () => {
  const secret = "0123456789abcdef";
  const key = await keyOf(secret);
  assert.equal(key, createHash("sha256").update(`sallyport mask key v1\n${secret}`).digest("hex"));
  assert.equal(await keyOf(`${secret}\n`), key);
  assert.notEqual(await keyOf(`${secret}!`), key);
});

test("without a secret there is no key", async () => {
  assert.equal(await maskKey({ name: "orders", maskKey: null }), null);
});

for (const [what, secret] of [
  ["short", "0123456789abcde"],
  ["short in bytes", "é".repeat(7)],
  ["absent", undefined],
  ["empty", ""],
] as const) {
  test(`a secret that is ${what} is refused, and not quoted`, async () => {
    await assert.rejects(keyOf(secret), (error) => {
      assert.ok(error instanceof SallyportError);
      assert.equal(error.code, "invalid_config");
      assert.match(error.message, /^the maskKey of target orders /);
      if (secret) assert.doesNotMatch(`${error.message}${error.hint}`, new RegExp(secret));
      return true;
    });
  });
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fingerprint, formatPublicKey, parsePublicKey, sshString, typeOf } from "./public-key.ts";
import "../seeded.ts";

/** Made by ssh-keygen, which printed this fingerprint. */
const LINE =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHyn+vjVvhYtD+H98LAqpZZiNPqrxG3sw41x4T/XDoxz ops@example.com";
const FINGERPRINT = "SHA256:F59GDzQ++KURE5qxdkuuONO9kEgmXjmsOyo3wV7cDl0";

describe("a public key of SSH", () => {
  test("is read from its line, and has the fingerprint that ssh-keygen prints", () => {
    const key = parsePublicKey(LINE);
    assert.ok(key);
    assert.equal(key.type, "ssh-ed25519");
    assert.equal(fingerprint(key.blob), FINGERPRINT);
    assert.equal(formatPublicKey(key), LINE.replace(/ ops.*/, ""));
  });

  test("is none where the line says another type than the blob, or is no line of a key", () => {
    const [type, base64] = LINE.split(" ") as [string, string];
    for (const text of [
      "",
      type,
      base64,
      `ssh-rsa ${base64}`,
      `${type} ${base64}!`,
      `${type} ====`,
      `${type} AAAA`,
      `${type} ${"A".repeat(200_000)}`,
    ]) {
      assert.equal(parsePublicKey(text), null, text.slice(0, 80));
    }
  });

  test("whatever the bytes, a type is found or there is none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const type = typeOf(Buffer.from(bytes));
        if (type === null) return;
        assert.deepEqual(sshString(type), Buffer.from(bytes).subarray(0, 4 + type.length));
      }),
    );
    assert.equal(typeOf(Buffer.concat([sshString("a,b"), Buffer.from("x")])), null);
    assert.equal(typeOf(sshString("ssh-ed25519")), null);
  });
});

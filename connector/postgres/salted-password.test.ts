import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { saltedPassword } from "./salted-password.ts";

test("each password, salt and count has its own salted password, remembered or not", async () => {
  for (let round = 0; round < 2; round++) {
    for (const [password, salt, iterations] of [
      ["a", "salt", 4096],
      ["b", "salt", 4096],
      ["a", "other", 4096],
      ["a", "salt", 5000],
      ["ta", "sal", 4096],
    ] as const) {
      const expected = pbkdf2Sync(password, salt, iterations, 32, "sha256");
      assert.deepEqual(await saltedPassword(password, Buffer.from(salt), iterations), expected);
    }
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertCaught, type Target, targets } from "./changed-bits.ts";

/** All of them: minutes. */
describe("every bit of a recording, an evidence file, a ledger export and a witness export", async () => {
  let all: Promise<Target[]> | undefined;

  for (const name of ["recording", "evidence", "ledger", "witness"] as const) {
    test(`${name}: no bit can change unseen`, async () => {
      all ??= targets();
      const target = (await all).find((one) => one.name === name)!;
      for (let byte = 0; byte < target.file.length; byte++) {
        for (let bit = 0; bit < 8; bit++) await assertCaught(target, byte, bit);
      }
    });

    test(`${name}: it can be cut at no length unseen`, async () => {
      all ??= targets();
      const { file, verify } = (await all).find((one) => one.name === name)!;
      for (let length = 0; length < file.length; length++) {
        assert.notEqual((await verify(file.subarray(0, length))).verdict, "verified", `at ${length}`);
      }
    });
  }
});

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { printedRandom } from "../recording/testing.ts";
import { assertCaught, type Target, targets } from "./changed-bits.ts";

describe("files of evidence", () => {
  let all: Target[];

  before(async () => {
    all = await targets();
  });

  test("no byte can change unseen: one bit of each third", async () => {
    const random = printedRandom();
    for (const target of all) {
      for (let byte = random(3); byte < target.file.length; byte += 3)
        await assertCaught(target, byte, random(8));
    }
  });

  test("no file can be cut unseen, at any length", async () => {
    for (const { name, file, verify } of all) {
      for (let length = 0; length < file.length; length += 7) {
        const { verdict } = await verify(file.subarray(0, length));
        assert.notEqual(verdict, "verified", `${name}, cut at ${length}`);
      }
      assert.notEqual((await verify(file.subarray(0, -1))).verdict, "verified", name);
    }
  });

  test("nothing can follow a file unseen", async () => {
    for (const { name, file, verify } of all) {
      for (const tail of ["\n", " ", "\0", "{}\n", file]) {
        const { verdict } = await verify(Buffer.concat([file, Buffer.from(tail)]));
        assert.notEqual(verdict, "verified", `${name} and ${JSON.stringify(tail.slice(0, 5))}`);
      }
    }
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { emptyRoot, leafHash, nodeHash } from "../ledger/merkle.ts";
import "../seeded.ts";
import { Frontier } from "./frontier.ts";

const leaves = (count: number) =>
  Array.from({ length: count }, (_, index) => leafHash(Buffer.from(String(index))));

/** MTH of RFC 6962 section 2.1, word for word. */
function treeHash(hashes: Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return emptyRoot();
  if (hashes.length === 1) return hashes[0]!;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(treeHash(hashes.slice(0, k)), treeHash(hashes.slice(k)));
}

describe("the frontier", () => {
  test("has the root of RFC 6962 at every size, also after it was written down in between", () => {
    let frontier = Frontier.empty();
    const all = leaves(140);
    for (let size = 0; size <= all.length; size++) {
      assert.deepEqual(Buffer.from(frontier.root()), Buffer.from(treeHash(all.slice(0, size))));
      assert.equal(frontier.size, size);
      frontier = Frontier.parse(frontier.toString());
      if (size < all.length) frontier.append(all[size]!);
    }
  });

  test("is read in its one spelling alone", () => {
    const frontier = Frontier.empty();
    for (const leaf of leaves(5)) frontier.append(leaf);
    const text = frontier.toString();
    for (const wrong of [
      "",
      ":",
      "5",
      text.slice(0, -1),
      `${text}00`,
      text.replace("5:", "7:"),
      text.replace("5:", "05:"),
      text.toUpperCase(),
      "-1:",
      "1e3:",
      "Infinity:",
      "NaN:",
      "9007199254740993:",
    ]) {
      if (wrong === text) continue;
      assert.throws(() => Frontier.parse(wrong), { code: "invalid_request" }, wrong);
    }
    fc.assert(
      fc.property(fc.string(), (noise) => {
        try {
          assert.equal(Frontier.parse(noise).toString(), noise);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "invalid_request");
        }
      }),
    );
  });
});

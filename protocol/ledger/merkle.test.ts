import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  completedHashes,
  consistencyRanges,
  emptyRoot,
  foldRange,
  foldRanges,
  inclusionRanges,
  leafHash,
  type Node,
  nodeHash,
  rootRange,
  verifyConsistency,
  verifyInclusion,
} from "./merkle.ts";
import { plainRoot, readerOf } from "./testing.ts";
import "../seeded.ts";

/** Certificate Transparency's reference trees: transparency-dev/merkle, testonly/constants.go. */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
/** The same project's proofs; indexes from 0. */
const INCLUSIONS: [index: number, size: number, proof: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  ],
  [
    5,
    8,
    [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  ],
  [2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
  [
    1,
    5,
    [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  ],
];

const hex = (hash: Uint8Array) => Buffer.from(hash).toString("hex");
const read = readerOf(LEAVES);

describe("the Merkle tree of RFC 6962", () => {
  test("has Certificate Transparency's reference roots at every size", () => {
    for (const [size, root] of ROOTS.entries()) {
      assert.equal(hex(foldRange(rootRange(size), read)), root);
      assert.equal(hex(plainRoot(LEAVES.slice(0, size))), root, "the tests' own tree");
    }
    assert.equal(hex(emptyRoot()), ROOTS[0]);
  });

  test("has its reference inclusion proofs, which verify", () => {
    for (const [index, size, expected] of INCLUSIONS) {
      const proof = foldRanges(inclusionRanges(index, size), read);
      assert.deepEqual(proof.map(hex), expected);
      const root = Buffer.from(ROOTS[size]!, "hex");
      assert.equal(verifyInclusion(index, size, leafHash(LEAVES[index]!), proof, root), true);
    }
  });

  test("of each index and size up to 70 proves inclusion, and with any bit changed it does not", () => {
    const leaves = Array.from({ length: 70 }, (_, at) => Buffer.from(`leaf ${at}`));
    const reader = readerOf(leaves);
    for (let size = 1; size <= leaves.length; size++) {
      const root = plainRoot(leaves.slice(0, size));
      for (let index = 0; index < size; index += size > 20 ? 7 : 1) {
        const proof = foldRanges(inclusionRanges(index, size), reader);
        const leaf = leafHash(leaves[index]!);
        assert.equal(verifyInclusion(index, size, leaf, proof, root), true, `${index} of ${size}`);
        for (const [at, hash] of proof.entries()) {
          const changed = Buffer.from(hash);
          changed[at % 32]! ^= 1;
          assert.equal(verifyInclusion(index, size, leaf, proof.with(at, changed), root), false);
        }
        assert.equal(verifyInclusion(index, size, leaf, [...proof, root], root), false, "one hash too many");
        assert.equal(size > 1 && verifyInclusion(index, size, leaf, proof.slice(1), root), false);
        assert.equal(verifyInclusion(index, size, leaf, proof.slice(0, -1), root), size === 1);
      }
    }
  });

  test("of every two sizes up to 70 proves consistency", () => {
    const leaves = Array.from({ length: 70 }, (_, at) => Buffer.from(`leaf ${at}`));
    const reader = readerOf(leaves);
    const roots = Array.from({ length: 71 }, (_, size) => plainRoot(leaves.slice(0, size)));
    for (let size = 0; size <= 70; size++) {
      for (let old = 0; old <= size; old++) {
        const proof = foldRanges(consistencyRanges(old, size), reader);
        assert.equal(
          verifyConsistency(old, size, roots[old]!, roots[size]!, proof),
          true,
          `${old} to ${size}`,
        );
        if (old === 0 || old === size) continue;
        const other = Buffer.from(roots[old]!);
        other[3]! ^= 4;
        assert.equal(verifyConsistency(old, size, other, roots[size]!, proof), false);
        assert.equal(verifyConsistency(old, size, roots[old]!, other, proof), false);
        assert.equal(verifyConsistency(old, size, roots[old]!, roots[size]!, proof.slice(1)), false);
        assert.equal(verifyConsistency(old, size, roots[old]!, roots[size]!, [...proof, other]), false);
      }
    }
  });

  test("proves nothing of a tree in which one earlier leaf is another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(), (size, one, two) => {
        const old = 1 + (one % (size - 1));
        const leaves = Array.from({ length: size }, (_, at) => Buffer.from([at]));
        const forked = leaves.with(two % old, Buffer.from("another"));
        const proof = foldRanges(consistencyRanges(old, size), readerOf(forked));
        const [before, after] = [plainRoot(leaves.slice(0, old)), plainRoot(forked)];
        assert.equal(verifyConsistency(old, size, before, after, proof), false);
      }),
    );
  });

  test("takes a proof for its own index, leaf, size and root alone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), (size, one, two) => {
        const [index, other] = [one % size, two % size];
        const leaves = Array.from({ length: size }, (_, at) => Buffer.from(String(at)));
        const proof = foldRanges(inclusionRanges(index, size), readerOf(leaves));
        const root = plainRoot(leaves);
        const leaf = leafHash(leaves[index]!);
        assert.equal(verifyInclusion(index, size, leaf, proof, root), true);
        assert.equal(verifyInclusion(other, size, leaf, proof, root), other === index);
        assert.equal(verifyInclusion(index, size, leafHash(leaves[other]!), proof, root), other === index);
        assert.equal(verifyInclusion(index, size, nodeHash(leaf, leaf), proof, root), false);
      }),
    );
  });

  test("is total for numbers and hashes that are none", () => {
    const hash = Buffer.alloc(32);
    const many = Array.from({ length: 5_000 }, () => hash);
    for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      assert.equal(verifyInclusion(bad, 8, hash, [], hash), false);
      assert.equal(verifyInclusion(0, bad, hash, [], hash), false);
      assert.equal(verifyConsistency(bad, 8, hash, hash, []), false);
      assert.equal(verifyConsistency(1, bad, hash, hash, []), false);
    }
    assert.equal(verifyInclusion(0, 2, hash, [Buffer.alloc(31)], hash), false);
    assert.equal(verifyInclusion(0, 2 ** 52, hash, many, hash), false);
    assert.equal(verifyConsistency(1, 2 ** 52, hash, hash, many), false);
    assert.equal(verifyConsistency(3, 2, hash, hash, []), false);
  });

  test("counts beyond 32 bits", () => {
    // A proof's hashes are given, not computed: only the arithmetic is at stake.
    const [index, size] = [2 ** 40 + 5, 2 ** 45 + 9];
    const ranges = inclusionRanges(index, size);
    const made = (node: Node) => leafHash(Buffer.from(`${node.level}/${node.index}`));
    const proof = foldRanges(ranges, made);
    let hash: Uint8Array = leafHash(Buffer.from("x"));
    let [node, last, at] = [index, size - 1, 0];
    while (last > 0) {
      if (node % 2 === 1) hash = nodeHash(proof[at++]!, hash);
      else if (node < last) hash = nodeHash(hash, proof[at++]!);
      [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    }
    assert.equal(at, proof.length);
    assert.equal(verifyInclusion(index, size, leafHash(Buffer.from("x")), proof, hash), true);
  });
});

test("appending completes exactly the hashes that end with the leaf", () => {
  const leaves = Array.from({ length: 40 }, (_, at) => Buffer.from(`leaf ${at}`));
  const stored = new Map<string, Uint8Array>();
  const get = ({ level, index }: Node) => stored.get(`${level}/${index}`)!;
  for (const [at, leaf] of leaves.entries()) {
    for (const [level, hash] of completedHashes(at, leafHash(leaf), get).entries()) {
      assert.equal((at + 1) % 2 ** level, 0);
      stored.set(`${level}/${(at + 1) / 2 ** level - 1}`, hash);
    }
    assert.deepEqual(foldRange(rootRange(at + 1), get), plainRoot(leaves.slice(0, at + 1)));
  }
});

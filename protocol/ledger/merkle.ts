import { createHash } from "node:crypto";

/**
 * The Merkle tree of RFC 6962 section 2.1: hashes, and proofs both ways. What is hashed stands elsewhere: a proof is
 * planned as nodes, whoever has their hashes reads them. Sizes and indexes are whole numbers up to 2^53 - 1.
 */

/** Bytes of a hash. */
export const HASH_LENGTH = 32;

/** A proof has no more hashes than this, whatever the size. */
export const MAX_PROOF = 64;

/** The hash over the leaves from `index * 2^level` on, `2^level` of them: a perfect subtree. */
export interface Node {
  level: number;
  index: number;
}

/** The nodes whose hashes, folded, are one hash; from left to right, each smaller than the one before. */
export type Range = readonly Node[];

export type ReadHash = (node: Node) => Uint8Array;

const LEAF = Uint8Array.of(0);
const INNER = Uint8Array.of(1);

export function leafHash(entry: Uint8Array): Buffer {
  return createHash("sha256").update(LEAF).update(entry).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash("sha256").update(INNER).update(left).update(right).digest();
}

/** The root of a tree without leaves. */
export function emptyRoot(): Buffer {
  return createHash("sha256").digest();
}

/** The perfect subtrees that make up the leaves from `start` to before `end`, where RFC 6962 has a node for these. */
function range(start: number, end: number): Range {
  const nodes: Node[] = [];
  for (let at = start; at < end; ) {
    let level = 0;
    let width = 1;
    while (width * 2 <= end - at) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** The greatest power of two below `size`, which is 2 or more. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** What the root of the first `size` leaves is folded of; nothing for 0. */
export function rootRange(size: number): Range {
  return range(0, size);
}

/** PATH(index, D[size]), RFC 6962 section 2.1.1; `index < size`. */
export function inclusionRanges(index: number, size: number): Range[] {
  const path = (start: number, end: number): Range[] => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...path(start, middle), range(middle, end)]
      : [...path(middle, end), range(start, middle)];
  };
  return path(0, size);
}

/** PROOF(old, D[size]), RFC 6962 section 2.1.2; empty for `old` 0 or `size`. `old <= size`. */
export function consistencyRanges(old: number, size: number): Range[] {
  const proof = (start: number, end: number, isKnown: boolean): Range[] => {
    if (end === old) return isKnown ? [] : [range(start, end)];
    const middle = start + split(end - start);
    return old <= middle
      ? [...proof(start, middle, isKnown), range(middle, end)]
      : [...proof(middle, end, false), range(start, middle)];
  };
  return old === 0 || old === size ? [] : proof(0, size, true);
}

/** The hash of a range. An empty one is that of an empty tree. */
export function foldRange(nodes: Range, read: ReadHash): Buffer {
  if (nodes.length === 0) return emptyRoot();
  const hashes = nodes.map(read);
  return Buffer.from(hashes.reduceRight((right, left) => nodeHash(left, right)));
}

/** The proof that `ranges` plan. */
export function foldRanges(ranges: readonly Range[], read: ReadHash): Buffer[] {
  return ranges.map((nodes) => foldRange(nodes, read));
}

/**
 * The hashes that the leaf of this index completes, from its own on, upwards: the node of level i ends with it when
 * the lowest i bits of `index + 1` are 0. `read` is asked for the left halves, all of which are there already.
 */
export function completedHashes(index: number, leaf: Uint8Array, read: ReadHash): Uint8Array[] {
  const hashes = [leaf];
  let end = index + 1;
  for (let level = 0; end % 2 === 0; level++, end /= 2) {
    hashes.push(nodeHash(read({ level, index: end - 2 }), hashes[level]!));
  }
  return hashes;
}

/** Verifies an inclusion proof: RFC 9162 section 2.1.3.2. Total: whatever is wrong is false. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(hash, root);
}

/** Verifies a consistency proof: RFC 9162 section 2.1.4.2. Nothing is consistent with everything. Total. */
export function verifyConsistency(
  old: number,
  size: number,
  oldRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(old) || !isCount(size) || old > size || !areHashes([oldRoot, root, ...proof])) return false;
  if (old === size) return proof.length === 0 && equal(oldRoot, root);
  if (old === 0) return proof.length === 0 && equal(oldRoot, emptyRoot());
  let [node, last] = [old - 1, size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // Where the old tree is perfect, its root is the first node itself.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [oldHash, hash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(oldHash, oldRoot) && equal(hash, root);
}

function half(count: number): number {
  return Math.floor(count / 2);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= MAX_PROOF + 2 && hashes.every((hash) => hash.length === HASH_LENGTH);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { MAX_ENTRY } from "./entry.ts";
import {
  consistencyRanges,
  foldRange,
  foldRanges,
  inclusionRanges,
  leafHash,
  type Node,
  rootRange,
} from "./merkle.ts";
import { plainRoot, readerOf } from "./testing.ts";
import {
  bundlePath,
  decodeBundle,
  encodeBundle,
  hashInTile,
  nodeOfTile,
  parseTilePath,
  type Tile,
  tileOf,
  tilePath,
  tilesOf,
  tileWidth,
} from "./tile.ts";
import "../seeded.ts";

describe("paths of tiles", () => {
  test("are those of c2sp.org/tlog-tiles", () => {
    assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), "tile/0/x001/x234/067");
    assert.equal(tilePath({ level: 0, index: 0, width: 256 }), "tile/0/000");
    assert.equal(tilePath({ level: 1, index: 273, width: 112 }), "tile/1/273.p/112");
    assert.equal(tilePath({ level: 63, index: 1_000, width: 1 }), "tile/63/x001/000.p/1");
    assert.equal(bundlePath({ index: 1_234_067, width: 8 }), "tile/entries/x001/x234/067.p/8");
    assert.equal(bundlePath({ index: 999, width: 256 }), "tile/entries/999");
  });

  test("are read as they are written", () => {
    const tile = fc.record({
      level: fc.integer({ min: 0, max: 63 }),
      index: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tile, (one) => {
        assert.deepEqual(parseTilePath(tilePath(one)), { what: "hashes", ...one });
        const { index, width } = one;
        assert.deepEqual(parseTilePath(bundlePath(one)), { what: "entries", index, width });
      }),
    );
  });

  test("have one spelling each", () => {
    for (const path of [
      "tile/0/0",
      "tile/0/00",
      "tile/0/0000",
      "tile/0/x000/001",
      "tile/0/001/067",
      "tile/0/x001",
      "tile/0/x001/x067",
      "tile/00/000",
      "tile/01/000",
      "tile/64/000",
      "tile/-1/000",
      "tile/0/000.p/0",
      "tile/0/000.p/256",
      "tile/0/000.p/01",
      "tile/0/000.p/",
      "tile/0/000.p",
      "tile/0/000/",
      "/tile/0/000",
      "tile/0/000\n",
      "tile/entries/0",
      "tile/entry/000",
      "tile/0/x999/x999/x999/x999/x999/999",
      "",
    ]) {
      assert.equal(parseTilePath(path), null, path);
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."tile/entrsx.p0123456789") }), (end) => {
        const parsed = parseTilePath(`tile/${end}`);
        if (parsed === null) return;
        assert.equal(parsed.what === "hashes" ? tilePath(parsed) : bundlePath(parsed), `tile/${end}`);
      }),
    );
  });
});

describe("widths of tiles", () => {
  test("are those of the specification's example of 70,000 leaves", () => {
    const size = 70_000;
    assert.equal(tileWidth(0, 272, size), 256);
    assert.equal(tileWidth(0, 273, size), 112);
    assert.equal(tileWidth(0, 274, size), 0);
    assert.equal(tileWidth(1, 0, size), 256);
    assert.equal(tileWidth(1, 1, size), 17);
    assert.equal(tileWidth(2, 0, size), 1);
    assert.equal(tileWidth(3, 0, size), 0);
    assert.equal(tileWidth(1, 0, 256), 1);
    assert.equal(tileWidth(0, 0, 0), 0);
    assert.equal(tileWidth(63, 0, Number.MAX_SAFE_INTEGER), 0);
  });
});

describe("hashes in tiles", () => {
  test("give the root and every proof of a tree", () => {
    const leaves = Array.from({ length: 700 }, (_, at) => Buffer.from(`leaf ${at}`));
    const read = readerOf(leaves);
    const bytesOf = (tile: Tile) =>
      Buffer.concat(Array.from({ length: tile.width }, (_, at) => read(nodeOfTile(tile, at))));
    const inTiles = (size: number) => {
      const tiles = new Map<string, Buffer>();
      return (node: Node) => {
        const tile = tileOf(node, size);
        const path = tilePath(tile);
        if (!tiles.has(path)) tiles.set(path, bytesOf(tile));
        return hashInTile(tiles.get(path)!, node);
      };
    };
    for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 700]) {
      const reader = inTiles(size);
      assert.deepEqual(foldRange(rootRange(size), reader), plainRoot(leaves.slice(0, size)));
      for (const index of [0, size >> 1, size - 1]) {
        assert.deepEqual(
          foldRanges(inclusionRanges(index, size), reader),
          foldRanges(inclusionRanges(index, size), read),
        );
        assert.deepEqual(
          foldRanges(consistencyRanges(index, size), reader),
          foldRanges(consistencyRanges(index, size), read),
        );
      }
    }
  });

  test("are had of few tiles, each named once", () => {
    const tiles = tilesOf([rootRange(70_000), ...inclusionRanges(69_999, 70_000)], 70_000);
    const paths = tiles.map(tilePath);
    assert.equal(new Set(paths).size, paths.length);
    assert.deepEqual(paths.sort(), ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
  });

  test("are not taken from a tile that is too short", () => {
    assert.throws(() => hashInTile(Buffer.alloc(31), { level: 0, index: 0 }), /too short/);
    assert.throws(() => hashInTile(Buffer.alloc(64), { level: 2, index: 0 }), /too short/);
  });
});

describe("bundles of entries", () => {
  test("are decoded as they were encoded", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
        const decoded = decodeBundle(encodeBundle(entries), entries.length);
        assert.deepEqual(decoded.map(leafHash), entries.map(leafHash));
      }),
    );
  });

  test("hold entries of 65,535 bytes and none longer", () => {
    assert.equal(decodeBundle(encodeBundle([Buffer.alloc(MAX_ENTRY)]), 1)[0]!.length, MAX_ENTRY);
    assert.throws(() => encodeBundle([Buffer.alloc(MAX_ENTRY + 1)]), /too long/);
  });

  test("are refused cut at any place, with one more, or one fewer", () => {
    const entries = ["", "a", "bcd"].map((text) => Buffer.from(text));
    const bytes = encodeBundle(entries);
    for (let end = 0; end < bytes.length; end++) {
      assert.throws(() => decodeBundle(bytes.subarray(0, end), 3), { code: "invalid_request" });
    }
    assert.throws(() => decodeBundle(bytes, 2), /not 2 whole entries/);
    assert.throws(() => decodeBundle(bytes, 4), /not 4 whole entries/);
    assert.throws(() => decodeBundle(Buffer.concat([bytes, Buffer.alloc(1)]), 3), /not 3 whole entries/);
  });
});

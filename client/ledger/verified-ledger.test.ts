import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../protocol/errors.ts";
import { parseCheckpoint, signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { plainRoot, readerOf } from "../../protocol/ledger/testing.ts";
import { nodeOfTile, type Tile, tileWidth } from "../../protocol/ledger/tile.ts";
import { generateKey, publicKey } from "../../protocol/signatures.ts";
import { exportLedger } from "./export-ledger.ts";
import type { LedgerSource } from "./ledger-source.ts";
import { rememberedLedger } from "./remembered.ts";
import { type LedgerMemory, VerifiedLedger } from "./verified-ledger.ts";
import "../../protocol/seeded.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-ledger-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const ORIGIN = "sallyport.example.com/ledger";
const KEY = await generateKey();
const KEYS = [publicKey(KEY)];
const leavesOf = (count: number, word = "leaf") =>
  Array.from({ length: count }, (_, at) => Buffer.from(`${word} ${at}`));

/** A ledger over these leaves, as an edge serves it. */
function sourceOf(
  leaves: readonly Uint8Array[],
  { origin = ORIGIN, key = KEY, signed = leaves } = {},
): LedgerSource {
  const read = readerOf(leaves);
  const missing = () => new SallyportError("not_found", "the ledger has no such tile yet");
  return {
    checkpoint: () => signCheckpoint({ origin, size: signed.length, root: plainRoot(signed) }, key),
    async tile(tile: Tile) {
      if (tileWidth(tile.level, tile.index, leaves.length) < tile.width) throw missing();
      return Buffer.concat(Array.from({ length: tile.width }, (_, at) => read(nodeOfTile(tile, at))));
    },
    async entries({ index, width }) {
      if (tileWidth(0, index, leaves.length) < width) throw missing();
      return leaves.slice(index * 256, index * 256 + width);
    },
  };
}

function memory(): LedgerMemory & { note: string | undefined; forks: string[] } {
  return {
    note: undefined,
    forks: [],
    last() {
      return this.note;
    },
    async keep(note) {
      this.note = note;
    },
    async keepFork(note) {
      this.forks.push(note);
      return "fork-1";
    },
  };
}

async function texts(entries: AsyncIterable<{ index: number; text: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { text } of entries) found.push(text);
  return found;
}

describe("a ledger that is read", () => {
  test("gives its entries, each of them proved, across tiles", async () => {
    const leaves = leavesOf(530);
    const ledger = await VerifiedLedger.open(sourceOf(leaves), KEYS, memory());
    await ledger.checkTiles();
    assert.deepEqual(await texts(ledger.entries(250, 260)), leaves.slice(250, 260).map(String));
    assert.deepEqual(await texts(ledger.entries(528, 9_999)), ["leaf 528", "leaf 529"]);
    assert.deepEqual(await texts(ledger.entries(530, 600)), []);
  });

  test("must be signed by a key of the edge", async () => {
    const other = await generateKey();
    const forged = sourceOf(leavesOf(3), { key: other });
    await assert.rejects(VerifiedLedger.open(forged, KEYS, memory()), { code: "forbidden" });
  });

  test("is not believed where an entry, or a tile, is not what was signed", async () => {
    const leaves = leavesOf(300);
    const source = sourceOf(leaves);
    for (const at of [0, 255, 256, 299]) {
      const lying: LedgerSource = {
        ...source,
        entries: async (tile) => {
          const bundle = [...(await source.entries(tile))];
          if (at >= tile.index * 256 && at < tile.index * 256 + 256)
            bundle[at % 256] = Buffer.from("another");
          return bundle;
        },
      };
      const ledger = await VerifiedLedger.open(lying, KEYS, memory());
      await assert.rejects(texts(ledger.entries(0, 300)), { code: "protocol_violation" });
      await assert.rejects(
        exportLedger(ledger, async () => {}),
        { code: "protocol_violation" },
      );
    }
    const forked = sourceOf(leaves.with(7, Buffer.from("another")), { signed: leaves });
    const ledger = await VerifiedLedger.open(forked, KEYS, memory());
    await assert.rejects(ledger.checkTiles(), { code: "protocol_violation" });
    await assert.rejects(texts(ledger.entries(7, 8)), { code: "protocol_violation" });
  });

  test("takes the full tile where the partial one is no more", async () => {
    const source = sourceOf(leavesOf(300));
    const grown: LedgerSource = {
      ...source,
      async tile(tile) {
        if (tile.level === 0 && tile.index === 1 && tile.width < 256)
          throw new SallyportError("not_found", "gone");
        if (tile.width < 256 || tile.index === 0) return source.tile(tile);
        const partial = await source.tile({ ...tile, width: 44 });
        return Buffer.concat([partial, Buffer.alloc(212 * 32, 1)]);
      },
    };
    const ledger = await VerifiedLedger.open(grown, KEYS, memory());
    assert.equal((await texts(ledger.entries(298, 300))).length, 2);
  });
});

describe("a ledger that is seen again", () => {
  test("may have grown by any number of entries", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(300), { minLength: 1, maxLength: 4 }), async (steps) => {
        const leaves = leavesOf(1 + steps.reduce((sum, step) => sum + step, 0));
        const kept = memory();
        let size = 1;
        for (const step of [0, ...steps]) {
          size += step;
          await VerifiedLedger.open(sourceOf(leaves.slice(0, size)), KEYS, kept);
          assert.equal(parseCheckpoint(parseNote(kept.note!).text).size, size);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("is a fork where an entry that was seen is another, though it is signed and consistent in itself", async () => {
    const kept = memory();
    const leaves = leavesOf(40);
    await VerifiedLedger.open(sourceOf(leaves.slice(0, 20)), KEYS, kept);
    const before = kept.note;
    for (const at of [0, 7, 19]) {
      const forked = sourceOf(leaves.with(at, Buffer.from("another")));
      await assert.rejects(VerifiedLedger.open(forked, KEYS, kept), {
        code: "conflict",
        message: "The ledger was changed: its first 20 entries are not those that it showed before.",
      });
    }
    assert.equal(kept.note, before, "what was seen first stays");
    assert.equal(kept.forks.length, 3);
    await VerifiedLedger.open(sourceOf(leaves.with(20, Buffer.from("a new one"))), KEYS, kept);
  });

  test("is a fork where it is shorter, of the same length with another root, or has another name", async () => {
    const kept = memory();
    await VerifiedLedger.open(sourceOf(leavesOf(20)), KEYS, kept);
    for (const [forked, words] of [
      [sourceOf(leavesOf(19)), /it had 20 entries, and has 19/],
      [sourceOf(leavesOf(20, "other")), /its first 20 entries are not those/],
      [sourceOf(leavesOf(25), { origin: "example.com/ledger" }), /it was called sallyport.example.com/],
    ] as const) {
      await assert.rejects(VerifiedLedger.open(forked, KEYS, kept), words);
    }
  });

  test("may be signed by another key of the same edge", async () => {
    const kept = memory();
    const next = await generateKey();
    await VerifiedLedger.open(sourceOf(leavesOf(5)), KEYS, kept);
    await VerifiedLedger.open(sourceOf(leavesOf(9), { key: next }), [publicKey(next), ...KEYS], kept);
  });
});

test("the last checkpoint is kept for each edge, never goes back, and a fork is kept beside it", async () => {
  const edge = new URL("http://127.0.0.1:7843");
  const [small, large] = await Promise.all([3, 9].map((size) => sourceOf(leavesOf(size)).checkpoint()));
  const kept = rememberedLedger(folder, edge);
  assert.equal(kept.last(), undefined);
  await Promise.all([kept.keep(large!), kept.keep(small!)]);
  assert.equal(rememberedLedger(folder, edge).last(), large);
  assert.equal(rememberedLedger(folder, new URL("https://other.example.com")).last(), undefined);
  const file = await kept.keepFork(small!);
  assert.equal(readFileSync(file, "utf8"), small);
  assert.deepEqual(readdirSync(join(folder, "ledgers")), ["127.0.0.1_7843"]);
});

test("an export is what it is, its entries, and the checkpoint", async () => {
  const leaves = leavesOf(3, '"quoted"');
  const ledger = await VerifiedLedger.open(sourceOf(leaves), KEYS, memory());
  const chunks: Uint8Array[] = [];
  assert.equal(await exportLedger(ledger, async (chunk) => void chunks.push(chunk)), 3);
  const lines = Buffer.concat(chunks)
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(lines, [
    { format: "sallyport ledger 1", origin: ORIGIN },
    ...leaves.map((leaf, index) => ({ index, entry: leaf.toString() })),
    { checkpoint: ledger.checkpoint.note },
  ]);
});

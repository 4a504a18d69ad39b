import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LedgerEntry, PolicyApplied } from "../../protocol/ledger/entry.ts";
import { leafHash, verifyInclusion } from "../../protocol/ledger/merkle.ts";
import { entryText, readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { plainRoot, readerOf, SAMPLE_ENTRIES } from "../../protocol/ledger/testing.ts";
import { nodeOfTile, tileWidth } from "../../protocol/ledger/tile.ts";
import type { Sql, SqlValue } from "../session/log.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { LEDGER_SCHEMA, LedgerLog } from "./log.ts";
import "../../protocol/seeded.ts";

function emptyStorage(): Sql {
  const storage = sessionStorage();
  for (const statement of LEDGER_SCHEMA) storage.exec(statement);
  return storage;
}

const policy = (revision: number): PolicyApplied => ({
  type: "policy",
  key: `policy/${revision}`,
  nonce: "00".repeat(16),
  time: revision,
  revision,
  version: "ab".repeat(32),
  principal: "admin@example.com",
});

const bytesOf = (entry: LedgerEntry) => Buffer.from(entryText(entry));

/** A log of so many policies, and the bytes of its leaves. */
function filled(size: number): { storage: Sql; log: LedgerLog; leaves: Buffer[] } {
  const storage = emptyStorage();
  const log = new LedgerLog(storage);
  const leaves = Array.from({ length: size }, (_, at) => {
    assert.deepEqual(log.append(policy(at)), { key: `policy/${at}`, index: at, isNew: true });
    return bytesOf(policy(at));
  });
  return { storage, log, leaves };
}

/** Counts the rows that statements read. */
function counting(sql: Sql): Sql & { rows: number } {
  return {
    rows: 0,
    exec(query: string, ...bindings: SqlValue[]) {
      const rows = [...sql.exec(query, ...bindings)];
      this.rows += rows.length;
      return rows;
    },
  };
}

describe("the ledger's log", () => {
  test("has the root and proofs of the tree over its entries, at every size that it had", () => {
    const { log, leaves } = filled(70);
    for (let size = 1; size <= 70; size++) {
      const root = plainRoot(leaves.slice(0, size));
      assert.deepEqual(log.root(size), root);
      for (const index of [0, size >> 1, size - 1]) {
        const proof = log.inclusion(index, size);
        assert.equal(verifyInclusion(index, size, leafHash(leaves[index]!), proof, root), true);
      }
    }
  });

  test("serves the tiles of the specification, wide and narrow, on every level", () => {
    const { log, leaves } = filled(600);
    const read = readerOf(leaves);
    for (const [level, index, width] of [
      [0, 0, 256],
      [0, 1, 256],
      [0, 2, 88],
      [0, 2, 1],
      [0, 0, 17],
      [1, 0, 2],
      [1, 0, 1],
    ] as const) {
      assert.ok(tileWidth(level, index, 600) >= width);
      const tile = { level, index, width };
      const expected = Array.from({ length: width }, (_, at) => read(nodeOfTile(tile, at)));
      assert.deepEqual(log.tile(tile), Buffer.concat(expected), JSON.stringify(tile));
    }
    assert.throws(() => log.tile({ level: 0, index: 2, width: 89 }), /missing/);
  });

  test("goes on where it stopped when its object starts again", () => {
    const { storage, leaves } = filled(13);
    const again = new LedgerLog(storage);
    assert.equal(again.size, 13);
    again.append(policy(13));
    assert.deepEqual(again.root(), plainRoot([...leaves, bytesOf(policy(13))]));
  });

  test("has what is appended twice once, and refuses another content under the same key", () => {
    for (const entry of SAMPLE_ENTRIES) {
      const log = new LedgerLog(emptyStorage());
      log.append(policy(1));
      assert.deepEqual(log.append(entry), { key: entry.key, index: 1, isNew: true });
      const root = log.root();
      const later = { ...entry, nonce: "ff".repeat(16), time: 5 };
      assert.deepEqual(log.append(later), { key: entry.key, index: 1, isNew: false });
      const changed = { ...entry } as LedgerEntry & Record<string, unknown>;
      const name = "principal" in entry ? "principal" : "x";
      changed[name] = Buffer.alloc(32, 1).toString("base64url");
      assert.deepEqual(log.append(changed), { key: entry.key, conflict: true });
      assert.equal(log.size, 2);
      assert.deepEqual(log.root(), root);
      assert.deepEqual(readLedgerEntry(log.leaves(1, 1)[0]!.entry), entry, "the first one stands");
    }
  });

  test("takes a batch whole or not at all", () => {
    const { storage, log } = filled(3);
    const database = {
      transactionSync<T>(step: () => T): T {
        storage.exec("SAVEPOINT batch");
        try {
          return step();
        } catch (error) {
          storage.exec("ROLLBACK TO batch");
          throw error;
        } finally {
          storage.exec("RELEASE batch");
        }
      },
    };
    const root = log.root();
    assert.throws(() =>
      log.all(database, () => {
        log.append(policy(3));
        throw new Error("the second is none");
      }),
    );
    assert.equal(log.size, 3);
    assert.deepEqual(log.root(), root);
    assert.deepEqual(log.append(policy(3)), { key: "policy/3", index: 3, isNew: true });
  });

  test("reads O(log n) rows to append, for the root and for a proof", () => {
    const storage = counting(emptyStorage());
    const log = new LedgerLog(storage);
    for (let at = 0; at < 1_023; at++) log.append(policy(at));
    for (const step of [
      () => log.append(policy(1_023)),
      () => log.root(1_023),
      () => log.inclusion(400, 1_024),
    ]) {
      storage.rows = 0;
      step();
      assert.ok(storage.rows <= 20, `${storage.rows} rows`);
    }
  });

  test("finds the entries of one session", () => {
    const log = new LedgerLog(emptyStorage());
    const [started, sealed] = SAMPLE_ENTRIES as [LedgerEntry, LedgerEntry];
    for (const entry of [policy(1), started, policy(2), sealed]) log.append(entry);
    const session = "0123456789abcdef0123456789abcdef";
    assert.deepEqual(
      log.leavesOf(session, 10).map(({ index }) => index),
      [1, 3],
    );
    assert.equal(log.leavesOf(session, 1).length, 1);
    assert.deepEqual(log.leavesOf("f".repeat(32), 10), []);
  });

  test("refuses what is no entry, and stays as it was", () => {
    const { log } = filled(2);
    assert.throws(() => log.append({ ...policy(2), more: 1 } as PolicyApplied), { code: "invalid_request" });
    assert.equal(log.size, 2);
  });
});

describe("a ledger whose storage was changed", () => {
  const cases: [string, string][] = [
    ["its last leaf is gone", "DELETE FROM leaves WHERE id = 12"],
    ["a leaf of its right edge is another", "UPDATE leaves SET hashes = zeroblob(32) WHERE id = 12"],
    ["the hash of a large subtree is another", "UPDATE leaves SET hashes = zeroblob(128) WHERE id = 7"],
    ["a row of its right edge is gone", "DELETE FROM leaves WHERE id = 7"],
  ];
  for (const [what, change] of cases) {
    test(`does not agree with what was signed: ${what}`, () => {
      const { storage, log } = filled(13);
      const signed = { size: 13, root: log.root() };
      assert.equal(log.agrees(signed), true);
      storage.exec(change);
      assert.equal(new LedgerLog(storage).agrees(signed), false);
    });
  }

  test("agrees with all that was signed as it grows", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (steps) => {
        const storage = emptyStorage();
        const log = new LedgerLog(storage);
        const signed: { size: number; root: Buffer }[] = [];
        for (const step of steps) {
          for (let at = 0; at < step; at++) log.append(policy(log.size));
          signed.push({ size: log.size, root: log.root() });
        }
        const again = new LedgerLog(storage);
        assert.ok(signed.every((checkpoint) => again.agrees(checkpoint)));
      }),
    );
  });
});

test("checkpoints are kept, every one, and found by size", () => {
  const log = new LedgerLog(emptyStorage());
  assert.equal(log.checkpoint(), null);
  for (const size of [3, 7]) log.keepCheckpoint({ size, note: `note ${size}`, time: size });
  assert.equal(log.checkpoint()?.note, "note 7");
  assert.equal(log.checkpoint(6)?.note, "note 3");
  assert.equal(log.checkpoint(2), null);
});

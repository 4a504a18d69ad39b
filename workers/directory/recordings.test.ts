import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionSealed } from "../../protocol/ledger/entry.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import {
  findRecording,
  markSealed,
  noteLostRecording,
  noteSealFault,
  unsealedSessions,
} from "./recordings.ts";

function directory(rows: readonly { id: string; ended: number | null; neverOpened?: boolean }[]) {
  const database = newDatabase();
  for (const { id, ended, neverOpened } of rows)
    database
      .prepare(
        `INSERT INTO sessions (id, target, kind, principal, groups, connector, instance, address, opened, until, ended, never_opened)
         VALUES (?, 'orders', 'postgres', 'service/agent', '[]', 'main', '1', 'unknown', 1, 2, ?, ?)`,
      )
      .run(id, ended, neverOpened ? 1 : 0);
  return { database, db: sqliteDirectory(undefined, database) };
}

const edgeSeal = { key: "k", entries: 7, head: "0a", signature: "s" };
const entry = { session: "a", agreement: "absent", edgeSeal, connectorSeal: null, bytes: 5, archive: "ff" };
const parts = [{ part: 1, first: 1, last: 7, bytes: 5, sha256: "ee" }];

describe("where recordings are", () => {
  test("sealed twice is sealed once, and found with its parts", async () => {
    const { db, database } = directory([{ id: "a", ended: 10 }]);
    assert.equal(await findRecording(db, "a"), null);
    await noteSealFault(db, "a", "something lay there");
    await markSealed(db, entry as SessionSealed, parts, false, 20);
    await markSealed(db, entry as SessionSealed, parts, false, 30);
    assert.deepEqual(await findRecording(db, "a"), {
      session: "a",
      sealed: 20,
      entries: 7,
      parts,
      isEncrypted: false,
      trailer: { edgeSeal },
    });
    const row = database.prepare("SELECT sealed, agreement, seal_fault FROM sessions").get();
    assert.deepEqual({ ...row }, { sealed: 20, agreement: "absent", seal_fault: null });
  });

  test("those that wait to be sealed: ended, once opened, without a fault; the oldest first", async () => {
    const { db } = directory([
      { id: "late", ended: 90 },
      { id: "open", ended: null },
      { id: "void", ended: 5, neverOpened: true },
      { id: "second", ended: 20 },
      { id: "first", ended: 10 },
      { id: "faulty", ended: 3 },
    ]);
    await noteSealFault(db, "faulty", "rows are missing");
    assert.deepEqual(await unsealedSessions(db, 50, 10), ["first", "second"]);
    assert.deepEqual(await unsealedSessions(db, 50, 1), ["first"]);
  });

  test("a recording that its object does not have is a fault, and asked for no more; one that never was is none", async () => {
    const { db, database } = directory([
      { id: "lost", ended: 10 },
      { id: "void", ended: 10, neverOpened: true },
    ]);
    await noteLostRecording(db, "lost");
    await noteLostRecording(db, "void");
    const faults = database.prepare("SELECT id FROM sessions WHERE seal_fault IS NOT NULL").all();
    assert.deepEqual(
      faults.map(({ id }) => id),
      ["lost"],
    );
    assert.deepEqual(await unsealedSessions(db, 50, 10), []);
  });
});

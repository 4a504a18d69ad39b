import assert from "node:assert/strict";
import { test } from "node:test";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { noteWatch, watchedSessions } from "./watches.ts";

const [A, B, OVER] = ["a", "b", "c"].map((letter) => letter.repeat(32)) as [string, string, string];

function prepared() {
  const database = newDatabase();
  const add = database.prepare(
    `INSERT INTO sessions (id, target, kind, principal, groups, connector, instance, address, opened, until, ended)
     VALUES (?, 'web', 'ssh', 'corp/bot', '[]', 'main', 'i', 'unknown', 1, 2, ?)`,
  );
  for (const id of [A, B]) add.run(id, null);
  add.run(OVER, 5);
  return { db: sqliteDirectory(undefined, database), database };
}

test("a revocation finds the open sessions that a principal, its agents or a token may be watching", async () => {
  const { db } = prepared();
  await noteWatch(db, A, { principal: "corp/alice", since: 1 });
  await noteWatch(db, A, { principal: "corp/alice", since: 2 });
  await noteWatch(db, A, { principal: "service/x", token: "x", since: 1 });
  await noteWatch(db, B, { principal: "corp/bot", onBehalfOf: "corp/alice", since: 1 });
  assert.deepEqual((await watchedSessions(db, { principal: "corp/alice" })).toSorted(), [A, B]);
  assert.deepEqual(await watchedSessions(db, { principal: "corp/bot" }), [B]);
  assert.deepEqual(await watchedSessions(db, { token: "x" }), [A]);
  assert.deepEqual((await watchedSessions(db, null)).toSorted(), [A, B]);
  assert.deepEqual(await watchedSessions(db, { principal: "corp/nobody" }), []);
});

test("sessions that are over count no more, and are forgotten with the next that is noted", async () => {
  const { db, database } = prepared();
  database.prepare("INSERT INTO watches VALUES (?, 'corp/alice', '', '')").run(OVER);
  assert.deepEqual(await watchedSessions(db, null), []);
  await noteWatch(db, A, { principal: "corp/bob", since: 1 });
  assert.equal(database.prepare("SELECT COUNT(*) AS n FROM watches").get()!.n, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { listChanges } from "./changes.ts";
import { hostKeysOf, noteHostKey } from "./host-keys.ts";

const [FIRST, SECOND] = ["A", "B"].map((letter) => `ssh-ed25519 ${letter.repeat(68)}`) as [string, string];

test("a host key is kept, and each change of it stands in the record of changes, the first too", async () => {
  const database = newDatabase();
  database.exec("INSERT INTO connectors (name, created) VALUES ('main', 1), ('other', 1)");
  const db = sqliteDirectory(undefined, database);
  await noteHostKey(db, "main", FIRST, 10);
  await noteHostKey(db, "main", FIRST, 11);
  await noteHostKey(db, "main", SECOND, 12);
  assert.deepEqual(await hostKeysOf(db, ["main", "other", "none"]), new Map([["main", SECOND]]));
  assert.deepEqual(await hostKeysOf(db, []), new Map());
  const { items } = await listChanges(db, { limit: 10, cursor: null });
  assert.deepEqual(
    items.map(({ id: _, ...change }) => change),
    [
      {
        time: 12,
        principal: "connector/main",
        action: "connector.host-key",
        subject: "main",
        before: { hostKey: FIRST },
        after: { hostKey: SECOND },
      },
      {
        time: 10,
        principal: "connector/main",
        action: "connector.host-key",
        subject: "main",
        before: { hostKey: null },
        after: { hostKey: FIRST },
      },
    ],
  );
});

test("a connector that the directory does not know leaves no trace", async () => {
  const db = sqliteDirectory();
  await noteHostKey(db, "nobody", FIRST, 10);
  assert.deepEqual((await listChanges(db, { limit: 10, cursor: null })).items, []);
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { indexApproval } from "../directory/approvals.ts";
import { recordChange } from "../directory/changes.ts";
import { currentPolicies, putPolicies } from "../directory/policies.ts";
import { markEnded, markVoid } from "../directory/sessions.ts";
import { sampleApproval } from "../testing/sample-approval.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { changeReader, countRows, dropRows, entryOf, setAside, waitingRows } from "./outbox.ts";

const MIGRATIONS = fileURLToPath(import.meta.resolve("../../infra/migrations"));
const ID = "0123456789abcdef0123456789abcdef";
const ADMIN = { principal: "admin@example.com", time: 1_700 };

function insertSession(database: DatabaseSync, id: string, more: Record<string, number | string> = {}): void {
  const row = {
    id,
    target: "orders",
    kind: "postgres",
    principal: "agent@example.com",
    groups: "[]",
    connector: "home",
    instance: "i",
    address: "127.0.0.1",
    opened: 1_000,
    until: 9_000,
    ...more,
  };
  const names = Object.keys(row);
  database
    .prepare(`INSERT INTO sessions (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
    .run(...Object.values(row));
}

async function entries(db: D1Database): Promise<LedgerEntry[]> {
  const rows = await waitingRows(db);
  const readChange = await changeReader(db, rows);
  return Promise.all(rows.map((row) => entryOf(row, readChange)));
}

describe("the directory's triggers", () => {
  test("note a session that starts, in the transaction that registers it", async () => {
    const database = newDatabase();
    const db = sqliteDirectory(undefined, database);
    insertSession(database, ID);
    const [entry, ...others] = await entries(db);
    assert.deepEqual(others, []);
    assert.match(entry!.nonce, /^[0-9a-f]{32}$/);
    assert.deepEqual(entry, {
      type: "session_started",
      key: `session_started/${ID}`,
      nonce: entry!.nonce,
      time: 1_000,
      session: ID,
      target: "orders",
      kind: "postgres",
      principal: "agent@example.com",
      onBehalfOf: null,
      connector: "home",
      address: "127.0.0.1",
      until: 9_000,
    });
    database.exec("BEGIN");
    insertSession(database, "f".repeat(32));
    database.exec("ROLLBACK");
    assert.equal((await entries(db)).length, 1);
  });

  test("note the end of a session that never opened, once, and no other end", async () => {
    const database = newDatabase();
    const db = sqliteDirectory(undefined, database);
    const [never, ended] = ["1".repeat(32), "2".repeat(32)];
    for (const id of [never, ended]) insertSession(database, id);
    await markVoid(db, never, "forbidden", "no policy permits it", 1_000);
    await markVoid(db, never, "internal", "said again", 2_000);
    await markEnded(db, ended, "closed", "done", 3_000);
    await markVoid(db, ended, "internal", "too late", 4_000);
    database.exec("UPDATE sessions SET ended = 5000, end_reason = 'rewritten'");
    const voids = (await entries(db)).filter(({ type }) => type === "session_void");
    assert.deepEqual(voids, [
      {
        type: "session_void",
        key: `session_void/${never}`,
        nonce: voids[0]!.nonce,
        time: 1_000,
        session: never,
        target: "orders",
        principal: "agent@example.com",
        endCode: "forbidden",
        reason: "no policy permits it",
      },
    ]);
  });

  test("note each status of an approval once", async () => {
    const database = newDatabase();
    const db = sqliteDirectory(undefined, database);
    const pending = sampleApproval();
    const approved = {
      ...pending,
      status: "approved" as const,
      decided: { at: 5_000, by: "dba@example.com", reason: "x".repeat(500) },
    };
    for (const approval of [pending, pending, approved, approved, pending]) await indexApproval(db, approval);
    database.exec("UPDATE approvals SET status = status, until = 9");
    const noted = await entries(db);
    assert.deepEqual(
      noted.map(({ key, time }) => [key, time]),
      [
        [`approval/${pending.id}/pending`, pending.asked],
        [`approval/${pending.id}/approved`, 5_000],
      ],
    );
    assert.equal((noted[1] as { by?: string }).by, "dba@example.com");
  });

  test("note policies and changes, the latter by the hash of what was and is", async () => {
    const db = sqliteDirectory();
    await currentPolicies(db);
    await db.batch([
      recordChange(db, ADMIN, {
        action: "apply.update",
        subject: "limits",
        before: { a: 1 },
        after: { a: 2 },
      }),
      putPolicies(db, "permit(principal, action, resource);", ADMIN),
    ]);
    const noted = await entries(db);
    assert.deepEqual(
      noted.map(({ key }) => key),
      ["policy/1", "change/1", "policy/2"],
    );
    const [, change] = noted as [LedgerEntry, LedgerEntry & { type: "change" }];
    // printf '{"a":1}' | sha256sum
    assert.equal(change.before, "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
    assert.equal(change.principal, ADMIN.principal);
  });

  test("note a change by its hash however long it was", async () => {
    const db = sqliteDirectory();
    const text = "x".repeat(50_000);
    await recordChange(db, ADMIN, {
      action: "apply.update",
      subject: "policies",
      before: null,
      after: text,
    }).run();
    const [change] = (await entries(db)) as [LedgerEntry & { type: "change" }];
    assert.equal(change.after, createHash("sha256").update(JSON.stringify(text)).digest("hex"));
  });

  test("take in what an older database holds, once", async () => {
    const database = new DatabaseSync(":memory:");
    const files = readdirSync(MIGRATIONS).sort();
    const at = files.indexOf("0007_ledger.sql");
    const run = (names: string[]) => {
      for (const name of names) database.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    };
    run(files.slice(0, at));
    insertSession(database, "1".repeat(32));
    insertSession(database, "2".repeat(32), {
      opened: 2_000,
      ended: 2_000,
      end_code: "forbidden",
      end_reason: "no",
    });
    insertSession(database, "3".repeat(32), {
      opened: 500,
      ended: 4_000,
      end_code: "closed",
      end_reason: "done",
    });
    insertSession(database, "4".repeat(32), {
      opened: 600,
      ended: 5_000,
      end_code: "internal",
      end_reason: "the session was registered but never opened",
    });
    database.exec("INSERT INTO changes VALUES (1, 100, 'admin', 'token.create', 'ci', 'null', '{}')");
    database.exec(`INSERT INTO policy_sets VALUES (1, '${"ab".repeat(32)}', 'text', 50, 'starter set')`);
    run(files.slice(at));
    const db = sqliteDirectory(undefined, database);
    const taken = await entries(db);
    assert.deepEqual(
      taken.map(({ key }) => key.replace(/(.)\1{30,}/, "$1")),
      [
        "policy/1",
        "change/1",
        "session_started/3",
        "session_started/4",
        "session_started/1",
        "session_started/2",
        "session_void/2",
        "session_void/4",
      ],
    );
    assert.equal(new Set(taken.map(({ nonce }) => nonce)).size, taken.length);
  });
});

describe("the outbox", () => {
  test("gives rows in order, and counts what waits and what was set aside", async () => {
    const database = newDatabase();
    const db = sqliteDirectory(undefined, database);
    for (const [at, digit] of ["1", "2", "3"].entries()) {
      insertSession(database, digit.repeat(32), { opened: 1_000 + at });
    }
    assert.deepEqual({ ...(await countRows(db)) }, { waiting: 3, oldest: 1_000, faulty: 0 });
    const [first, second] = await waitingRows(db);
    await dropRows(db, [first!.id]);
    await setAside(db, second!.id, "why");
    assert.deepEqual({ ...(await countRows(db)) }, { waiting: 1, oldest: 1_002, faulty: 1 });
    assert.deepEqual(
      (await waitingRows(db)).map(({ key }) => key),
      [`session_started/${"3".repeat(32)}`],
    );
    // Numbers are never used again: a row that was dropped is not taken for another.
    insertSession(database, "4".repeat(32));
    assert.equal((await waitingRows(db)).at(-1)!.id, 4);
  });

  test("holds words to what an entry may have", async () => {
    const database = newDatabase();
    const db = sqliteDirectory(undefined, database);
    insertSession(database, ID);
    await markVoid(db, ID, "internal", `${"x".repeat(4_094)}\u{1f600}${"y".repeat(9_000)}`, 2_000);
    const entry = (await entries(db))[1] as LedgerEntry & { type: "session_void" };
    assert.equal(entry.reason, `${"x".repeat(4_094)}…`);
  });

  test("refuses rows that no trigger wrote", async () => {
    const noChange = async () => null;
    const row = { id: 1, type: "policy", key: "policy/1", time: 1, nonce: "00".repeat(16) };
    const facts = { revision: 1, version: "ab".repeat(32), principal: "p" };
    assert.equal((await entryOf({ ...row, row: JSON.stringify(facts) }, noChange)).type, "policy");
    for (const bad of [
      { ...row, row: "{" },
      { ...row, row: "[]" },
      { ...row, row: JSON.stringify({ ...facts, more: 1 }) },
      { ...row, row: JSON.stringify({ ...facts, type: "change" }) },
      { ...row, key: "policy/2", row: JSON.stringify(facts) },
      { ...row, type: "constructor", row: JSON.stringify(facts) },
      { ...row, type: "change", key: "change/1", row: JSON.stringify({ change: 1, principal: "p" }) },
    ]) {
      await assert.rejects(entryOf(bad, noChange), { code: "invalid_request" }, JSON.stringify(bad));
    }
  });
});

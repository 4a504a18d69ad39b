import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Settings, Target } from "../../protocol/directory.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { readSettings, writeSettings } from "./apply.ts";
import { listChanges } from "./changes.ts";
import { grantLease, leaseCovers, listLeases, type NewLease, revokeLease, standingLeases } from "./leases.ts";
import { planChanges } from "./plan.ts";

const HOLDER = { principal: "corp/agent", onBehalfOf: "corp/alice", target: "orders" };
const LEASE: NewLease = {
  id: `${"1".repeat(32)}-0`,
  ...HOLDER,
  granted: 1_000,
  until: 5_000,
  by: ["corp/first", "corp/last"],
  approvals: [{ approvers: ["dba", "security"], quorum: 2 }],
};
const ADMIN = { principal: "corp/admin", time: 2_000 };
const ALL = { limit: 10, cursor: null };

const TARGET: Target = { name: "orders", kind: "postgres", connector: "main", description: "", allow: [] };
const SETTINGS: Settings = { targets: [TARGET], issuers: [], administrators: [], limits: {}, policies: "x" };

async function apply(db: D1Database, wanted: Settings): Promise<void> {
  const { settings, revision } = await readSettings(db);
  await writeSettings(db, wanted, planChanges(settings, wanted), revision, ADMIN);
}

const actions = async (db: D1Database) => (await listChanges(db, ALL)).items.map(({ action }) => action);

describe("a lease", () => {
  test("is granted once, and recorded once, however often it is written", async () => {
    const db = sqliteDirectory();
    await grantLease(db, LEASE);
    await grantLease(db, LEASE);
    const { id, until, by, approvals } = LEASE;
    assert.deepEqual(await standingLeases(db, HOLDER, 4_999), [{ id, until, by, approvals }]);
    assert.deepEqual(await standingLeases(db, HOLDER, 5_000), []);
    const { items } = await listChanges(db, ALL);
    assert.deepEqual(
      items.map(({ action, principal, subject, time }) => [action, principal, subject, time]),
      [["lease.grant", "corp/last", LEASE.id, 1_000]],
    );
  });

  test("that is revoked does not stand, and its first revocation stays", async () => {
    const db = sqliteDirectory();
    await grantLease(db, LEASE);
    await revokeLease(db, LEASE, "enough", ADMIN);
    await revokeLease(db, LEASE, "again", { principal: "corp/other", time: 3_000 });
    await grantLease(db, LEASE);
    assert.deepEqual(await standingLeases(db, HOLDER, 2_500), []);
    const { items } = await listLeases(db, {}, ALL, 2_500);
    assert.deepEqual(items[0]?.revoked, { at: 2_000, by: "corp/admin", reason: "enough" });
    assert.deepEqual(await actions(db), ["lease.revoke", "lease.grant"]);
  });

  test("whose revocation is written before its grant is never granted", async () => {
    const db = sqliteDirectory();
    await revokeLease(db, LEASE, "enough", ADMIN);
    await grantLease(db, LEASE);
    assert.deepEqual(await standingLeases(db, HOLDER, 2_500), []);
    assert.deepEqual(await actions(db), ["lease.revoke"]);
  });

  const moves: [string, Partial<Settings>, boolean][] = [
    ["stands while settings change that are not its target's", { administrators: ["corp/root"] }, true],
    [
      "stands while its target is described otherwise",
      { targets: [{ ...TARGET, description: "new" }] },
      true,
    ],
    [
      "ends when its target is served by another connector",
      { targets: [{ ...TARGET, connector: "other" }] },
      false,
    ],
    ["ends when its target is removed", { targets: [] }, false],
  ];
  for (const [name, changed, stands] of moves) {
    test(name, async () => {
      const db = sqliteDirectory();
      await apply(db, SETTINGS);
      await grantLease(db, LEASE);
      await apply(db, { ...SETTINGS, ...changed });
      await apply(db, SETTINGS);
      assert.equal((await standingLeases(db, HOLDER, 2_500)).length, stands ? 1 : 0);
    });
  }

  test("covers what its own approvers are asked for, and nothing that others are", () => {
    const asked = (...approvals: NewLease["approvals"]) => leaseCovers(LEASE, approvals);
    assert.equal(asked({ approvers: ["security", "dba"], quorum: 2 }), true);
    assert.equal(asked({ approvers: ["dba", "security"], quorum: 3 }), false);
    assert.equal(asked({ approvers: ["dba", "security"], quorum: 1 }), false);
    assert.equal(asked({ approvers: ["dba"], quorum: 2 }), false);
    assert.equal(
      asked({ approvers: ["dba", "security"], quorum: 2 }, { approvers: ["legal"], quorum: 1 }),
      false,
    );
    assert.equal(asked(), false, "an approval of nobody is none");
  });

  test("is listed for its holder and the user for whom it is; to each of an agent's users only its own", async () => {
    const db = sqliteDirectory(undefined, newDatabase());
    await grantLease(db, LEASE);
    const bobs = { ...LEASE, id: `${"2".repeat(32)}-0`, onBehalfOf: "corp/bob", granted: 1_500 };
    await grantLease(db, bobs);
    const seen = async (owner: { principal: string; onBehalfOf?: string }) =>
      (await listLeases(db, { owner }, ALL, 2_000)).items.map(({ onBehalfOf }) => onBehalfOf);
    assert.deepEqual(await seen({ principal: "corp/agent" }), ["corp/bob", "corp/alice"]);
    assert.deepEqual(await seen({ principal: "corp/alice" }), ["corp/alice"]);
    assert.deepEqual(await seen({ principal: "corp/agent", onBehalfOf: "corp/bob" }), ["corp/bob"]);
    assert.deepEqual(await seen({ principal: "corp/eve" }), []);
    const page = await listLeases(db, {}, { limit: 1, cursor: null }, 2_000);
    assert.deepEqual([page.items[0]?.id, page.next !== null], [bobs.id, true]);
    const rest = await listLeases(db, {}, { limit: 1, cursor: page.next }, 2_000);
    assert.deepEqual([rest.items[0]?.id, rest.next], [LEASE.id, null]);
    await revokeLease(db, bobs, "enough", ADMIN);
    const states = async (state: "standing" | "over", now: number) =>
      (await listLeases(db, { state }, ALL, now)).items.map(({ id }) => id);
    assert.deepEqual([await states("standing", 2_500), await states("over", 2_500)], [[LEASE.id], [bobs.id]]);
    assert.deepEqual(await states("standing", 5_000), []);
  });
});

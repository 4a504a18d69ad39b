import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import type { Page, Session } from "../../protocol/directory.ts";
import type { Evidence } from "../../protocol/ledger/evidence.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import type { Hold, HoldAdded, RetentionSettings } from "../../protocol/retention.ts";
import { eventually, whileAway } from "../faults/rig.ts";
import { startTestEdge, type TestEdge, testTarget } from "../gateway.ts";
import { type SealingRig, startSealingRig } from "../sealing/rig.ts";

const DAY = 86_400_000;

/** Deleting sealed recordings at a real edge. */
describe("retention", { timeout: 180_000 }, () => {
  const state = mkdtempSync(join(tmpdir(), "sallyport-retention-"));
  let rig: SealingRig;
  let second: TestEdge | undefined;

  before(async () => {
    rig = await startSealingRig({ state, bindings: { SEAL_PART_BYTES: "65536" } });
  });

  after(async () => {
    await rig?.stop().catch(() => {});
    await second?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  /** A session that is over and sealed. */
  const recorded = async (): Promise<string> => {
    const agent = await rig.open();
    await agent.get(100_000);
    await agent.end();
    await rig.sealed(agent.session);
    return agent.session;
  };
  const remove = (id: string, reason = "asked for", token?: string) =>
    rig.edge.api<Session>("POST", `/v1/sessions/${id}/delete`, { reason }, token);
  const hold = (held: Partial<Hold>, token?: string) =>
    rig.edge.api<HoldAdded>("POST", "/v1/holds", { reason: "case 1", ...held }, token);
  const deleted = (edge: TestEdge, id: string) =>
    eventually("the recording to be deleted", 20_000, async () => {
      const session = await edge.api<Session>("GET", `/v1/sessions/${id}`).catch(whileAway);
      return session !== false && session.deletion?.state === "deleted" && session;
    });

  test("deleted by hand it is gone: its objects, its search; the ledger and its evidence tell of it", async () => {
    const id = await recorded();
    assert.ok(rig.objects(id).length >= 2);
    const reason = "'); DROP TABLE sessions; --";
    const { deletion } = await remove(id, reason);
    assert.equal(deletion!.state, "deleted");
    assert.equal(deletion!.by, "bootstrap");
    assert.deepEqual(rig.objects(id), []);
    const gone = new RegExp(
      `410 .*urn:sallyport:error:gone.*by bootstrap: .*ntry ${deletion!.entry} of the ledger`,
    );
    await assert.rejects(rig.export(id), gone);
    await assert.rejects(rig.edge.api("GET", `/v1/sessions/${id}/follow`), /400|410/);
    await assert.rejects(remove(id), gone);
    const evidence = await rig.edge.api<Evidence>("GET", `/v1/sessions/${id}/evidence`);
    const entries = evidence.entries.map(({ index, entry }) => ({ index, ...readLedgerEntry(entry) }));
    assert.deepEqual(entries.map(({ type }) => type).sort(), [
      "session_deleted",
      "session_sealed",
      "session_started",
    ]);
    const sealed = entries.find((entry) => entry.type === "session_sealed")!;
    const stub = entries.find((entry) => entry.type === "session_deleted")!;
    assert.equal(stub.index, deletion!.entry);
    assert.equal(stub.reason, reason);
    assert.deepEqual([stub.archive, stub.head], [sealed.archive, sealed.edgeSeal.head]);
    const { items } = await rig.edge.api<Page<Session>>("GET", "/v1/sessions");
    assert.equal(items.find((one) => one.id === id)!.deletion!.state, "deleted");
    const changes = await rig.edge.api<Page<{ action: string; subject: string }>>("GET", "/v1/changes");
    assert.ok(changes.items.some(({ action, subject }) => action === "session.delete" && subject === id));
  });

  test("who is no administrator deletes and holds nothing, not even its own; nobody deletes an own one", async () => {
    const id = await recorded();
    await assert.rejects(remove(id, "mine", rig.token), /403/);
    await assert.rejects(hold({ session: id }, rig.token), /403/);
    await assert.rejects(rig.edge.api("GET", "/v1/holds", undefined, rig.token), /403/);
    const body = { name: "own", principal: "service/agent", administrator: true, expiresIn: 600_000 };
    const { token } = await rig.edge.api<{ token: string }>("POST", "/v1/tokens", body);
    await assert.rejects(remove(id, "mine", token), /403.*own/);
    await assert.rejects(remove(id, "  "), /400/);
    assert.equal((await rig.session(id)).deletion, null);
  });

  test("a hold keeps a recording, of what kind ever, until it is released", async () => {
    const id = await recorded();
    for (const held of [{ session: id }, { target: "orders" }, { principal: "service/agent" }]) {
      const added = await hold(held);
      await assert.rejects(remove(id), new RegExp(`409.*is held by ${added.id}`));
      const released = await rig.edge.api<Hold>("DELETE", `/v1/holds/${added.id}`, { reason: "closed" });
      assert.equal(released.released!.reason, "closed");
    }
    await assert.rejects(hold({}), /400.*exactly one/);
    await assert.rejects(hold({ session: id, target: "orders" }), /400.*exactly one/);
    await assert.rejects(hold({ target: "*" }), /400/);
    await assert.rejects(hold({ session: "0".repeat(32) }), /404/);
    await remove(id);
    await assert.rejects(hold({ session: id }), /410/);
    const late = await hold({ target: "orders" });
    assert.ok(late.late >= 1);
    await rig.edge.api("DELETE", `/v1/holds/${late.id}`, { reason: "closed" });
    const all = await rig.edge.api<Page<Hold>>("GET", "/v1/holds?released=true");
    assert.equal(all.items.length, 4);
    assert.deepEqual((await rig.edge.api<Page<Hold>>("GET", "/v1/holds")).items, []);
  });

  test("an open session is not deleted; nor are settings taken that make no sense", async () => {
    const agent = await rig.open();
    await assert.rejects(remove(agent.session), /409.*not sealed/);
    await agent.end();
    const apply = (retention: unknown) =>
      rig.edge.apply({ targets: [testTarget("orders")], retention: retention as RetentionSettings });
    await assert.rejects(
      apply({ default: 1, rules: [] }),
      /settings\.retention\.default must be a whole number/,
    );
    await assert.rejects(apply({ default: null, rules: [{ keep: null }] }), /rules\[0\] must name a target/);
    await assert.rejects(
      apply({ default: null, rules: [{ target: "a%", keep: DAY }] }),
      /rules\[0\]\.target/,
    );
  });

  test("the edge killed in the midst of it: it comes to its end, once in the ledger", async () => {
    for (const wait of [5, 30]) {
      const id = await recorded();
      const asked = remove(id).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await rig.edge.edge.restart();
      await asked;
      const session = await eventually("the edge", 20_000, async () => rig.session(id).catch(whileAway));
      // The kill may have come before it was decided.
      if (session.deletion === null) await remove(id);
      await rig.edge.edge.sweep();
      await deleted(rig.edge, id);
      assert.deepEqual(rig.objects(id), []);
      const evidence = await rig.edge.api<Evidence>("GET", `/v1/sessions/${id}/evidence`);
      const types = evidence.entries.map(({ entry }) => readLedgerEntry(entry).type);
      assert.equal(types.filter((type) => type === "session_deleted").length, 1);
    }
  });

  test("rules delete what is old, by the sweep, and nothing that is held or young", async () => {
    const [old, held, young] = [await recorded(), await recorded(), await recorded()];
    await rig.stop();
    backdate(state, [old, held], 100 * DAY);
    const edge = await startTestEdge({ state });
    second = edge;
    await edge.api<HoldAdded>("POST", "/v1/holds", { reason: "case 2", session: held });
    const retention: RetentionSettings = { default: null, rules: [{ target: "ord*", keep: 90 * DAY }] };
    const applied = await edge.apply({ targets: [testTarget("orders")], retention });
    assert.ok(applied.changes.some(({ subject }) => subject === "retention"));
    await edge.edge.sweep();
    const { deletion } = await deleted(edge, old);
    assert.equal(deletion!.reason, "retention rule 1 (target ord*: 90 days)");
    assert.equal(deletion!.by, null);
    assert.deepEqual(rig.objects(old), []);
    for (const id of [held, young]) {
      assert.equal((await edge.api<Session>("GET", `/v1/sessions/${id}`)).deletion, null);
      assert.ok(rig.objects(id).length >= 2);
    }
  });
});

/** Makes sessions older, on disk, while no edge runs. */
function backdate(state: string, sessions: readonly string[], ms: number): void {
  const folder = join(state, "edge/d1/miniflare-D1DatabaseObject");
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(folder, name));
    const [table] = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'recordings'").all();
    if (table)
      for (const id of sessions) {
        database
          .prepare("UPDATE sessions SET ended = ended - ?, sealed = sealed - ? WHERE id = ?")
          .run(ms, ms, id);
      }
    database.close();
  }
}

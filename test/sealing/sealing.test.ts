import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { eventually } from "../faults/rig.ts";
import { fileOf, type SealingRig, sha256, startSealingRig, textOf } from "./rig.ts";

/** Sealed recordings at a real edge: the same file as before, wherever it lies. */
describe("sealing", { timeout: 120_000 }, () => {
  let rig: SealingRig;

  before(async () => {
    rig = await startSealingRig({ bindings: { SEAL_PART_BYTES: "65536", SEAL_LIVE_BYTES: "400000" } });
  });

  after(() => rig?.stop());

  const collected = async (session: string) => {
    const entries: RecordedEntry[] = [];
    for await (const entry of rig.follow(session)) entries.push(entry);
    return entries;
  };

  test("a small session becomes one part, and its export is what a viewer saw, byte for byte", async () => {
    const agent = await rig.open();
    const viewed = collected(agent.session);
    assert.equal(await agent.get(1_000), sha256(textOf(1_000, 1)));
    await agent.end();
    const entries = await viewed;
    const session = await rig.sealed(agent.session);
    assert.equal(session.agreement, "agreed");
    assert.equal(session.sealFault, null);
    const file = await rig.export(agent.session);
    assert.deepEqual(file, fileOf(agent.session, entries, file));
    assert.equal((await rig.verify(file)).verdict, "verified");
  });

  test("a session of several parts reads the same: exported, followed from its beginning and from the middle", async () => {
    const agent = await rig.open();
    const viewed = collected(agent.session);
    for (let i = 1; i <= 3; i++) assert.equal(await agent.get(100_000, i), sha256(textOf(100_000, i)));
    await agent.end();
    const entries = await viewed;
    await rig.sealed(agent.session);
    const file = await rig.export(agent.session);
    assert.deepEqual(file, fileOf(agent.session, entries, file));
    assert.equal((await rig.verify(file)).verdict, "verified");
    assert.deepEqual(await collected(agent.session), entries);
    for (const from of [1, 2, entries.length >> 1, entries.length, entries.length + 1])
      assert.deepEqual(await rig.followFrom(agent.session, from), entries.slice(from - 1));
    assert.ok(rig.objects(agent.session).length >= 4);
    await eventually("the rows to go", 10_000, async () => rig.rows() === 0);
  });

  test("a live session whose log grows is sealed in parts while it lives, and reads the same all along", async () => {
    const agent = await rig.open();
    const viewed = collected(agent.session);
    for (let i = 1; i <= 8; i++) {
      assert.equal(await agent.get(300_000, i), sha256(textOf(300_000, i)));
      const file = await rig.export(agent.session);
      assert.equal((await rig.verify(file)).verdict, "incomplete");
    }
    // What is left in rows is little.
    assert.ok(rig.objects(agent.session).length > 20);
    assert.ok(rig.rows() < 30, `${rig.rows()} rows`);
    // A viewer that comes now begins in object storage.
    const late = collected(agent.session);
    await agent.get(1_000);
    await agent.end();
    const entries = await viewed;
    assert.deepEqual(await late, entries);
    const session = await rig.sealed(agent.session);
    assert.equal(session.agreement, "agreed");
    const file = await rig.export(agent.session);
    assert.deepEqual(file, fileOf(agent.session, entries, file));
    assert.equal((await rig.verify(file)).verdict, "verified");
  });

  test("a session that never opened has nothing to seal", async () => {
    await assert.rejects(rig.edge.api("GET", `/v1/sessions/${"0".repeat(32)}/recording`), /404/);
    await eventually("all sessions to be sealed", 10_000, async () => {
      const { items } = await rig.edge.api<{ items: { ended: number | null; sealed: number | null }[] }>(
        "GET",
        "/v1/sessions?state=ended",
      );
      return items.every(({ sealed }) => sealed !== null);
    });
  });
});

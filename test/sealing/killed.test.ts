import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { chooseSeed, eventually, seeded, whileAway } from "../faults/rig.ts";
import { type Agent, fileOf, type SealingRig, sha256, startSealingRig, textOf } from "./rig.ts";

/** How often; a restart takes a second or two, and more on a machine that is busy. */
const ROUNDS = process.env.LONG ? 30 : 3;
const KILLS = process.env.LONG ? 4 : 2;

/** SIGKILL of workerd at many moments of sealing: what was recorded stays, once, and readable all along. */
describe("the edge killed while it seals", { timeout: process.env.LONG ? 1_200_000 : 120_000 }, () => {
  const random = seeded(chooseSeed());
  let rig: SealingRig;

  before(async () => {
    rig = await startSealingRig({ bindings: { SEAL_PART_BYTES: "65536", SEAL_LIVE_BYTES: "300000" } });
  });

  after(() => rig?.stop());

  /** The export, or null while workerd is away. Whatever is answered must be whole. */
  const exported = async (id: string) => rig.export(id).catch((error) => (whileAway(error) ? null : null));

  const collected = async (session: string) => {
    const entries: RecordedEntry[] = [];
    for await (const entry of rig.follow(session)) entries.push(entry);
    return entries;
  };

  test("killed again and again from the end of a session on, its export is at any time what it was", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const agent = await rig.open();
      const viewed = collected(agent.session);
      for (let i = 1; i <= 3; i++) await agent.get(80_000, i);
      const before = await agent.end();
      assert.equal(before, "closed");
      const entries = await viewed;
      const files = new Set<string>();
      const look = async () => {
        const file = await exported(agent.session);
        if (file === null) return;
        assert.deepEqual(file.subarray(0, -1), fileOf(agent.session, entries, file).subarray(0, -1));
        files.add(sha256(file));
      };
      for (let kill = 0; kill < KILLS; kill++) {
        // From within the settling to after the last row is gone.
        await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 120)));
        await look();
        await rig.edge.edge.restart();
        await look();
      }
      const session = await rig.sealed(agent.session, 30_000);
      const file = await rig.export(agent.session);
      assert.deepEqual(file, fileOf(agent.session, entries, file));
      const { verdict } = await rig.verify(file);
      // A kill before the connector has sealed leaves its half absent.
      assert.equal(verdict, session.agreement === "agreed" ? "verified" : "incomplete");
      assert.ok(files.size <= 2, "with the seals, and before there were any");
    }
  });

  test("a live session in parts goes on after each kill, to the same bytes, and agrees at the end", async () => {
    const agent: Agent = await rig.open();
    const viewed = collected(agent.session);
    for (let kill = 0; kill < KILLS; kill++) {
      const seed = kill + 1;
      const answer = agent.get(500_000, seed);
      await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 150)));
      await rig.edge.edge.restart();
      assert.equal(await answer, sha256(textOf(500_000, seed)));
    }
    assert.equal(await agent.end(), "closed");
    const entries = await viewed;
    const session = await rig.sealed(agent.session, 30_000);
    assert.equal(session.agreement, "agreed");
    const file = await rig.export(agent.session);
    assert.deepEqual(file, fileOf(agent.session, entries, file));
    assert.equal((await rig.verify(file)).verdict, "verified");
    await eventually("the last rows to go", 10_000, async () => rig.rows() === 0);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { bundleWorker } from "../../client/local-edge/bundle.ts";
import { unpacked } from "../../client/recordings/unpacked.ts";
import { Identities } from "../../protocol/recording/encryption/identities.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { eventually } from "../faults/rig.ts";
import { testTarget } from "../gateway.ts";
import { fileOf, type SealingRig, startSealingRig } from "./rig.ts";

const WORKER = fileURLToPath(new URL("../../workers/index.ts", import.meta.url));

/** An edge whose sessions have an object each, and where a record rests for half a second instead of ten minutes. */
describe("a session with an object of its own", { timeout: 120_000 }, () => {
  let rig: SealingRig;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-worker-"));
    const { mainModule, modules } = await bundleWorker(WORKER);
    for (const [name, { contents }] of Object.entries(modules)) {
      if (name !== mainModule) writeFileSync(join(folder, name), contents);
      else {
        const quick = String(contents).replace(/REST_MS = 10 \* (?:60_000|6e4|60000)/, "REST_MS = 500");
        assert.notEqual(quick, contents);
        writeFileSync(join(folder, "index.js"), quick);
      }
    }
    rig = await startSealingRig({
      entry: join(folder, "index.js"),
      shards: 0,
      bindings: { SEAL_PART_BYTES: "65536", SEAL_LIVE_BYTES: "200000" },
    });
  });

  after(async () => {
    await rig?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is emptied once it is sealed, and read all the same", async () => {
    const agent = await rig.open();
    const viewed: RecordedEntry[] = [];
    const viewing = (async () => {
      for await (const entry of rig.follow(agent.session)) viewed.push(entry);
    })();
    for (let i = 1; i <= 5; i++) await agent.get(100_000, i);
    await agent.end();
    await viewing;
    await rig.sealed(agent.session);
    const file = await rig.export(agent.session);
    assert.deepEqual(file, fileOf(agent.session, viewed, file));
    await eventually("the object to be empty", 20_000, async () => rig.tables() === 0);
    assert.deepEqual(await rig.export(agent.session), file);
    assert.equal((await rig.verify(file)).verdict, "verified");
    assert.deepEqual(await rig.followFrom(agent.session, 3), viewed.slice(2));
  });

  test("that was emptied can't be killed any more, nor opened, nor watched", async () => {
    const { items } = await rig.edge.api<{ items: { id: string }[] }>("GET", "/v1/sessions");
    const path = `/v1/sessions/${items[0]!.id}`;
    const { killed } = await rig.edge.api<{ killed: number }>("POST", `${path}/kill`, { reason: "late" });
    assert.equal(killed, 0);
    await rig.edge.edge.sweep();
    assert.equal(rig.tables(), 0);
    const { agreement } = await rig.session(items[0]!.id);
    assert.equal(agreement, "agreed");
  });

  test("is emptied as well where the recording is encrypted, killed while it seals or not", async () => {
    const secret = await generateIdentity();
    const recipients = [await identityToRecipient(secret)];
    await rig.edge.apply({ targets: [testTarget("orders")], recordings: { recipients } });
    const identities = await Identities.parse(secret, "the identity");
    for (const kills of [0, 3]) {
      const agent = await rig.open();
      const viewed: RecordedEntry[] = [];
      const viewing = (async () => {
        for await (const entry of rig.follow(agent.session)) viewed.push(entry);
      })();
      for (let i = 1; i <= 3; i++) await agent.get(100_000, i);
      await agent.end();
      await viewing;
      for (let kill = 0; kill < kills; kill++) await rig.edge.edge.restart();
      await rig.sealed(agent.session, 60_000);
      // A start of the edge wakes objects, and each makes its tables.
      await eventually("the object to be empty", 20_000, async () =>
        kills === 0 ? rig.tables() === 0 : rig.rows() === 0,
      );
      const chunks: Uint8Array[] = [];
      const archive = new Blob([new Uint8Array(await rig.export(agent.session))]).stream();
      for await (const chunk of unpacked(archive, async () => identities)) chunks.push(chunk);
      const file = Buffer.concat(chunks);
      assert.deepEqual(file, fileOf(agent.session, viewed, file));
      assert.notEqual((await rig.verify(file)).verdict, "failed");
    }
  });
});

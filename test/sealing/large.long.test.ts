import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { verifyRecording } from "../../protocol/recording/verify.ts";
import { residentMiB } from "../faults/rig.ts";
import { type Agent, type SealingRig, startSealingRig } from "./rig.ts";

const MB = 1_000_000;
const SIZE = Number(process.env.SEALED_MB ?? 1_000) * MB;
/** What one request of the agent asks for: the test's own target makes it in memory. */
const PIECE = 10 * MB;
/** Above what the edge has when it begins, MiB. */
const ROOM_MIB = 400;

/** A recording of 1 GB: sealed, exported, verified, followed, with bounded memory. */
describe("a large recording", { timeout: 1_800_000 }, () => {
  let rig: SealingRig;
  let folder: string;
  let id: string;
  const most = { edge: 0, client: 0 };
  let atFirst = { edge: 0, client: 0 };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-large-"));
    rig = await startSealingRig();
    atFirst = resident();
    timer = setInterval(look, 100);
  });

  after(async () => {
    clearInterval(timer);
    await rig?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const resident = () => ({ edge: residentMiB(rig.edge.edge.workerdPid!), client: residentMiB(process.pid) });
  let timer: NodeJS.Timeout;
  const look = () => {
    const now = resident();
    most.edge = Math.max(most.edge, now.edge);
    most.client = Math.max(most.client, now.client);
  };

  const told = async (what: string, act: () => Promise<unknown>) => {
    most.edge = 0;
    most.client = 0;
    const start = performance.now();
    await act();
    const seconds = (performance.now() - start) / 1_000;
    console.log(
      `${what}: ${seconds.toFixed(1)} s, ${(SIZE / MB / seconds).toFixed(0)} MB/s; resident at most: ` +
        `edge ${most.edge.toFixed(0)} MiB (${atFirst.edge.toFixed(0)} at first), client ${most.client.toFixed(0)} MiB`,
    );
    assert.ok(most.edge < atFirst.edge + ROOM_MIB, `the edge took ${most.edge} MiB`);
  };

  test("is recorded, and sealed in parts meanwhile", async () => {
    const agent: Agent = await rig.open();
    id = agent.session;
    await told("recorded", async () => {
      for (let sent = 0; sent < SIZE; sent += PIECE) await agent.get(PIECE, sent + 1);
    });
    await told("sealed after the end", async () => {
      await agent.end();
      assert.equal((await rig.sealed(id, 600_000)).agreement, "agreed");
    });
    const bytes = rig.objects(id).reduce((sum, path) => sum + statSync(path).size, 0);
    console.log(`${rig.objects(id).length} parts, ${(bytes / MB).toFixed(0)} MB`);
  });

  test("is exported and verified", async () => {
    const file = join(folder, "large.sallyport");
    await told("exported", async () => {
      const response = await fetch(new URL(`/v1/sessions/${id}/recording`, rig.edge.edge.url), {
        headers: { authorization: `Bearer ${rig.edge.edge.adminToken}` },
      });
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file));
    });
    assert.ok(statSync(file).size > SIZE);
    await told("verified", async () => {
      const keys = parseKeys(await rig.edge.api("GET", "/v1/keys"));
      const { verdict } = await verifyRecording(createReadStream(file, { highWaterMark: 256 * 1024 }), keys);
      assert.equal(verdict, "verified");
    });
    writeFileSync(file, "");
  });

  test("is followed from its beginning, and from its last entries on without what is before", async () => {
    let entries = 0;
    const hash = createHash("sha256");
    await told("followed", async () => {
      for await (const entry of rig.follow(id)) {
        entries++;
        hash.update(entry.hash);
      }
    });
    assert.ok(entries > SIZE / 300_000);
    const start = performance.now();
    const last = await rig.followFrom(id, entries - 3);
    assert.deepEqual(
      last.map(({ seq }) => seq),
      [entries - 3, entries - 2, entries - 1, entries],
    );
    console.log(`the last four entries: ${(performance.now() - start).toFixed(0)} ms`);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, test } from "node:test";
import { CommandProcess } from "../../client/commands/testing.ts";
import type { ChangeRecord, Page } from "../../protocol/directory.ts";
import { openCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { leafHash } from "../../protocol/ledger/merkle.ts";
import { entryText } from "../../protocol/ledger/reading.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { verifyRecording } from "../../protocol/recording/verify.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { Frontier } from "../../protocol/witness/frontier.ts";
import { startTestEdge, type TestEdge } from "../gateway.ts";
import { ledgerOf, openLedgerDatabase, startLedgerRig } from "./ledger-rig.ts";

const ORIGIN = "sallyport/ledger";
const state = mkdtempSync(join(tmpdir(), "sallyport-ledger-"));
after(() => rmSync(state, { recursive: true, force: true }));

const edgeKeys = async (gateway: TestEdge) => parseKeys(await gateway.api("GET", "/v1/keys")).edge;

async function exported({ edge }: TestEdge, session: string): Promise<Buffer> {
  const response = await fetch(new URL(`/v1/sessions/${session}/recording`, edge.url), {
    headers: { authorization: `Bearer ${edge.adminToken}` },
  });
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

/** Does something with an edge that keeps its state, as one start of several. */
async function withEdge<T>(
  use: (gateway: TestEdge) => Promise<T>,
  onLog: (line: string) => void = () => {},
): Promise<T> {
  const gateway = await startTestEdge({ state, onLog });
  try {
    return await use(gateway);
  } finally {
    await gateway.stop();
  }
}

describe("the ledger in trouble", { timeout: 300_000 }, () => {
  test("loses and doubles nothing when the edge is killed as it takes entries", async () => {
    await withEdge(async (gateway) => {
      const { edge, serviceToken } = gateway;
      const ledger = ledgerOf(gateway);
      for (let round = 0; round < 3; round++) {
        const { size } = await ledger.status();
        await Promise.all(Array.from({ length: 8 }, (_, n) => serviceToken(`round-${round}-${n}`)));
        // Killed before it looks; as soon as it has begun; and in the midst of other writes.
        if (round === 1) while ((await ledger.status()).size === size);
        const late = round === 2 ? serviceToken("late").catch(() => {}) : undefined;
        await edge.restart();
        await late;
      }
      await edge.sweep();
      await ledger.drained();
      const { note, entries } = await ledger.read();
      const tree = Frontier.empty();
      for (const { entry } of entries) tree.append(leafHash(Buffer.from(entryText(entry))));
      const signed = await openCheckpoint(note, ORIGIN, await edgeKeys(gateway));
      assert.equal(signed.size, entries.length);
      assert.deepEqual(Buffer.from(tree.root()), Buffer.from(signed.root));
      const noted = entries.flatMap(({ entry }) => (entry.type === "change" ? [entry.change] : []));
      const [last] = (await gateway.api<Page<ChangeRecord>>("GET", "/v1/changes?limit=1")).items;
      assert.deepEqual(
        noted.toSorted((one, other) => one - other),
        Array.from({ length: last!.id }, (_, n) => n + 1),
      );
      assert.equal(new Set(entries.map(({ entry }) => entry.key)).size, entries.length);
    });
  });

  test("a new signing key: what the old one signed still verifies, and the ledger notes the new one", async () => {
    const rig = await startLedgerRig({ state });
    const session = await rig.open();
    await session.close();
    const before = { note: await rig.checkpoint(), keys: await edgeKeys(rig.gateway) };
    const recording = await exported(rig.gateway, session.id);
    await rig.stop();

    const next = await generateKey();
    writeFileSync(join(state, "edge-key.json"), JSON.stringify(next));
    await withEdge(async (gateway) => {
      await gateway.edge.sweep();
      await gateway.serviceToken("after-rotation");
      await ledgerOf(gateway).drained();
      const keys = await edgeKeys(gateway);
      assert.deepEqual(
        keys.map(({ x }) => x),
        [next.x, before.keys[0]!.x],
      );
      const old = await openCheckpoint(before.note, ORIGIN, keys);
      assert.deepEqual(old.signer, before.keys[0]);
      const { note, entries } = await ledgerOf(gateway).read();
      assert.equal((await openCheckpoint(note, ORIGIN, keys)).signer.x, next.x);
      const noted = entries.flatMap(({ index, entry }) =>
        entry.type === "edge_key" ? [{ index, x: entry.x }] : [],
      );
      assert.deepEqual(
        noted.map(({ x }) => x),
        [before.keys[0]!.x, next.x],
      );
      assert.ok(noted[1]!.index >= old.size, "no checkpoint of the new key's lacks it");
      const tree = Frontier.empty();
      for (const { entry } of entries.slice(0, old.size))
        tree.append(leafHash(Buffer.from(entryText(entry))));
      assert.deepEqual(Buffer.from(tree.root()), Buffer.from(old.root), "the old one is its beginning");

      const all = parseKeys(await gateway.api("GET", "/v1/keys"));
      for (const bytes of [recording, await exported(gateway, session.id)]) {
        const { verdict, session: verified } = await verifyRecording(Readable.from([bytes]), all);
        assert.deepEqual([verdict, verified], ["verified", session.id]);
      }
      const forgotten = { ...all, edge: all.edge.slice(0, 1) };
      assert.equal((await verifyRecording(Readable.from([recording]), forgotten)).verdict, "failed");
    });
  });

  test("once its storage was changed: nothing is appended, nothing else is proved, and both are told", async () => {
    const database = openLedgerDatabase(state);
    database.exec(
      "UPDATE leaves SET entry = replace(entry, 'bootstrap', 'somebody') WHERE entry LIKE '%round-0-0%'",
    );
    database.exec("DELETE FROM leaves WHERE id = (SELECT MAX(id) FROM leaves)");
    database.close();
    const lines: string[] = [];
    const alarmed = () => lines.some((line) => line.includes('"sallyport.alarm":"ledger_broken"'));
    await withEdge(
      async (gateway) => {
        const ledger = ledgerOf(gateway);
        const before = await ledger.checkpoint();
        await gateway.serviceToken("unheard");
        await gateway.edge.sweep();
        const status = await ledger.status();
        assert.equal(status.isWhole, false);
        assert.equal(status.waiting, 1, "what happened is kept until somebody has looked");
        assert.equal(await ledger.checkpoint(), before);
        while (!alarmed()) await ledger.status();
        const env = {
          SALLYPORT_EDGE: gateway.edge.url.href,
          SALLYPORT_TOKEN_FILE: gateway.edge.adminTokenFile,
        };
        const show = await new CommandProcess(["ledger", "status"], { folder: state, env }).end();
        assert.equal(show.status, 1);
        assert.match(show.stdout, /^BROKEN +its storage contradicts what was signed/m);
      },
      (line) => lines.push(line),
    );
  });
});

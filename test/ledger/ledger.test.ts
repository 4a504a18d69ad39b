import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Approval } from "../../protocol/approval/approval.ts";
import type { ChangeRecord, Page } from "../../protocol/directory.ts";
import { openCheckpoint, parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { IndexedEntry } from "../../protocol/ledger/entry.ts";
import { type Evidence, readEvidence } from "../../protocol/ledger/evidence.ts";
import { leafHash, verifyInclusion } from "../../protocol/ledger/merkle.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { entryText, readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { thumbprint } from "../../protocol/signatures.ts";
import { Frontier } from "../../protocol/witness/frontier.ts";
import { type LedgerRig, startLedgerRig } from "./ledger-rig.ts";

const ORIGIN = "sallyport/ledger";

describe("the ledger of an edge", { timeout: 300_000 }, () => {
  let rig: LedgerRig;

  before(async () => {
    rig = await startLedgerRig();
  });
  after(() => rig?.stop());

  const keys = async () => parseKeys(await rig.gateway.api("GET", "/v1/keys")).edge;
  const at = (path: string, token?: string) =>
    fetch(new URL(path, rig.gateway.edge.url), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const changes = async () =>
    (await rig.gateway.api<Page<ChangeRecord>>("GET", "/v1/changes?limit=100")).items;
  const evidenceOf = async (id: string): Promise<Evidence> =>
    readEvidence(await (await at(`/v1/sessions/${id}/evidence`, rig.token)).text());
  /** That the signed root is the one over these entries. */
  const mustBeSigned = async ({ note, entries }: { note: string; entries: IndexedEntry[] }) => {
    const tree = Frontier.empty();
    for (const { entry } of entries) tree.append(leafHash(Buffer.from(entryText(entry))));
    const signed = await openCheckpoint(note, ORIGIN, await keys());
    assert.equal(signed.size, entries.length);
    assert.deepEqual(Buffer.from(tree.root()), Buffer.from(signed.root));
  };

  test("begins with the key that signs it, and notes changes and policies", async () => {
    await rig.drained();
    const read = await rig.read();
    await mustBeSigned(read);
    const { entries } = read;
    const [first] = entries;
    assert.equal(first?.entry.type === "edge_key" && first.entry.x, (await keys())[0]!.x);
    const of = (type: string) => entries.map(({ entry }) => entry).filter((entry) => entry.type === type);
    assert.deepEqual(
      of("change").map(({ key }) => key),
      (await changes()).map(({ id }) => `change/${id}`).reverse(),
    );
    assert.deepEqual(
      of("policy").map(({ key }) => key),
      ["policy/1", "policy/2"],
    );
  });

  test("has of a session its beginning, and of one that was refused that it never opened", async () => {
    await rig.apply({ limits: { sessionsPerPrincipal: 1 } });
    const session = await rig.open();
    await assert.rejects(rig.open(), /has 1 session open, its limit/);
    const evidence = await evidenceOf(session.id);
    const { size, root } = await openCheckpoint(evidence.checkpoint, ORIGIN, await keys());
    for (const { index, entry, proof } of evidence.entries) {
      const hashes = proof.map((hash) => Buffer.from(hash, "base64"));
      assert.equal(verifyInclusion(index, size, leafHash(Buffer.from(entry)), hashes, root), true);
    }
    assert.deepEqual(
      evidence.entries.map(({ entry }) => readLedgerEntry(entry).key),
      [`session_started/${session.id}`],
    );
    const entries = (await rig.read()).entries.map(({ entry }) => entry);
    const voids = entries.filter((entry) => entry.type === "session_void");
    assert.deepEqual(
      voids.map(({ endCode, principal }) => [endCode, principal]),
      [["too_many", "service/agent"]],
    );
    const refused = await evidenceOf(voids[0]!.session);
    assert.deepEqual(
      refused.entries.map(({ entry }) => readLedgerEntry(entry).type),
      ["session_started", "session_void"],
    );
    await session.close();
    await rig.apply();
  });

  test("has of a session that ended its seal after its beginning; until then it says to ask again", async () => {
    const session = await rig.open();
    const { ended } = await session.close();
    assert.ok(ended !== null);
    const path = `/v1/sessions/${session.id}/evidence`;
    let response = await at(path, rig.token);
    for (; response.status === 409; response = await at(path, rig.token)) {
      assert.equal(response.headers.get("retry-after"), "2");
      assert.match(await response.text(), /is not sealed yet/);
    }
    const { entries, checkpoint } = readEvidence(await response.text());
    const [started, sealed, ...others] = entries.map(({ entry }) => readLedgerEntry(entry));
    assert.deepEqual(others, []);
    assert.equal(started?.type, "session_started");
    assert.ok(sealed?.type === "session_sealed");
    assert.equal(sealed.edgeSeal.key, thumbprint((await keys())[0]!));
    await openCheckpoint(checkpoint, ORIGIN, await keys());
  });

  test("notes what becomes of an approval, each status once", async () => {
    const { id } = await rig.gateway.api<Approval>(
      "POST",
      "/v1/access-requests",
      { target: "guarded", reason: "to look" },
      rig.token,
    );
    await rig.gateway.api("POST", `/v1/approvals/${id}/withdraw`, { reason: "seen" }, rig.token);
    await rig.drained();
    const noted = (await rig.read()).entries.filter(({ entry }) => entry.type === "approval");
    assert.deepEqual(
      noted.map(({ entry }) => entry.key),
      [`approval/${id}/pending`, `approval/${id}/withdrawn`],
    );
  });

  test("shows evidence to whoever may read the session, and to nobody else", async () => {
    const session = await rig.open();
    const other = await rig.gateway.serviceToken("other");
    assert.equal((await at(`/v1/sessions/${session.id}/evidence`, other)).status, 404);
    assert.equal((await at(`/v1/sessions/${session.id}/evidence`)).status, 401);
    assert.equal((await at(`/v1/sessions/${"0".repeat(32)}/evidence`, rig.token)).status, 404);
    assert.equal((await at("/v1/sessions/x/evidence", rig.token)).status, 400);
    await session.close();
  });

  test("serves hashes to everybody and entries to administrators, as c2sp.org/tlog-tiles has it", async () => {
    await rig.drained();
    const checkpoint = await at("/ledger/checkpoint");
    assert.equal(checkpoint.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(checkpoint.headers.get("cache-control"), "public, max-age=2");
    const { size } = parseCheckpoint(parseNote(await checkpoint.text()).text);
    const tile = await at(`/ledger/tile/0/000.p/${size}`);
    assert.equal(tile.headers.get("content-type"), "application/octet-stream");
    assert.match(tile.headers.get("cache-control")!, /^public, max-age=\d{8}, immutable$/);
    assert.equal((await tile.arrayBuffer()).byteLength, size * 32);
    assert.equal((await at("/ledger/tile/0/000.p/1")).status, 200, "of an earlier checkpoint");

    const bundle = `/ledger/tile/entries/000.p/${size}`;
    assert.equal((await at(bundle)).status, 401);
    assert.equal((await at(bundle, rig.token)).status, 403);
    const entries = await at(bundle, rig.gateway.edge.adminToken);
    assert.match(entries.headers.get("cache-control")!, /^private/);
    for (const path of [
      `tile/0/000.p/${size + 1}`,
      "tile/0/000",
      "tile/0/001.p/1",
      "tile/1/000.p/1",
      "tile/63/000.p/1",
      "tile/0/x999/x999/x999/x999/999",
      "tile/0/000.p/0",
      "tile/0/0",
      "tile/0/%30%30%30.p/1x",
      "tile/",
      "tile/0/../0/000",
      "other",
    ]) {
      assert.equal((await at(`/ledger/${path}`)).status, 404, path);
    }
    assert.equal((await at("/v1/ledger/status", rig.token)).status, 403);
  });

  test("takes what comes at once, once and in an order of its own", async () => {
    const before = (await rig.status()).size;
    await Promise.all([
      ...Array.from({ length: 12 }, (_, n) => rig.gateway.serviceToken(`many-${n}`)),
      ...Array.from({ length: 4 }, async () => (await rig.open()).close()),
    ]);
    await rig.drained();
    const read = await rig.read();
    await mustBeSigned(read);
    const { entries } = read;
    const fresh = entries.slice(before).map(({ entry }) => entry);
    assert.equal(fresh.filter(({ type }) => type === "change").length, 12);
    assert.equal(fresh.filter(({ type }) => type === "session_started").length, 4);
    assert.equal(new Set(entries.map(({ entry }) => entry.key)).size, entries.length);
  });
});

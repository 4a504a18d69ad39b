import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { generateIdentity, identityToRecipient } from "age-encryption";
import type { SearchPage } from "../../protocol/activity/search.ts";
import type { ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page, Session, Settings } from "../../protocol/directory.ts";
import { type ApprovalRig, ended, startApprovalRig } from "../approvals/rig.ts";
import { eventually } from "../faults/rig.ts";

/** In a statement that people were asked about, its parameter, one that was free, one that was refused, and what came back. */
const MARKERS = [
  "held_marker_5f0c",
  "parameter_marker_9d3e",
  "free_marker_8a7b",
  "refused_marker_46f1",
  "result_marker_c6e8",
];

/** What whoever has the edge's disk finds of a session whose recording is encrypted: everything while it lives, then nothing. */
describe("what an encrypted session leaves at the edge", { timeout: 180_000 }, () => {
  const state = mkdtempSync(join(tmpdir(), "sallyport-left-"));
  let rig: ApprovalRig;

  before(async () => {
    rig = await startApprovalRig({ edge: { state, bindings: { SIEM_R2: "on" } } });
    const { edge } = rig.gateway;
    const recipient = await identityToRecipient(await generateIdentity());
    const settings = await edge.api<Settings>("GET", "/v1/settings");
    const { changes } = await edge.apply({ ...settings, recordings: { recipients: [recipient] } });
    assert.deepEqual(
      changes.map(({ subject }) => subject),
      ["recordings"],
    );
  });

  after(async () => {
    await rig?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  test("none of its texts, in the directory, the session's object, search, approvals and events", async () => {
    const { api } = rig.gateway.edge;
    const agent = await rig.client();
    await agent.client.query("SELECT 'free_marker_8a7b' AS a, 'result_' || 'marker_c6e8' AS b");
    const held = "UPDATE held SET n = n + 1 WHERE id = 1 AND 'held_marker_5f0c' <> $1";
    const query = ended(agent.client.query(held, ["parameter_marker_9d3e"]));
    const approval = await rig.asked();
    const session = approval.session!;
    await rig.answer("ada", approval.id, "approve", "ok");
    await query;
    const refused = agent.client
      .query("UPDATE held SET n = 0 WHERE 'refused_marker_46f1' = ''")
      .catch(() => {});
    await rig.answer("ada", (await rig.asked()).id, "deny", "no");
    await refused;
    assert.deepEqual(kept(), [...MARKERS].sort(), "rows have them while the session lives");
    const summaries = async () =>
      JSON.stringify((await api<Page<ApprovalSummary>>("GET", "/v1/approvals")).items);
    await eventually("the listing", 20_000, async () => (await summaries()).includes("held_marker"));

    await agent.end();
    await eventually("the recording to be sealed", 60_000, async () => {
      const { sealed } = await api<Session>("GET", `/v1/sessions/${session}`);
      return sealed !== null;
    });
    // The approval stays, with who said what; its text does not.
    const listed = await summaries();
    assert.match(listed, /service\/ada/);
    assert.doesNotMatch(listed, /marker/);
    await eventually("the questions to go", 20_000, async () =>
      api("GET", `/v1/approvals/${approval.id}`).then(
        () => false,
        (error: Error) => /404/.test(error.message),
      ),
    );
    const all = await api<SearchPage>("GET", "/v1/search?verdict=approve");
    assert.equal(all.items.length, 1);
    assert.deepEqual([all.items[0]!.session, all.items[0]!.excerpt], [session, ""]);
    for (const marker of MARKERS)
      assert.deepEqual((await api<SearchPage>("GET", `/v1/search?text=${marker}`)).items, []);

    const events = objects().filter((text) => text.includes('"class_uid":6005'));
    assert.ok(events.length > 0, "events in object storage");
    assert.ok(events.some((text) => text.includes("postgres:update")));
    for (const text of objects())
      assert.deepEqual(
        MARKERS.filter((marker) => text.includes(marker)),
        [],
      );
    await eventually("the last rows to go", 20_000, async () => kept().length === 0);
  });

  /** The markers that rows of the edge's databases hold. What SQLite leaves in unused space of its pages is no row. */
  function kept(): string[] {
    const found = new Set<string>();
    for (const path of files(join(state, "edge")).filter((name) => name.endsWith(".sqlite")))
      for (const value of valuesOf(path))
        for (const marker of MARKERS) if (value.includes(marker)) found.add(marker);
    return [...found].sort();
  }

  /** What lies in object storage, decompressed where it is. */
  function objects(): string[] {
    return files(join(state, "edge/r2"))
      .filter((file) => file.includes("/blobs/"))
      .map((file) => readFileSync(file))
      .map((bytes) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("latin1"));
  }
});

/** Every value of every table. */
function* valuesOf(path: string): Generator<string> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    const tables = database.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'",
    );
    for (const { name } of tables.all() as { name: string }[]) {
      const rows = database.prepare(`SELECT * FROM "${name}"`);
      rows.setReadBigInts(true);
      for (const row of rows.iterate())
        for (const value of Object.values(row))
          if (typeof value === "string") yield value;
          else if (value instanceof Uint8Array) yield Buffer.from(value).toString("latin1");
    }
  } finally {
    database.close();
  }
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

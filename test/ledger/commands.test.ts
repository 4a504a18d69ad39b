import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CommandProcess } from "../../client/commands/testing.ts";
import { parseCheckpoint, signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { readEvidence } from "../../protocol/ledger/evidence.ts";
import { parseNote, parseVerifierKey, signersOf } from "../../protocol/ledger/note.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import { type LedgerRig, openLedgerDatabase, startLedgerRig } from "./ledger-rig.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-ledger-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const home = join(folder, "config");
const seen = (rig: LedgerRig) =>
  join(home, "sallyport/ledgers", rig.gateway.edge.url.host.replace(":", "_"), "checkpoint");

describe("the commands for the ledger", { timeout: 300_000 }, () => {
  let rig: LedgerRig;
  let admin: Record<string, string>;
  let agent: Record<string, string>;

  before(async () => {
    rig = await startLedgerRig();
    const env = { SALLYPORT_EDGE: rig.gateway.edge.url.href, XDG_CONFIG_HOME: home };
    admin = { ...env, SALLYPORT_TOKEN_FILE: rig.gateway.edge.adminTokenFile };
    agent = { ...env, SALLYPORT_TOKEN: rig.token };
    await rig.drained();
  });
  after(() => rig?.stop());

  const sallyport = (env: Record<string, string>, ...args: string[]) =>
    new CommandProcess(args, { folder, env }).end();

  test("checkpoint prints the signed note, without a token, and remembers it", async () => {
    const { SALLYPORT_TOKEN: _, ...anybody } = agent;
    const { status, stdout, stderr } = await sallyport(anybody, "ledger", "checkpoint");
    assert.equal(status, 0, stderr);
    const note = parseNote(stdout);
    const keys = await sallyport(anybody, "ledger", "checkpoint", "--verifier-key");
    const key = parseVerifierKey(keys.stdout.trim());
    assert.deepEqual(await signersOf(note, [key]), [key]);
    assert.equal(readFileSync(seen(rig), "utf8"), stdout);
  });

  test("show lists entries that it has verified", async () => {
    const table = await sallyport(admin, "ledger", "show", "-n", "3");
    assert.match(table.stdout, /^ENTRY +TIME +PRINCIPAL +WHAT\n/);
    assert.match(table.stdout, /^\d+ +\S+Z +bootstrap +change \d+: token\.create agent$/m);
    assert.equal(table.stdout.trim().split("\n").length, 4);
    const json = await sallyport(admin, "ledger", "show", "--from", "0", "-n", "2", "--json");
    const lines = json.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ index, entry }) => [index, entry.type]),
      [
        [0, "edge_key"],
        [1, "policy"],
      ],
    );
    const refused = await sallyport(agent, "ledger", "show");
    assert.equal(refused.status, 3);
    assert.equal((await sallyport(admin, "ledger", "show", "--from", "-1")).status, 2);
  });

  test("export writes every entry and the checkpoint, or no file at all", async () => {
    const file = join(folder, "ledger.jsonl");
    const { status, stderr } = await sallyport(admin, "ledger", "export", "-o", file);
    assert.equal(status, 0, stderr);
    const lines = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines[0], { format: "sallyport ledger 1", origin: "sallyport/ledger" });
    const { size } = parseCheckpoint(parseNote(lines.at(-1).checkpoint).text);
    const entries = lines.slice(1, -1);
    assert.deepEqual(
      entries.map(({ index }) => index),
      Array.from({ length: size }, (_, at) => at),
    );
    for (const { entry } of entries) readLedgerEntry(entry);
  });

  test("prove writes a session's evidence, for who may read it", async () => {
    const session = await rig.open();
    const file = join(folder, "evidence.json");
    const { status, stderr } = await sallyport(agent, "sessions", "prove", session.id, "-o", file);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /the session is open, so they prove its beginning alone/);
    const evidence = readEvidence(readFileSync(file, "utf8"));
    assert.deepEqual(
      evidence.entries.map(({ entry }) => readLedgerEntry(entry).type),
      ["session_started"],
    );
    const absent = await sallyport(agent, "sessions", "prove", "0".repeat(32), "-o", join(folder, "none"));
    assert.equal(absent.status, 5);
    assert.equal(existsSync(join(folder, "none")), false);
    await session.close();
    const whole = await sallyport(agent, "sessions", "prove", session.id, "-o", file);
    assert.deepEqual([whole.status, whole.stderr], [0, `2 entries of the ledger in ${file}.\n`]);
    assert.deepEqual(
      readEvidence(readFileSync(file, "utf8")).entries.map(({ entry }) => readLedgerEntry(entry).type),
      ["session_started", "session_sealed"],
    );
  });

  test("a forked ledger ends with status 1 and a plain sentence, and both checkpoints are kept", async () => {
    // What this user saw before: signed by the edge's own key, of the same length, and another tree.
    const key = JSON.parse(readFileSync(join(rig.gateway.state, "edge-key.json"), "utf8")) as PrivateKey;
    const last = parseCheckpoint(parseNote(readFileSync(seen(rig), "utf8")).text);
    const other = await signCheckpoint({ ...last, root: Buffer.alloc(32, 7) }, key);
    writeFileSync(seen(rig), other);
    const { status, stdout, stderr } = await sallyport(agent, "ledger", "checkpoint");
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(
      stderr,
      /The ledger was changed: its first \d+ entries are not those that it showed before\./,
    );
    const [, fork] = /is in (\S+),/.exec(stderr) as unknown as [string, string];
    assert.ok(parseCheckpoint(parseNote(readFileSync(fork, "utf8")).text).size >= last.size);
    assert.equal(readFileSync(seen(rig), "utf8"), other);
    rmSync(seen(rig));

    const keys = join(folder, "keys.json");
    const stranger = await generateKey();
    writeFileSync(keys, JSON.stringify({ edge: [stranger], connectors: [] }));
    const unsigned = await sallyport(agent, "ledger", "checkpoint", "--keys", keys);
    assert.equal(unsigned.status, 3);
    assert.match(unsigned.stderr, /none of the edge's keys has signed the checkpoint/);
  });

  test("an entry that was changed in the edge's storage is not shown, nor exported", async () => {
    const database = openLedgerDatabase(rig.gateway.state);
    database.exec("PRAGMA busy_timeout = 5000");
    database.exec("UPDATE leaves SET entry = replace(entry, 'starter', 'another') WHERE id = 1");
    database.close();
    await rig.gateway.edge.restart();
    const show = await sallyport(admin, "ledger", "show", "--from", "0");
    assert.equal(show.status, 1);
    assert.match(show.stderr, /Entry 1 of the ledger is not the one that the edge signed/);
    const file = join(folder, "changed.jsonl");
    const exported = await sallyport(admin, "ledger", "export", "-o", file);
    assert.equal(exported.status, 1);
    assert.match(exported.stderr, /entries are not those that the edge signed/);
    assert.equal(existsSync(file), false);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { edgeSigningKey } from "../../client/state-folder.ts";
import { signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import type { PrivateKey } from "../../protocol/signatures.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { LedgerLog } from "../../workers/ledger/log.ts";
import type { Sql, SqlValue } from "../../workers/session/log.ts";
import { startTestEdge, type TestEdge, testTarget } from "../gateway.ts";
import { startDynamo, type TestDynamo, witnessBindings } from "./dynamo.ts";

describe("somebody who has all of the edge: its storage, its key, and time", () => {
  let dynamo: TestDynamo;
  let state: string;
  let edge: TestEdge | undefined;
  const log: string[] = [];
  before(async () => {
    state = mkdtempSync(join(tmpdir(), "sallyport-tampered-"));
    dynamo = await startDynamo();
  });
  after(async () => {
    await edge?.stop();
    await dynamo?.stop();
    rmSync(state, { recursive: true, force: true });
  });

  const start = () =>
    startTestEdge({ state, bindings: witnessBindings(dynamo.endpoint), onLog: (line) => log.push(line) });

  async function until(isIt: (status: WitnessStatus) => boolean): Promise<WitnessStatus> {
    for (;;) {
      const status = await edge!.api<WitnessStatus>("GET", "/v1/witness");
      if (isIt(status)) return status;
      await setTimeout(25);
    }
  }

  /** Writes the ledger anew, with another entry in one place, signs it, and has the witness begin from the first leaf. */
  async function rewrite(change: (entry: LedgerEntry) => LedgerEntry): Promise<number> {
    const folder = join(state, "edge", "do", "edge-Ledger");
    const [file] = readdirSync(folder).filter(
      (name) => name.endsWith(".sqlite") && name !== "metadata.sqlite",
    );
    const database = new DatabaseSync(join(folder, file!));
    const sql: Sql = {
      exec: (query, ...values) =>
        database.prepare(query).all(...(values as SQLInputValue[])) as Record<string, SqlValue>[],
    };
    const before = new LedgerLog(sql);
    const { note } = before.checkpoint()!;
    const entries = before.leaves(0, before.size).map(({ entry }) => JSON.parse(entry) as LedgerEntry);
    for (const table of ["leaves", "checkpoints", "witness", "witness_conflicts"])
      sql.exec(`DELETE FROM ${table}`);
    const ledger = new LedgerLog(sql);
    for (const entry of entries) ledger.append(change(entry));
    const key = JSON.parse(await edgeSigningKey(state)) as PrivateKey;
    const checkpoint = { origin: note.split("\n")[0]!, size: ledger.size, root: ledger.root() };
    ledger.keepCheckpoint({
      size: ledger.size,
      note: await signCheckpoint(checkpoint, key),
      time: Date.now(),
    });
    database.close();
    return entries.findIndex((entry) => JSON.stringify(change(entry)) !== JSON.stringify(entry));
  }

  test("is found by the witness, though the ledger is whole and signed", async () => {
    edge = await start();
    await edge.apply({ targets: [testTarget("orders")] });
    await until(({ covered, lag }) => covered >= 2 && lag.leaves === 0);
    await edge.stop();
    const place = await rewrite((entry) =>
      entry.type === "change" && entry.subject.includes("orders")
        ? { ...entry, principal: "service/nobody" }
        : entry,
    );
    assert.ok(place > 0);
    edge = await start();
    const { conflicts, alarm } = await until(({ state }) => state === "conflict");
    assert.deepEqual([alarm, conflicts[0]!.place], [true, `leaf ${place}`]);
    assert.notEqual(conflicts[0]!.ours, conflicts[0]!.theirs);
    await edge.edge.restart();
    assert.deepEqual((await until(() => true)).conflicts, conflicts, "for ever");
    assert.ok(log.some((line) => line.includes("witness_conflict")));
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { CommandProcess } from "../../client/commands/testing.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { startTestEdge, type TestEdge, testTarget } from "../gateway.ts";
import { AUDITOR, REGION, startDynamo, TABLE, type TestDynamo, witnessBindings } from "./dynamo.ts";
import { type FaultProxy, ROLE_TOKEN, startFaultProxy } from "./fault-proxy.ts";

const asRole = (endpoint: string) => ({
  WITNESS_ROLE_ARN: "arn:aws:iam::123456789012:role/sallyport-witness-writer",
  WITNESS_STS_ENDPOINT: `${endpoint}/sts`,
});

interface Line {
  format?: string;
  origin?: string;
  index?: number;
  entry?: string;
  size?: number;
}

describe("an edge with a witness", () => {
  let dynamo: TestDynamo;
  let proxy: FaultProxy;
  let edge: TestEdge;
  let folder: string;
  const log: string[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-witness-"));
    dynamo = await startDynamo();
    proxy = await startFaultProxy(dynamo.endpoint);
    edge = await startTestEdge({
      bindings: { ...witnessBindings(proxy.endpoint), ...asRole(proxy.endpoint) },
      onLog: (line) => log.push(line),
    });
  });
  after(async () => {
    await edge?.stop();
    await proxy?.close();
    await dynamo?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const status = () => edge.api<WitnessStatus>("GET", "/v1/witness");

  /** Asks the edge again and again, until it tells what is waited for. */
  async function until(isIt: (status: WitnessStatus) => boolean): Promise<WitnessStatus> {
    for (;;) {
      const now = await status();
      if (isIt(now)) return now;
      await setTimeout(25);
    }
  }

  /** Waits until a written checkpoint covers so many leaves and all that there are. */
  const covered = (least: number) => until((now) => now.covered >= least && now.lag.leaves === 0);

  const sallyport = (args: string[], env: Record<string, string> = {}) =>
    new CommandProcess(args, { folder, env: { ...AUDITOR, ...env } }).end();
  const place = () => ["--table", TABLE, "--region", REGION, "--endpoint", dynamo.endpoint];

  test("witnesses what an administrator changes, and tells how far it is", async () => {
    await edge.apply({ targets: [testTarget("orders")] });
    const { state, origin, alarm, table } = await covered(2);
    assert.deepEqual([state, origin, alarm, table], ["working", "sallyport/ledger", false, TABLE]);
    assert.deepEqual(
      [proxy.asked[0], proxy.tokens],
      ["AssumeRole", new Set([ROLE_TOKEN])],
      "as the role alone",
    );
    await assert.rejects(
      async () => edge.api("GET", "/v1/witness", undefined, await edge.serviceToken("ci")),
      /403/,
    );
  });

  test("goes on where it was after an outage, lost answers, and being killed while it waits for one", async () => {
    const { size } = await covered(1);
    proxy.down = true;
    await edge.apply({ targets: [testTarget("orders"), testTarget("invoices")] });
    await until(({ error }) => error !== null);
    proxy.faults = [{ do: "drop-after" }, { do: "twice" }, { do: "hang-after" }];
    proxy.down = false;
    await until(() => proxy.faults.length === 0);
    await edge.edge.restart();
    await edge.apply({ targets: [testTarget("orders")] });
    const { conflicts } = await covered(size + 2);
    assert.deepEqual(conflicts, []);
  });

  test("an auditor exports all of it without the edge, in order", async () => {
    const { size } = await covered(1);
    const file = join(folder, "witness.jsonl");
    const done = await sallyport(["witness", "export", ...place(), "-o", file]);
    assert.equal(done.status, 0, done.stderr);
    const [head, ...lines] = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    assert.deepEqual(head, { format: "sallyport witness 1", origin: "sallyport/ledger" });
    const leaves = lines.filter(({ index }) => index !== undefined);
    // A session that ended before may be sealed meanwhile.
    assert.ok(leaves.length >= size);
    assert.deepEqual(
      leaves.map(({ index }) => index),
      leaves.map((_, index) => index),
    );
    const checkpoint = lines.at(-1)!.size!;
    assert.ok(checkpoint >= size && checkpoint <= leaves.length, `${checkpoint} of ${leaves.length}`);
  });

  test("an auditor finds who changed what", async () => {
    const found = await sallyport(["witness", "search", ...place(), "--principal", "bootstrap", "--json"]);
    assert.equal(found.status, 0, found.stderr);
    const first = JSON.parse(found.stdout.split("\n")[0]!) as { entry: { type: string; principal: string } };
    assert.equal(first.entry.principal, "bootstrap");
  });

  test("an administrator sees a lag, and the status says so", async () => {
    await covered(1);
    const args = ["--edge", edge.edge.url.href, "witness", "status"];
    const env = { SALLYPORT_TOKEN: edge.edge.adminToken };
    proxy.down = true;
    await edge.apply({ targets: [] });
    await until(({ error }) => error !== null);
    const bad = await sallyport([...args, "--max-lag", "1ms"], env);
    assert.equal(bad.status, 1);
    assert.match(bad.stdout, /could not be reached/);
    assert.ok(!`${bad.stdout}${log.join("\n")}`.includes(AUDITOR.AWS_SECRET_ACCESS_KEY));
    proxy.down = false;
  });
});

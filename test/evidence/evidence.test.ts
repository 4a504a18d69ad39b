import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { CommandProcess } from "../../client/commands/testing.ts";
import { bundleVerifier } from "../../client/evidence/bundle.ts";
import type { Report } from "../../protocol/evidence/report.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { type SealingRig, startSealingRig } from "../sealing/rig.ts";
import { AUDITOR, REGION, startDynamo, TABLE, type TestDynamo, witnessBindings } from "../witness/dynamo.ts";

/** What an auditor collects of a real edge, its ledger and its witness, and proves of it without any of them. */
describe("evidence of a real edge", { timeout: 120_000 }, () => {
  let dynamo: TestDynamo;
  let rig: SealingRig;
  let folder: string;
  /** Ended sessions; the archive has their sealed objects, as a copy of the bucket has them. */
  let sessions: string[];
  let live: string;
  const path = (name: string) => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-evidence-"));
    dynamo = await startDynamo();
    rig = await startSealingRig({ bindings: witnessBindings(dynamo.endpoint) });
    sessions = [];
    for (const bytes of [10, 100_000]) {
      const agent = await rig.open();
      await agent.get(bytes);
      await agent.end();
      sessions.push(agent.session);
    }
    const agent = await rig.open();
    await agent.get(10);
    live = agent.session;
    for (const session of sessions) await collect(session);
    writeFileSync(path("keys.json"), JSON.stringify(await rig.edge.api("GET", "/v1/keys")));
    for (const [index, session] of sessions.entries()) {
      await ok("sessions", "prove", session, "-o", path(`evidence-${index + 1}.json`));
    }
    await witnessed();
    await ok(
      "witness",
      "export",
      "--table",
      TABLE,
      "--region",
      REGION,
      "--endpoint",
      dynamo.endpoint,
      "-o",
      path("witness.jsonl"),
    );
    await ok("ledger", "export", "-o", path("ledger.jsonl"));
  });

  after(async () => {
    await rig?.stop();
    await dynamo?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Copies the sealed objects of a session as they are in object storage, once they are there. */
  async function collect(session: string): Promise<void> {
    await rig.sealed(session);
    const place = join(folder, "archive", "recordings", session);
    mkdirSync(place, { recursive: true });
    for (const [index, object] of rig.objects(session).entries())
      copyFileSync(object, join(place, `${String(index + 1).padStart(4, "0")}.gz`));
  }

  async function witnessed(): Promise<void> {
    for (;;) {
      const { lag, covered } = await rig.edge.api<WitnessStatus>("GET", "/v1/witness");
      if (covered > 0 && lag.leaves === 0) return;
      await setTimeout(50);
    }
  }

  async function ok(...args: string[]): Promise<void> {
    const env = {
      ...AUDITOR,
      SALLYPORT_EDGE: rig.edge.edge.url.origin,
      SALLYPORT_TOKEN: rig.edge.edge.adminToken,
    };
    const { status, stderr } = await new CommandProcess(args, { folder, env }).end();
    assert.equal(status, 0, stderr);
  }

  /** Runs `verify` without an edge and without a token. */
  async function verify(...args: string[]): Promise<{ status: number | null; report: Report }> {
    const { status, stdout, stderr } = await new CommandProcess(
      ["verify", ...args, "--keys", path("keys.json"), "--json"],
      { folder, env: {} },
    ).end();
    assert.equal(stderr, "");
    return { status, report: JSON.parse(stdout) as Report };
  }

  const everything = () => [
    path("archive"),
    ...["--evidence", path("evidence-1.json"), "--evidence", path("evidence-2.json")],
    ...["--ledger", path("ledger.jsonl"), "--witness", path("witness.jsonl"), "--all"],
  ];

  test("everything together is verified: sealed, entered, witnessed, none missing", async () => {
    const { status, report } = await verify(...everything());
    assert.equal(status, 0, JSON.stringify(report, null, 2));
    assert.deepEqual(
      report.recordings.map(({ session, verdict }) => [session, verdict]).sort(),
      sessions.map((session) => [session, "verified"]).sort(),
    );
    const { started, sealed, open } = report.ledger!.sessions!;
    assert.deepEqual([started, sealed, open.sessions], [3, 2, [live]]);
    const checks = new Set(report.recordings.flatMap(({ checks }) => checks.map(({ name }) => name)));
    for (const name of ["ledger-start", "ledger-seal", "archive", "witnessed"] as const)
      assert.ok(checks.has(name), name);
  });

  test("one file that needs no network says the same, in an empty folder", async (t) => {
    const empty = mkdtempSync(join(tmpdir(), "sallyport-alone-"));
    t.after(() => rmSync(empty, { recursive: true, force: true }));
    const program = join(empty, "sallyport-verify.mjs");
    const imports = await bundleVerifier(program);
    assert.ok(
      imports.every((name) =>
        /^node:(crypto|fs|fs\/promises|path|readline\/promises|stream|util|zlib)$/.test(name),
      ),
      imports.join(),
    );
    assert.doesNotMatch(
      readFileSync(program, "utf8"),
      /\b(fetch|WebSocket|EventSource)\(|\bimport\(|\brequire\(|process\.binding/,
    );
    const args = [...everything(), "--keys", path("keys.json")];
    const confined = [
      "--permission",
      `--allow-fs-read=${empty}`,
      `--allow-fs-read=${folder}`,
      program,
      ...args,
    ];
    const isolated = spawnSync("unshare", ["-rn", "true"]).status === 0;
    const command = isolated
      ? ["unshare", "-rn", process.execPath, ...confined]
      : [process.execPath, ...confined];
    const child = spawn(command[0]!, command.slice(1), { cwd: empty, env: { NO_COLOR: "1" } });
    const [stdout, stderr] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      once(child, "close"),
    ]);
    assert.equal(child.exitCode, 0, Buffer.concat(stderr).toString());
    const told = await new CommandProcess(["verify", ...args], { folder, env: { NO_COLOR: "1" } }).end();
    assert.equal(Buffer.concat(stdout).toString(), told.stdout);
    assert.match(told.stdout, /^verified: 2 recordings, 2 evidence files, the ledger, the witness$/m);
  });

  test("a recording that was removed, and one that was taken from the archive's objects", async () => {
    const { status, report } = await verify(
      join(folder, "archive", "recordings", sessions[0]!),
      ...["--ledger", path("ledger.jsonl"), "--all"],
    );
    assert.equal(status, 1);
    assert.deepEqual(report.ledger!.sessions!.missing!.sessions, [sessions[1]]);
  });

  test("objects that were packed anew are told, and a packed export is read as it is", async () => {
    const whole = gunzipSync(readFileSync(join(folder, "archive", "recordings", sessions[0]!, "0001.gz")));
    const place = join(folder, "anew", sessions[0]!);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "0001.gz"), gzipSync(whole, { level: 1 }));
    const objects = await verify(place, "--ledger", path("ledger.jsonl"));
    assert.equal(objects.status, 1);
    const failed = objects.report.recordings[0]!.checks.filter(({ state }) => state !== "ok");
    assert.deepEqual(
      failed.map(({ name }) => name),
      ["archive"],
    );
    const packed = join(folder, "session.sallyport.gz");
    writeFileSync(packed, Buffer.concat([gzipSync(whole.subarray(0, 100)), gzipSync(whole.subarray(100))]));
    assert.equal((await verify(packed, "--ledger", path("ledger.jsonl"))).status, 0);
  });

  test("a ledger that lost its last entry, and one without a line", async () => {
    const lines = readFileSync(path("ledger.jsonl"), "utf8").split("\n");
    writeFileSync(path("cut.jsonl"), lines.toSpliced(-3, 1).join("\n"));
    const { status, report } = await verify(
      "--ledger",
      path("cut.jsonl"),
      "--witness",
      path("witness.jsonl"),
    );
    assert.equal(status, 1);
    assert.equal(report.ledger!.checks.find(({ name }) => name === "root")!.state, "failed");
    assert.equal(report.history!.checks.find(({ name }) => name === "covered")!.state, "failed");
  });
});

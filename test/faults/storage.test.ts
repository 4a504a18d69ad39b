import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { EntryKind } from "../../protocol/entry.ts";
import { evidence, recorded, startTap, type Tap } from "./evidence.ts";
import { psql, startPsql } from "./psql.ts";
import { eventually, type Rig, startRig, whileAway } from "./rig.ts";

/** Mounts a small file system for the edge's state; undefined where that isn't permitted. */
function mountSmall(
  size: string,
): { folder: string; resize(size: string): void; unmount(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "pipe" });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    resize: (size) => void execFileSync("mount", ["-o", `remount,size=${size}`, folder]),
    unmount() {
      // Lazy: a workerd that is about to end may still hold a file.
      execFileSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

const small = mountSmall("24m");

describe("the edge's storage is full", {
  timeout: 300_000,
  skip: small ? false : "file systems can't be mounted here; it needs root",
}, () => {
  let rig: Rig;
  let tap: Tap;

  before(async () => {
    rig = await startRig({ edge: { state: small!.folder }, limits: { resumeMs: 3_000 } });
    tap = await startTap(await rig.listen());
  });

  after(async () => {
    tap?.close();
    try {
      await rig?.stop();
    } finally {
      small?.unmount();
    }
  });

  test("the session ends with an error, what the client got is in the log, and with space the edge serves again", async () => {
    const run = startPsql(
      tap,
      "-c",
      "COPY (SELECT repeat('x', 1000), generate_series(1, 1000000000)) TO STDOUT",
    );
    await run.has(1_000_000);
    const { id } = await eventually("the edge to tell of it", 60_000, () => rig.latest().catch(whileAway));
    const { status, stderr } = await run.done;
    assert.notEqual(status, 0, stderr);
    const { toAgent } = tap.traffic();
    const again = await rig.listen();
    await eventually("the backend to go", 60_000, async () => (await rig.backends(id)) === 0);
    const refused = await psql(again, "-c", "SELECT 'served'");
    assert.notEqual(refused.status, 0);
    // workerd may end on a full disk; until it is started again, nobody answers.
    assert.match(
      refused.stderr,
      /FATAL: +the edge (?:can't record|failed on this request|\S+ cannot be reached).*\nHINT: /,
    );
    assert.doesNotMatch(refused.stderr, /SQLITE|\n +at /);

    small!.resize("64m");
    assert.notEqual((await rig.ended(id, 45_000)).endCode, "closed");
    // A connector that was refused meanwhile comes back after 5 s.
    await eventually("the edge to serve again", 60_000, async () => {
      const { status, stdout } = await psql(again, "-c", "SELECT 'served'");
      return status === 0 && stdout === "served\n";
    });

    const log = await recorded(rig.edge, id, EntryKind.target);
    assert.ok(toAgent.bytes > 1_000_000 && toAgent.bytes <= log.length);
    const delivered = createHash("sha256").update(log.subarray(0, toAgent.bytes)).digest("hex");
    assert.equal(delivered, toAgent.sha256);
    const { verification } = await evidence(rig.edge, id);
    assert.equal(verification.firstWrong, null, JSON.stringify(verification));
  });
});

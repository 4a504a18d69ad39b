import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CommandProcess } from "../../client/commands/testing.ts";
import type { Hold } from "../../protocol/retention.ts";
import { type SealingRig, startSealingRig } from "../sealing/rig.ts";

/** The commands, as an administrator and an auditor use them. */
describe("the commands for retention", { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-retention-cli-"));
  let rig: SealingRig;
  let session: string;

  before(async () => {
    rig = await startSealingRig();
    const agent = await rig.open();
    await agent.get(1_000);
    await agent.end();
    ({ session } = agent);
    await rig.sealed(session);
  });
  after(async () => {
    await rig?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const sallyport = (...args: string[]) => {
    const { edge } = rig.edge;
    const env = {
      SALLYPORT_EDGE: edge.url.href,
      SALLYPORT_TOKEN_FILE: edge.adminTokenFile,
      XDG_CONFIG_HOME: folder,
    };
    return new CommandProcess(args, { folder, env }).end();
  };

  test("a hold is added, listed, in the way of deleting, and released", async () => {
    const wrong = await sallyport("holds", "add", "--target", "a", "--session", session, "--reason", "x");
    assert.equal(wrong.status, 2);
    const added = await sallyport("holds", "add", "--target", "orders", "--reason", "case 1", "--json");
    assert.equal(added.status, 0, added.stderr);
    const { id } = JSON.parse(added.stdout) as Hold;
    const listed = await sallyport("holds", "list");
    assert.match(listed.stdout, new RegExp(`^${id} +target orders +\\S+Z +bootstrap +case 1 +-$`, "m"));
    const refused = await sallyport("sessions", "delete", session, "--reason", "asked for");
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, new RegExp(`is held by ${id}`));
    assert.equal((await sallyport("holds", "release", id, "--reason", "closed")).status, 0);
    assert.match((await sallyport("holds", "list")).stderr, /There are none/);
    const all = JSON.parse((await sallyport("holds", "list", "--all", "--json")).stdout) as Hold[];
    assert.equal(all[0]!.released!.reason, "closed");
  });

  test("a recording that is deleted is told as gone, and what was exported before still verifies, with its stub", async () => {
    const file = join(folder, "session.sallyport");
    writeFileSync(file, await rig.export(session));
    const gone = await sallyport("sessions", "delete", session, "--reason", "asked for");
    assert.equal(gone.status, 0, gone.stderr);
    assert.match(gone.stderr, /is deleted: entry \d+ of the ledger/);
    assert.match((await sallyport("sessions", "list")).stdout, new RegExp(`^${session} .* deleted$`, "m"));
    for (const command of ["show", "export", "replay"]) {
      const { status, stderr } = await sallyport("sessions", command, session);
      assert.equal(status, 5, stderr);
      assert.match(
        stderr,
        /was deleted, decided on \S+Z by bootstrap: asked for[\s\S]*Entry \d+ of the ledger/,
      );
    }
    const keys = join(folder, "keys.json");
    writeFileSync(keys, (await sallyport("keys")).stdout);
    for (const [what, ...args] of [
      ["evidence.json", "sessions", "prove", session],
      ["ledger.jsonl", "ledger", "export"],
    ] as const) {
      const { status, stderr } = await sallyport(...args, "-o", join(folder, what));
      assert.equal(status, 0, stderr);
    }
    assert.match(readFileSync(join(folder, "evidence.json"), "utf8"), /session_deleted/);
    const proven = ["--evidence", join(folder, "evidence.json"), "--ledger", join(folder, "ledger.jsonl")];
    const verified = await sallyport("verify", file, "--keys", keys, ...proven);
    assert.equal(verified.status, 0, `${verified.stdout}${verified.stderr}`);
    assert.match(verified.stdout, /deleted/);
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sallyport-deploy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function wrangler(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args],
    { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", NO_COLOR: "1" } },
  );
  return stdout + stderr;
}

test("wrangler.toml deploys as it stands", { timeout: 300_000 }, async () => {
  const output = await wrangler("deploy", "--dry-run", "--outdir", join(folder, "bundle"));
  for (const binding of [
    "env.SESSION (Session)",
    "env.HUB (ConnectorHub)",
    "env.DIRECTORY (sallyport-directory)",
  ]) {
    assert.ok(output.includes(binding), output);
  }
  assert.ok(!/warning/i.test(output), output);
  assert.ok(statSync(join(folder, "bundle/index.js")).size < 2_250_000);
  // A Worker may have 3 MB compressed, 10 MB on a paid plan; most of this one is Cedar.
  const [, compressed] = /gzip: ([\d.]+) KiB/.exec(output) ?? [];
  assert.ok(Number(compressed) < 2_000, output);
  assert.ok(readdirSync(join(folder, "bundle")).some((name) => name.endsWith("cedar_wasm_bg.wasm")));
});

test("the directory's schema applies as a D1 migration", { timeout: 300_000 }, async () => {
  const local = ["DIRECTORY", "--local", "--persist-to", join(folder, "d1")];
  await wrangler("d1", "migrations", "apply", ...local);
  const output = await wrangler("d1", "execute", ...local, "--command", "SELECT name FROM sqlite_master");
  for (const table of [
    "principals",
    "tokens",
    "connector_keys",
    "enrolments",
    "targets",
    "sessions",
    "changes",
    "policy_sets",
    "ledger_outbox",
    "ledger_session_void",
    "edge_keys",
  ]) {
    assert.match(output, new RegExp(`\\b${table}\\b`));
  }
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type EdgeOptions, startEdge } from "../client/local-edge/host.ts";
import "./connection-each.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-host-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const WORKER = `
import { DurableObject } from "cloudflare:workers";
export class Session extends DurableObject {
  count() { return this.ctx.storage.kv.put("n", (this.ctx.storage.kv.get("n") ?? 0) + 1), this.ctx.storage.kv.get("n"); }
}
export class ConnectorHub extends DurableObject {}
let sweeps = 0;
export default {
  async fetch(request, env) {
    if (request.url.endsWith("/loud")) console.log("a line of the Worker");
    const rows = await env.DIRECTORY.prepare("SELECT a FROM t").all();
    return Response.json({ sweeps, rows: rows.results, count: await env.SESSION.getByName("x").count(),
      token: env.BOOTSTRAP_TOKEN_SHA256, shards: env.SESSION_SHARDS, publicUrl: env.PUBLIC_URL,
      key: JSON.parse(env.EDGE_SIGNING_KEY).crv });
  },
  scheduled() { sweeps++; },
};`;

function options(name: string): EdgeOptions {
  const entry = join(folder, "worker.ts");
  const migrations = join(folder, "migrations");
  mkdirSync(migrations, { recursive: true });
  writeFileSync(entry, WORKER);
  writeFileSync(
    join(migrations, "0001_first.sql"),
    "CREATE TABLE t (a INTEGER);\nINSERT INTO t VALUES (1);\n",
  );
  return { state: join(folder, name), entry, migrations };
}

const get = async (url: URL, path = "/") => (await fetch(new URL(path, url))).json();

test("the edge keeps its storage, key, token and schema across restarts", async () => {
  const lines: string[] = [];
  const first = await startEdge({ ...options("kept"), shards: 4, onLog: (line) => lines.push(line) });
  const before = await get(first.url, "/loud");
  assert.deepEqual(before.rows, [{ a: 1 }]);
  assert.deepEqual([before.count, before.shards, before.key], [1, "4", "Ed25519"]);
  assert.match(first.adminToken, /^syp_[\w-]{43}$/);
  assert.equal(statSync(first.adminTokenFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "kept", "edge-key.json")).mode & 0o777, 0o600);
  assert.ok(lines.includes("a line of the Worker"), "the Worker's log goes to onLog only");

  await first.sweep();
  assert.equal((await get(first.url)).sweeps, 1);

  const pid = first.workerdPid;
  await first.restart();
  assert.notEqual(first.workerdPid, pid);
  const survived = await get(first.url);
  assert.deepEqual([survived.count, survived.sweeps], [3, 0]);
  const { port } = first.url;
  await first.dispose();

  const second = await startEdge({ ...options("kept"), port: Number(port) });
  assert.equal(second.url.port, port);
  assert.equal(second.adminToken, first.adminToken);
  const after = await get(second.url);
  assert.deepEqual([after.count, after.token, after.rows], [4, before.token, [{ a: 1 }]]);
  await second.dispose();
});

test("a second edge on the same folder or port is refused, with what to do", async () => {
  const edge = await startEdge(options("one"));
  await assert.rejects(startEdge(options("one")), {
    code: "conflict",
    message: /process \d+, http:\/\/127/,
  });
  await assert.rejects(startEdge({ ...options("two"), port: Number(edge.url.port) }), {
    code: "conflict",
    message: /Port \d+ of 127\.0\.0\.1 is in use/,
    hint: /--listen/,
  });
  await edge.dispose();
});

test("a crash of workerd is told and mended", async () => {
  const crash = Promise.withResolvers<boolean>();
  const edge = await startEdge({ ...options("crash"), onCrash: crash.resolve });
  process.kill(edge.workerdPid!, "SIGKILL");
  assert.equal(await crash.promise, true);
  assert.equal((await get(edge.url)).count, 1);
  await edge.dispose();
});

test("the workerd of an edge that was killed is ended by the next edge", async () => {
  const settings = JSON.stringify(options("orphan"));
  const module = new URL("../client/local-edge/host.ts", import.meta.url).href;
  const host = spawn(
    process.execPath,
    [
      "-e",
      `import(${JSON.stringify(module)}).then(async ({ startEdge }) => { const edge = await startEdge(${settings}); console.log(edge.url.href); })`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = await once(host.stdout, "data");
  const orphan = new URL(String(line).trim());
  host.kill("SIGKILL");
  await once(host, "exit");
  assert.equal((await get(orphan)).count, 1, "workerd outlives its host");
  const edge = await startEdge(options("orphan"));
  await assert.rejects(fetch(orphan));
  assert.equal((await get(edge.url)).count, 2);
  await edge.dispose();
});

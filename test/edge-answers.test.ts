import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Edge, startEdge } from "../client/local-edge/host.ts";
import "./connection-each.ts";

const state = mkdtempSync(join(tmpdir(), "sallyport-answers-"));
const log: string[] = [];
let edge: Edge;
before(async () => {
  // A key that can't be read: whatever needs it fails inside.
  const bindings = { EDGE_SIGNING_KEY: "not-a-key-but-a-secret" };
  edge = await startEdge({ state, bindings, onLog: (line) => log.push(line) });
});
after(async () => {
  await edge?.dispose();
  rmSync(state, { recursive: true, force: true });
});

const get = (path: string) => fetch(new URL(path, edge.url));

test("the edge says what it is, and nothing it answers is kept or shown as a page", async () => {
  const response = await get("/v1/health");
  assert.deepEqual(await response.json(), { version: 1, name: "sallyport" });
  for (const path of ["/v1/health", "/v1/whoami", "/nothing"]) {
    const { headers } = await get(path);
    assert.equal(headers.get("cache-control"), "no-store", path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/, path);
  }
});

test("what is not there is a problem too", async () => {
  for (const path of ["/", "/v1", "/v1/nothing", "/v1/tunnel"]) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.equal(((await response.json()) as { code: string }).code, "not_found");
  }
});

test("a failure inside is logged, and answered without a word of it", async () => {
  const response = await get("/v1/keys");
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.equal((JSON.parse(text) as { code: string }).code, "internal");
  assert.doesNotMatch(text, /JSON|secret|\.ts|\.js|at /);
  assert.ok(log.some((line) => line.includes("internal error")));
  assert.ok(!log.join().includes("not-a-key"));
});

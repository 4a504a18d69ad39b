import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { SiemStatus } from "../../protocol/siem.ts";
import { CommandProcess, listening } from "./testing.ts";

const UID = `${"5f".repeat(16)}/12/0`;
const STATUS: SiemStatus = {
  destinations: [
    {
      name: "http",
      format: "hec",
      place: "splunk.example.com:8088",
      state: "failing",
      error: "HTTP 503, \u001b[31mcode 9",
      errorTime: 1_700_000_000_000,
      attempts: 4,
      waiting: 2,
      oldest: 1_700_000_000_000,
      lagMs: 90_000,
      delivered: 1234,
      lastDelivered: 1_700_000_000_000,
      quarantined: 1,
    },
  ],
  quarantined: [
    {
      destination: "http",
      uid: UID,
      time: 1_700_000_000_000,
      classUid: 6005,
      bytes: 900,
      detail: "HTTP 400, code 6",
    },
  ],
};

let folder: string;
let server: Server;
let edge: string;
let status: SiemStatus;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-siem-"));
  server = createServer((request, response) => {
    assert.deepEqual([request.method, request.url], ["GET", "/v1/siem"]);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(status));
  });
  edge = await listening(server);
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  new CommandProcess(["siem", "status", ...args], {
    folder,
    env: { SALLYPORT_EDGE: edge, SALLYPORT_TOKEN: "token" },
  }).end();

test("the status shows what waits, since how long, why, and what was refused; nothing of it drives a terminal", async () => {
  status = STATUS;
  const { status: exit, stdout } = await run();
  assert.equal(exit, 0);
  assert.match(stdout, /http splunk\.example\.com:8088 +hec +failing +2, 1m30s|90s|1\.5m/);
  for (const words of ["1234", "code 9", UID, "HTTP 400, code 6"]) assert.ok(stdout.includes(words), words);
  assert.ok(!stdout.includes("\u001b"));
});

test("as JSON it is what the edge said; without a destination that is said", async () => {
  status = STATUS;
  assert.deepEqual(JSON.parse((await run("--json")).stdout), STATUS);
  status = { destinations: [], quarantined: [] };
  assert.match((await run()).stderr, /No SIEM is set/);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import WebSocket, { WebSocketServer } from "ws";
import type { DocumentLabels } from "../../connector/mask/document-labels.ts";
import type { Label } from "../../connector/mask/labels.ts";
import type { ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

const COMMAND = fileURLToPath(new URL("../../sallyport.mjs", import.meta.url));

const POLICIES = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"approve", resource) unless { principal == Principal::"service/ada" };
forbid (principal, action == Action::"unmask", resource);
@id("writes") @reason("What is written here is somebody's.") @approvers("ops") @expires("1h")
forbid (principal, action == Action::"http:post", resource) when { !context.approved };
@id("no-admin") @reason("Nobody goes there.")
forbid (principal, action in Action::"http:request", resource) when { context.under.contains("/admin") };
`;
/** Of a later day: what was asked of /customers is not any more. */
const STRICTER = `${POLICIES}
@id("no-customers") @reason("Customers are nobody's.")
forbid (principal, action == Action::"http:get", resource) when { context.under.contains("/customers") };
`;

const email: Label = { name: "pii.email", mask: { kind: "constant", value: "hidden" }, lookup: null };
const labels: DocumentLabels = {
  rules: [{ where: null, path: [{ selects: { kind: "name", name: "email" }, deep: true }], label: email }],
  labels: new Map([[email.name, email]]),
};

interface Har {
  log: {
    entries: {
      request: { method: string; url: string; postData?: { text: string } };
      response: { status: number; content: { text?: string } };
      _webSocketMessages?: { type: string; data: string }[];
      _outcome: string;
      _approval?: { by: string[] };
    }[];
  };
}

/** A recorded session with an HTTP target, through the real command: exported, verified, shown, replayed, judged anew. */
describe("the recording of an HTTP session", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let folder: string;
  let file: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-http-"));
    server = await startServer((request, response) => {
      request.resume();
      if (request.url === "/cut") {
        response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
        response.write("begun");
        setImmediate(() => response.socket?.destroy());
        return;
      }
      response.setHeader("content-type", "application/json");
      request.on("end", () => response.end(JSON.stringify({ path: request.url, email: "jo@example.com" })));
    });
    const sockets = new WebSocketServer({ noServer: true });
    server.server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (data, isBinary) => client.send(data, { binary: isBinary }));
      });
    });
    gateway = await startHttpGateway({ target: { ...server.target, labels }, policies: POLICIES });
    await session();
    const [{ id } = { id: "" }] = await gateway.sessions();
    await gateway.edge.api("POST", `/v1/sessions/${id}/kill`, { reason: "enough" });
    file = join(folder, "session.sallyport");
    const keys = join(folder, "keys.json");
    writeFileSync(keys, JSON.stringify(await gateway.edge.api("GET", "/v1/keys")));
    // Until both seals are on it.
    for (let words = ""; !words.includes("both seals"); ) {
      words = (await sallyport(0, "sessions", "export", id, "-o", file)).stderr;
    }
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function session(): Promise<void> {
    assert.equal((await (await gateway.fetch("/customers/7?full=1")).json()).email, "hidden");
    assert.equal((await gateway.fetch("/admin/users")).status, 403);
    const held = gateway.fetch("/orders", {
      method: "POST",
      body: '{"amount":7}',
      headers: { "content-type": "application/json", prefer: "wait=60" },
    });
    const ada = await gateway.edge.serviceToken("ada");
    await gateway.edge.api("POST", `/v1/approvals/${await asked()}/approve`, {}, ada);
    assert.equal((await held).status, 200);
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/chat`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    await once(socket, "open");
    socket.send("hello there");
    await once(socket, "message");
    socket.close(1000, "bye");
    await once(socket, "close");
    await assert.rejects(async () => (await gateway.fetch("/cut")).text());
  }

  async function asked(): Promise<string> {
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(20)) {
      const page = await gateway.edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
      if (page.items[0]) return page.items[0].id;
    }
    throw new Error("nothing was asked");
  }

  async function sallyport(status: number, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        SALLYPORT_EDGE: gateway.edge.edge.url.origin,
        SALLYPORT_TOKEN: gateway.edge.edge.adminToken,
        XDG_CONFIG_HOME: folder,
        NO_COLOR: "1",
      },
    });
    const [stdout, stderr] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      once(child, "close"),
    ]);
    const [out, words] = [Buffer.concat(stdout).toString(), Buffer.concat(stderr).toString()];
    assert.equal(child.exitCode, status, out + words);
    return { stdout: out, stderr: words };
  }

  test("verifies with the public keys alone", async () => {
    await sallyport(0, "verify", file, "--keys", join(folder, "keys.json"));
  });

  test("is shown: each request with its status, its bytes, and what became of it", async () => {
    const { stdout } = await sallyport(0, "sessions", "show", file);
    assert.match(stdout, /requests +5, of which 1 blocked and 1 held for approval; 1 failed by the target/);
    assert.match(stdout, /masked +2 values of pii\.email/);
    assert.match(stdout, /^1 +\S+ +\d+ +200 +0 +\d+ +1 +- +GET \/customers\/7\?full=1$/m);
    assert.match(stdout, /^2 .* 403 .* blocked: Nobody goes there\. +GET \/admin\/users$/m);
    assert.match(stdout, /^3 .* 200 +12 .* held: .*; approved by serv… +POST \/orders$/m);
    assert.match(stdout, /^4 .* 101 +11 in 1 +11 in 1 .* GET \/chat \(WebSocket\)$/m);
    assert.match(stdout, /^5 .* target_closed: .* GET \/cut$/m);
  });

  test("is replayed: as the agent saw it, and as JSON", async () => {
    const { stdout } = await sallyport(0, "sessions", "replay", file);
    const steps = [
      "#1 GET /customers/7?full=1",
      '│ {"path":"/customers/7?full=1","email":"hidden"}',
      "#2 BLOCKED: Nobody goes there. · by no-admin",
      '< │ {"amount":7}',
      "#3 HELD: What is written here is somebody's. · by writes",
      "approved by service/ada",
      "< │ hello there",
      "the agent closed with 1000: bye",
      "#5 the target failed (target_closed)",
      "#5 it was broken off (target_closed)",
    ];
    let at = 0;
    for (const step of steps) {
      const found = stdout.indexOf(step, at);
      assert.ok(found >= 0, `${step} in\n${stdout}`);
      at = found;
    }
    assert.doesNotMatch(stdout, /jo@example\.com|can't be read/);
  });

  test("becomes HAR", async () => {
    const output = join(folder, "session.har");
    await sallyport(0, "sessions", "export", file, "--format", "har", "-o", output);
    const { entries } = (JSON.parse(readFileSync(output, "utf8")) as Har).log;
    assert.deepEqual(
      entries.map(({ request, response, _outcome }) => [
        ...[request.method, new URL(request.url).pathname, response.status],
        // Whether the client is gone before the target has closed the WebSocket, too, is chance.
        response.status === 101 ? "closed" : _outcome,
      ]),
      [
        ["GET", "/customers/7", 200, "complete"],
        ["GET", "/admin/users", 403, "complete"],
        ["POST", "/orders", 200, "complete"],
        ["GET", "/chat", 101, "closed"],
        ["GET", "/cut", 200, "reset"],
      ],
    );
    assert.equal(entries[2]?.request.postData?.text, '{"amount":7}');
    assert.deepEqual(entries[2]?._approval?.by, ["service/ada"]);
    const messages = entries[3]?._webSocketMessages?.map(({ type, data }) => [type, data]);
    assert.deepEqual(messages, [
      ["send", "hello there"],
      ["receive", "hello there"],
    ]);
    assert.equal(entries[4]?.response.content.text, "begun");
  });

  test("is judged anew by other policies", async () => {
    const policies = join(folder, "stricter.cedar");
    writeFileSync(policies, STRICTER);
    const { stdout } = await sallyport(10, "policy", "replay", "--policy", policies, "--recording", file);
    assert.match(stdout, /allow -> block\n +GET \/customers\/7\?full=1\n +Customers are nobody's\./);
    assert.match(stdout, /1 difference in 5 statements of 1 session: 1 allow -> block/);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { EntryKind } from "../../protocol/entry.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

const POLICIES = `
permit (principal, action, resource) unless { action == Action::"http:delete" };
forbid (principal, action == Action::"unmask", resource);
@id("ask") @reason("Someone must agree.") @approvers("ops")
permit (principal, action == Action::"http:delete", resource) when { context.approved };
`;
/** Taken by the default detectors, and so masked. */
const TOKEN = `ghp_${"a1B2".repeat(9)}`;
/** Of the unmasked body: who has it can try out what was masked. */
const DIGEST = "sha-256=:the-digest-of-what-was-masked:";

describe("what is masked does not come by another way", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;

  before(async () => {
    server = await startServer((request, response) => {
      if (request.url === "/early") {
        response.writeEarlyHints({ link: "</a.css>; rel=preload", "x-early": TOKEN, digest: DIGEST });
      }
      response.setHeader("content-type", "application/json").setHeader("etag", `"${DIGEST}"`);
      if (request.url === "/trailers") {
        response.setHeader("trailer", "x-late, content-digest");
        response.write('{"a":1}');
        response.addTrailers({ "x-late": TOKEN, "content-digest": DIGEST });
      }
      response.end(request.url === "/trailers" ? "" : '{"a":1}');
    });
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on("headers", (headers) => headers.push(`x-open: ${TOKEN}`));
    server.server.on("upgrade", (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (client) => client.close(1000, TOKEN)),
    );
    gateway = await startHttpGateway({ target: server.target, policies: POLICIES });
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  /** All that the target's side of the latest session was recorded with, which is what agents get. */
  const recorded = async () =>
    Buffer.concat(
      (await gateway.recording()).filter(({ kind }) => kind === EntryKind.target).map(({ frame }) => frame),
    ).toString("latin1");

  test("in trailers", async () => {
    await (await gateway.fetch("/trailers")).text();
    const frames = await recorded();
    assert.match(frames, /"x-late"/);
    assert.ok(!frames.includes(TOKEN) && !frames.includes(DIGEST));
  });

  test("in the fields of interim responses", async () => {
    await (await gateway.fetch("/early")).text();
    const frames = await recorded();
    assert.match(frames, /"status":103/);
    assert.ok(!frames.includes(TOKEN) && !frames.includes(DIGEST));
  });

  test("in an answer to HEAD", async () => {
    const response = await gateway.fetch("/", { method: "HEAD" });
    assert.deepEqual([response.status, response.headers.get("etag")], [200, null]);
    assert.ok(!(await recorded()).includes(DIGEST));
  });

  test("in a WebSocket's opening, nor in the reason of its close", async () => {
    const headers = { authorization: `Bearer ${gateway.token}` };
    const socket = new WebSocket(gateway.url.replace("http", "ws"), { headers });
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    assert.equal(code, 1000);
    assert.match(String(reason), /^\*+$/);
    const frames = await recorded();
    assert.match(frames, /"x-open"/);
    assert.ok(!frames.includes(TOKEN));
  });

  test("a body that its coding makes another one of is not shown to anybody as what it looks like", async () => {
    const response = await gateway.fetch("/", {
      method: "DELETE",
      body: "harmless words",
      headers: { "content-encoding": "deflate", "content-type": "text/plain", prefer: "wait=0" },
    });
    assert.match(await response.text(), /can't be held: its body is not text/);
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { failure, HeldTimers, portOf, serve, serveRaw, upstreamAt } from "./testing.ts";
import type { WebSocketRequest } from "./upstream.ts";
import { MAX_TARGET_MESSAGE } from "./websocket.ts";

function asked(change: Partial<WebSocketRequest> = {}): WebSocketRequest {
  return { target: "/ws?x=%2F", base: "/t/shop", fields: [], identity: null, subprotocols: [], ...change };
}

/** A server of WebSockets: what it was asked, and its ends of them. */
async function echo(
  t: TestContext,
  choose: (names: Set<string>) => string | false = (names) => [...names][0] ?? false,
) {
  const seen: { url: string; headers: Record<string, unknown>; raw: string[] }[] = [];
  const ends: WebSocket[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: choose, perMessageDeflate: true });
  sockets.on("connection", (socket, request) => {
    ends.push(socket);
    seen.push({ url: request.url!, headers: request.headers, raw: request.rawHeaders });
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  t.after(() => {
    for (const end of ends) end.terminate();
  });
  return { port: await portOf(t, server), seen, ends };
}

describe("a WebSocket to a target", () => {
  test("is opened at its very path, with the agent's fields and no extension, and carries both kinds", async (t) => {
    const { port, seen } = await echo(t);
    const upstream = upstreamAt(t, port, { basePath: "/base" });
    const opened = await upstream.websocket(
      asked({
        target: "/a%2Fb/./c?x=%2F&y=[]",
        subprotocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"],
        fields: [
          ["x-mine", "1"],
          ["x-mine", "2"],
          ["sec-websocket-key", "AAAA"],
          ["sec-websocket-extensions", "permessage-deflate"],
          ["sec_websocket_protocol", "x"],
          ["authorization", "Bearer agent"],
          ["cookie", "a=b"],
          ["connection", "close"],
        ],
      }),
    );
    assert.ok("socket" in opened);
    assert.equal(opened.subprotocol, "v5.channel.k8s.io");
    assert.deepEqual(opened.fields, []);
    const [{ url, headers, raw }] = seen as [(typeof seen)[0]];
    assert.equal(url, "/base/a%2Fb/./c?x=%2F&y=[]");
    assert.deepEqual(
      [
        headers.host,
        headers["x-mine"],
        headers["sec-websocket-extensions"],
        headers.authorization,
        headers.cookie,
      ],
      [`127.0.0.1:${port}`, "1, 2", undefined, undefined, undefined],
    );
    assert.equal(raw.filter((name) => /^sec.websocket.protocol$/i.test(name)).length, 1);
    assert.notEqual(headers["sec-websocket-key"], "AAAA");
    for (const [message, binary] of [
      [Buffer.from("héllo"), false],
      [Buffer.from([0, 255]), true],
    ] as const) {
      opened.socket.send(message, { binary });
      opened.socket.resume();
      assert.deepEqual(await once(opened.socket, "message"), [message, binary]);
    }
  });

  test("comes paused, so that nothing is lost before somebody listens", async (t) => {
    const { port, ends } = await echo(t);
    const upstream = upstreamAt(t, port);
    const opened = await upstream.websocket(asked());
    assert.ok("socket" in opened);
    ends[0]!.send("early");
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(opened.socket.isPaused);
    const message = once(opened.socket, "message");
    opened.socket.resume();
    assert.equal(String((await message)[0]), "early");
  });

  test("has no subprotocol where the target chooses none", async (t) => {
    const { port } = await echo(t, () => false);
    const opened = await upstreamAt(t, port).websocket(asked({ subprotocols: ["a", "b"] }));
    assert.ok("socket" in opened);
    assert.equal(opened.subprotocol, null);
  });

  test("that is refused is answered as any request, redirects not followed", async (t) => {
    const port = await serve(t, (_request, response) => {
      response.writeHead(307, { location: "/elsewhere", "set-cookie": "a=b", "content-type": "text/plain" });
      response.end("go away");
    });
    const opened = await upstreamAt(t, port).websocket(asked());
    assert.ok("refused" in opened);
    assert.equal(opened.refused, 307);
    assert.deepEqual(
      opened.fields.filter(([name]) => name !== "date"),
      [
        ["location", "/t/shop/elsewhere"],
        ["content-type", "text/plain"],
      ],
    );
    let text = "";
    for await (const chunk of opened.body) text += chunk;
    assert.equal(text, "go away");
  });

  for (const [claim, head, words] of [
    ["a wrong key", "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n", /Accept/],
    ["another protocol", "Upgrade: h2c\r\nConnection: upgrade\r\n", /Upgrade/],
    ["no protocol", "", /nobody asked/],
  ] as const) {
    test(`fails with ${claim} in the answer`, async (t) => {
      const port = await serveRaw(t, (socket) => socket.end(`HTTP/1.1 101 Switching\r\n${head}\r\n`));
      const error = await failure(upstreamAt(t, port).websocket(asked()));
      assert.match(error.code, /^target_/);
      assert.match(error.message, words);
    });
  }

  test("fails where the target chooses a subprotocol that was not offered", async (t) => {
    const port = await serveRaw(t, (socket, head) => {
      const key = /sec-websocket-key: (.*)\r/i.exec(head)![1]!;
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: evil\r\n\r\n`,
      );
    });
    const error = await failure(upstreamAt(t, port).websocket(asked({ subprotocols: ["good"] })));
    assert.equal(error.code, "target_refused");
  });

  test("fails after a flood of interim responses", async (t) => {
    const port = await serveRaw(t, (socket) => socket.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(100)));
    assert.match((await failure(upstreamAt(t, port).websocket(asked()))).message, /interim/);
  });

  test("is given up where the target does not answer in time, and when nobody wants it any more", async (t) => {
    const timers = new HeldTimers();
    const heads: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
    const port = await serveRaw(t, (_socket, _head, count) => heads[count - 1]!.resolve());
    const upstream = upstreamAt(t, port, {}, timers);
    const late = failure(upstream.websocket(asked()));
    await heads[0]!.promise;
    timers.run(300_000);
    assert.match((await late).message, /did not answer/);
    const leaving = new AbortController();
    const left = failure(upstream.websocket(asked(), leaving.signal));
    await heads[1]!.promise;
    leaving.abort(new Error("gone"));
    assert.equal((await left).message, "gone");
  });

  for (const subprotocols of [
    ["a", "a"],
    ["a b"],
    [""],
    ["a,b"],
    ["base64url.bearer.authorization.k8s.io.QQ"],
  ]) {
    test(`is not asked for with the subprotocols ${JSON.stringify(subprotocols)}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      const error = await failure(upstreamAt(t, port).websocket(asked({ subprotocols })));
      assert.equal(error.code, "invalid_request");
    });
  }

  for (const target of ["//evil.example/", "http://evil.example/", "/a\r\nX: y", "/a\\b"]) {
    test(`is not asked for at ${JSON.stringify(target)}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      assert.equal((await failure(upstreamAt(t, port).websocket(asked({ target })))).code, "invalid_request");
    });
  }

  test("ends at a message that is too long", async (t) => {
    const { port, ends } = await echo(t);
    const opened = await upstreamAt(t, port).websocket(asked());
    assert.ok("socket" in opened);
    opened.socket.resume();
    ends[0]!.send(Buffer.alloc(MAX_TARGET_MESSAGE + 1));
    const [error] = await once(opened.socket, "error");
    assert.match(error.message, /size/i);
  });

  test("ends with the upstream, and counts among its connections", async (t) => {
    const { port } = await echo(t);
    const upstream = upstreamAt(t, port, { limits: { connectMs: 1_000, headMs: 1_000, connections: 1 } });
    const opened = await upstream.websocket(asked());
    assert.ok("socket" in opened);
    assert.equal((await failure(upstream.websocket(asked()))).code, "too_many");
    opened.socket.terminate();
    await once(opened.socket, "close");
    const again = await upstream.websocket(asked());
    assert.ok("socket" in again);
    upstream.close();
    await once(again.socket, "close");
  });
});

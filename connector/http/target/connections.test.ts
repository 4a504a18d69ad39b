import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { ask, failure, HeldTimers, portOf, requestOf, serve, serveRaw, upstreamAt } from "./testing.ts";
import type { UpstreamCall } from "./upstream.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("the connections to a target", () => {
  test("are used again", async (t) => {
    const sockets = new Set<Socket>();
    const port = await serve(t, (request, response) => {
      sockets.add(request.socket);
      response.end("x".repeat(100_000));
    });
    const upstream = upstreamAt(t, port);
    for (let i = 0; i < 5; i++) await ask(upstream);
    assert.equal(sockets.size, 1);
  });

  /** A target that answers the first request, and closes the connection at the second, which comes again on another. */
  const closing = (t: TestContext, heads: string[]) => {
    const used = new WeakSet<Socket>();
    return serveRaw(t, (socket, head, count) => {
      heads.push(head.split(" ", 1)[0]!);
      if (count > 1 && used.has(socket)) socket.resetAndDestroy();
      else socket.write(head.startsWith("HEAD") ? OK.slice(0, -2) : OK);
      used.add(socket);
    });
  };

  for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
    test(`are opened anew where the target has closed one, for ${method} without a body`, async (t) => {
      const heads: string[] = [];
      const upstream = upstreamAt(t, await closing(t, heads));
      await ask(upstream);
      assert.equal((await ask(upstream, { method })).status, 200);
      assert.deepEqual(heads, ["GET", method, method]);
    });
  }

  for (const [method, body] of [
    ["POST", "none"],
    ["PATCH", "none"],
    ["PURGE", "none"],
    ["PUT", Buffer.from("x")],
  ] as const) {
    test(`are not for ${method}${body === "none" ? "" : " with a body"}: it may have been done`, async (t) => {
      const heads: string[] = [];
      const upstream = upstreamAt(t, await closing(t, heads));
      await ask(upstream);
      const error = await failure(ask(upstream, { method, body }));
      assert.equal(error.code, "target_closed");
      assert.match(error.hint!, /may have done/);
      assert.deepEqual(heads, ["GET", method]);
    });
  }

  test("are opened anew once, and only where nothing was answered", async (t) => {
    let asked = 0;
    const port = await serveRaw(t, (socket, _head, count) => {
      asked += 1;
      if (count === 1) socket.write(OK);
      else if (count === 2) socket.end("HTTP/1.1 2");
      else socket.resetAndDestroy();
    });
    const upstream = upstreamAt(t, port);
    await ask(upstream);
    await failure(ask(upstream));
    assert.equal(asked, 2);
    assert.equal((await failure(ask(upstream))).code, "target_closed");
    assert.equal(asked, 3);
  });

  test("have a bound", async (t) => {
    const waiting: ServerResponse[] = [];
    const arrived = Promise.withResolvers<void>();
    const port = await serve(t, (_request, response) => {
      waiting.push(response);
      if (waiting.length === 2) arrived.resolve();
    });
    const upstream = upstreamAt(t, port, { limits: { connectMs: 1_000, headMs: 1_000, connections: 2 } });
    const both = [ask(upstream), ask(upstream)];
    await arrived.promise;
    const error = await failure(ask(upstream));
    assert.equal(error.code, "too_many");
    for (const response of waiting) response.end();
    await Promise.all(both);
    const last = ask(upstream);
    await once(
      await new Promise<ServerResponse>((resolve) => {
        const look = () => (waiting[2] ? resolve(waiting[2]) : setImmediate(look));
        look();
      }).then((response) => response.end()),
      "finish",
    );
    assert.equal((await last).status, 200);
  });

  test("end when a call is aborted, at any stage, and no handler hears of it", async (t) => {
    const closed = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const port = await serve(t, (request) => {
      request.socket.on("close", () => closed.resolve());
      arrived.resolve();
    });
    const upstream = upstreamAt(t, port);
    const never = {
      onInformational: () => assert.fail(),
      onResponse: () => assert.fail(),
      onTrailers: () => assert.fail(),
      onDrain: () => assert.fail(),
      onError: () => assert.fail(),
    };
    upstream.request(requestOf(), never).abort();
    const call: UpstreamCall = upstream.request(requestOf(), never);
    await arrived.promise;
    call.abort();
    await closed.promise;
    call.abort();
    assert.equal(call.write(Buffer.from("x")), true);
    call.end();
  });

  test("end with the upstream", async (t) => {
    const arrived = Promise.withResolvers<Socket>();
    const port = await serve(t, (request) => arrived.resolve(request.socket));
    const upstream = upstreamAt(t, port);
    upstream.request(requestOf(), {
      onInformational() {},
      onResponse() {},
      onTrailers() {},
      onDrain() {},
      onError() {},
    });
    const socket = await arrived.promise;
    upstream.close();
    await once(socket, "close");
    assert.equal((await failure(ask(upstream))).code, "session_ended");
  });
});

describe("a target that can't be had", () => {
  test("says so where nothing listens, without its address", async (t) => {
    const server = createServer();
    const port = await portOf(t, server);
    server.close();
    await once(server, "close");
    const error = await failure(ask(upstreamAt(t, port)));
    assert.equal(error.code, "target_unreachable");
    assert.match(error.message, /nothing listens/);
    assert.ok(!`${error.message} ${error.hint}`.includes(`${port}`));
  });

  test("says so where its name has no address", async (t) => {
    const error = await failure(ask(upstreamAt(t, 80, { host: "nowhere.invalid" })));
    assert.equal(error.code, "target_unreachable");
    assert.ok(!`${error.message} ${error.hint}`.includes("nowhere"));
  });

  test("says so where it does not answer in time; an open response takes as long as it likes", async (t) => {
    const timers = new HeldTimers();
    const heads: ServerResponse[] = [];
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const port = await serve(t, (_request, response) => {
      heads.push(response);
      arrived[heads.length - 1]!.resolve();
    });
    const upstream = upstreamAt(t, port, {}, timers);
    const slow = failure(ask(upstream));
    await arrived[0]!.promise;
    assert.deepEqual(timers.waiting, [300_000]);
    timers.run(300_000);
    const error = await slow;
    assert.equal(error.code, "target_unreachable");
    assert.match(error.message, /did not answer within 300 s/);
    const watch = ask(upstream);
    await arrived[1]!.promise;
    heads[1]!.write("one");
    const socket = heads[1]!.socket!;
    await new Promise((resolve) => {
      const look = () => (timers.waiting.length === 0 ? resolve(null) : setImmediate(look));
      look();
    });
    assert.ok(!socket.destroyed);
    heads[1]!.end();
    assert.equal((await watch).body, "one");
  });
});

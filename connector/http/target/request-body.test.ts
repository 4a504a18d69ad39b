import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { describe, test } from "node:test";
import { ask, failure, requestOf, serve, serveRaw, upstreamAt } from "./testing.ts";

describe("the body of a request", () => {
  test("has the length of a whole one, and of none nothing is told, but for methods that expect one", async (t) => {
    const seen: (string | undefined)[] = [];
    const port = await serve(t, (request, response) => {
      seen.push(`${request.headers["content-length"]} ${request.headers["transfer-encoding"]}`);
      request.resume().on("end", () => response.end());
    });
    const upstream = upstreamAt(t, port);
    await ask(upstream, { method: "PUT", body: Buffer.from("hello") });
    await ask(upstream, { method: "POST" });
    await ask(upstream, { method: "PURGE" });
    await ask(upstream, { method: "DELETE" });
    await ask(upstream, { method: "GET", body: Buffer.from("hello") });
    assert.deepEqual(seen, [
      "5 undefined",
      "0 undefined",
      "0 undefined",
      "undefined undefined",
      "5 undefined",
    ]);
  });

  test("is chunked when it is streamed, with trailers that may stand there", async (t) => {
    let got: unknown;
    const port = await serve(t, (request, response) => {
      let text = "";
      request.on("data", (chunk) => (text += chunk));
      request.on("end", () => {
        got = [text, request.headers["transfer-encoding"], request.trailers];
        response.end();
      });
    });
    await ask(upstreamAt(t, port), { method: "POST", body: "stream" }, (call) => {
      call.write(Buffer.from("one "));
      call.write(Buffer.from("two"));
      call.end([
        ["x-sum", "7"],
        ["content-length", "0"],
        ["authorization", "Bearer x"],
        ["impersonate_user", "root"],
      ]);
    });
    assert.deepEqual(got, ["one two", "chunked", { "x-sum": "7" }]);
  });

  test("keeps a length that the agent told, and is held to it", async (t) => {
    let heads = 0;
    let bodies = 0;
    const port = await serve(t, (request, response) => {
      heads += 1;
      assert.equal(request.headers["content-length"], "4");
      assert.equal(request.headers["transfer-encoding"], undefined);
      request.on("error", () => {});
      request.resume().on("end", () => {
        bodies += 1;
        response.end();
      });
    });
    const upstream = upstreamAt(t, port);
    const change = { method: "POST", body: "stream", fields: [["content-length", "4"]] } as const;
    await ask(upstream, change, (call) => {
      call.write(Buffer.from("fo"));
      call.write(Buffer.from("ur"));
      call.end();
    });
    const more = await failure(
      ask(upstream, change, (call) => {
        call.write(Buffer.from("fo"));
        call.write(Buffer.from("urGET /admin HTTP/1.1"));
      }),
    );
    const fewer = await failure(
      ask(upstream, change, (call) => {
        call.write(Buffer.from("fo"));
        call.end();
      }),
    );
    assert.match(more.message, /more bytes/);
    assert.match(fewer.message, /fewer bytes/);
    assert.deepEqual([heads, bodies], [1, 1]);
  });

  for (const [claim, fields, body] of [
    [
      "two lengths",
      [
        ["content-length", "4"],
        ["content-length", "4"],
      ],
      "stream",
    ],
    ["a list of lengths", [["content-length", "4, 4"]], "stream"],
    ["a length with a sign", [["content-length", "+4"]], "stream"],
    ["a length in hex", [["content-length", "0x4"]], "stream"],
    ["a negative length", [["content-length", "-1"]], "stream"],
    ["the length of another body", [["content-length", "5"]], Buffer.from("four")],
    ["the length of no body", [["content-length", "5"]], "none"],
  ] as const) {
    test(`is refused with ${claim}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      const error = await failure(ask(upstreamAt(t, port), { method: "POST", fields, body }));
      assert.equal(error.code, "invalid_request");
    });
  }

  test("goes no faster than the target takes it", async (t) => {
    const arrived = Promise.withResolvers<Readable>();
    const port = await serve(t, (request, response) => {
      request.on("end", () => response.end());
      arrived.resolve(request);
    });
    const drained = Promise.withResolvers<void>();
    const done = Promise.withResolvers<number>();
    const call = upstreamAt(t, port).request(requestOf({ method: "POST", body: "stream" }), {
      onInformational() {},
      onTrailers() {},
      onResponse: (status, _fields, body) => body.resume().on("end", () => done.resolve(status)),
      onDrain: () => drained.resolve(),
      onError: done.reject,
    });
    const request = await arrived.promise;
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    while (call.write(chunk)) written += 1;
    assert.ok(written < 64, `${written} MiB were taken`);
    request.resume();
    await drained.promise;
    call.end();
    assert.equal(await done.promise, 200);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { ask, failure, HeldTimers, portOf, serveRaw, upstreamAt } from "./testing.ts";

const HEAD = "HTTP/1.1 200 OK\r\n";
const OK = `${HEAD}Content-Length: 2\r\n\r\nok`;
const field = (name: string, bytes: number) => `${name}: ${"x".repeat(bytes)}\r\n`;

describe("a target that sends what it should not", () => {
  const REFUSED: [claim: string, bytes: string, words: RegExp][] = [
    ["no HTTP at all", "SSH-2.0-OpenSSH_9\r\n\r\n", /not HTTP\/1\.1/],
    ["HTTP of another version", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", /not HTTP\/1\.1/],
    ["HTTP/0.9 in disguise", "HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok", /not HTTP\/1\.1/],
    ["two lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk`, /not HTTP\/1\.1/],
    ["the same length twice", `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a list of lengths", `${HEAD}Content-Length: 2, 2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a negative length", `${HEAD}Content-Length: -2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a length in hex", `${HEAD}Content-Length: 0x2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a length beyond all", `${HEAD}Content-Length: 99999999999999999999999\r\n\r\nok`, /not HTTP\/1\.1/],
    [
      "a length and a transfer coding",
      `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
      /not HTTP\/1\.1/,
    ],
    [
      "a transfer coding and a length",
      `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
      /not HTTP\/1\.1/,
    ],
    [
      "a transfer coding that isn't chunked",
      `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      /transfer coding/,
    ],
    [
      "chunked that isn't last",
      `${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n`,
      /transfer coding|not HTTP/,
    ],
    ["chunked, misspelt", `${HEAD}Transfer-Encoding: xchunked\r\n\r\n`, /transfer coding|not HTTP/],
    ["a name with a blank", `${HEAD}Content-Length : 2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a line without a colon", `${HEAD}nonsense\r\n\r\n`, /not HTTP\/1\.1/],
    ["a null in a value", `${HEAD}X: a\0b\r\nContent-Length: 2\r\n\r\nok`, /not HTTP\/1\.1/],
    ["a lone line feed within a line", `${HEAD}X: a\rb\r\nContent-Length: 2\r\n\r\nok`, /not HTTP\/1\.1/],
    [
      "a change of protocol",
      "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes",
      /nobody asked/,
    ],
    ["a change of protocol without a name", "HTTP/1.1 101 Switching\r\n\r\n", /nobody asked/],
    ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", /not HTTP|status/],
    ["a status beyond 599", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", /status is 999/],
    ["a head that has no end", `${HEAD}${field("x", 1_000_000)}`, /too long/],
    ["fields that have no end", `${HEAD}${field("x", 1_000).repeat(1_000)}`, /too long/],
    ["too many fields", `${HEAD}${"a: b\r\n".repeat(300)}\r\n`, /more than 200 fields/],
    [
      "two content types",
      `${HEAD}Content-Type: text/plain\r\nContent-Type: image/png\r\n\r\n`,
      /content-type/,
    ],
    ["two locations", "HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\n\r\n", /location/],
  ];

  for (const [claim, bytes, words] of REFUSED) {
    test(`is refused: ${claim}`, async (t) => {
      const port = await serveRaw(t, (socket) => socket.end(bytes, "latin1"));
      const error = await failure(ask(upstreamAt(t, port)));
      assert.equal(error.code, "target_refused");
      assert.match(error.message, words);
      assert.ok(error.hint);
      assert.ok(!error.message.includes("xxx"));
    });
  }

  test("a value that goes on in the next line is one line, or refused", async (t) => {
    const port = await serveRaw(t, (socket) =>
      socket.end(`${HEAD}X: a\r\n\tb\r\nContent-Length: 2\r\n\r\nok`),
    );
    const answer = await ask(upstreamAt(t, port)).catch((error) => error);
    if (answer instanceof Error) assert.match(answer.message, /not HTTP\/1\.1/);
    else assert.ok(answer.fields.every(([, value]: [string, string]) => !/[\r\n]/.test(value)));
  });

  test("a flood of interim responses ends", async (t) => {
    const closed = Promise.withResolvers<void>();
    const port = await serveRaw(t, (socket) => {
      socket.on("close", () => closed.resolve());
      const flood = () => {
        if (!socket.destroyed)
          socket.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(50), () => setImmediate(flood));
      };
      flood();
    });
    const error = await failure(ask(upstreamAt(t, port)));
    assert.match(error.message, /more than 32 interim/);
    await closed.promise;
  });

  test("an endless line of a status ends", async (t) => {
    const port = await serveRaw(t, (socket) => {
      const flood = () => {
        if (!socket.destroyed) socket.write("x".repeat(64 * 1024), () => setImmediate(flood));
      };
      socket.write("HTTP/1.1 200 ");
      flood();
    });
    assert.equal((await failure(ask(upstreamAt(t, port)))).code, "target_refused");
  });

  test("endless trailers end", async (t) => {
    const port = await serveRaw(t, (socket) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n`);
      const flood = () => {
        if (!socket.destroyed) socket.write(field("x", 10_000), () => setImmediate(flood));
      };
      flood();
    });
    const error = await failure(ask(upstreamAt(t, port)));
    assert.equal(error.code, "target_refused");
  });

  test("endless extensions of a chunk end", async (t) => {
    const port = await serveRaw(t, (socket) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1;`);
      const flood = () => {
        if (!socket.destroyed) socket.write("x".repeat(10_000), () => setImmediate(flood));
      };
      flood();
    });
    assert.equal((await failure(ask(upstreamAt(t, port)))).code, "target_refused");
  });

  for (const [claim, bytes, code] of [
    ["before its head", "", "target_closed"],
    ["in the middle of its head", "HTTP/1.1 200 O", "target_closed"],
    ["before its length", `${HEAD}Content-Length: 5\r\n\r\nok`, "target_closed"],
    ["in a chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nok`, "target_closed"],
    ["before the last chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`, "target_closed"],
    ["after a chunk that is none", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n`, "target_refused"],
  ] as const) {
    test(`one that breaks off ${claim} is told`, async (t) => {
      const port = await serveRaw(t, (socket) => socket.end(bytes));
      assert.equal((await failure(ask(upstreamAt(t, port)))).code, code);
    });
  }

  test("what follows a response in the same bytes is nobody's answer", async (t) => {
    const evil = `${HEAD}Content-Length: 4\r\n\r\nevil`;
    const port = await serveRaw(t, (socket, _head, count) => {
      socket.write(count === 1 ? OK + evil : OK);
    });
    const upstream = upstreamAt(t, port);
    const first = await ask(upstream).catch((error) => error.code);
    assert.ok(first === "target_refused" || first.body === "ok", String(first));
    assert.equal((await ask(upstream)).body, "ok");
  });

  test("what comes while nobody asks is nobody's answer", async (t) => {
    let idle!: Socket;
    const port = await serveRaw(t, (socket, _head, count) => {
      if (count === 1) idle = socket;
      socket.write(OK);
    });
    const upstream = upstreamAt(t, port);
    await ask(upstream);
    idle.write(`${HEAD}Content-Length: 4\r\n\r\nevil`);
    await once(idle, "close");
    assert.equal((await ask(upstream)).body, "ok");
  });

  test("fields with characters that none may have are left out", async (t) => {
    const port = await serveRaw(t, (socket) =>
      socket.end(`${HEAD}X-Bad: a\x01b\r\nX-Good: 1\r\nContent-Length: 2\r\n\r\nok`, "latin1"),
    );
    const answer = await ask(upstreamAt(t, port)).catch((error) => error);
    if (answer instanceof Error) assert.match(answer.message, /not HTTP\/1\.1/);
    else
      assert.deepEqual(answer.fields, [
        ["x-good", "1"],
        ["content-length", "2"],
      ]);
  });

  test("codings in two lines are one list", async (t) => {
    const port = await serveRaw(t, (socket) =>
      socket.end(`${HEAD}Content-Encoding: gzip\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok`),
    );
    const { fields } = await ask(upstreamAt(t, port));
    assert.deepEqual(fields, [
      ["content-length", "2"],
      ["content-encoding", "gzip, br"],
    ]);
  });

  test("one that only opens connections is given up in time", async (t) => {
    const timers = new HeldTimers();
    const opened = Promise.withResolvers<Socket>();
    const port = await portOf(
      t,
      createServer((socket) => {
        socket.on("error", () => {});
        opened.resolve(socket);
        t.after(() => socket.destroy());
      }),
    );
    const tls = { mode: "verify-full", ca: null, serverName: null, client: null } as const;
    const asked = failure(ask(upstreamAt(t, port, { tls }, timers)));
    await once(await opened.promise, "data");
    assert.ok(timers.waiting.includes(10_000));
    timers.run(10_000);
    const error = await asked;
    assert.equal(error.code, "target_unreachable");
    assert.match(error.message, /not ready within 10 s/);
  });
});

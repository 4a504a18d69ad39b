import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { ask, failure, recording, requestOf, serve, serveRaw, upstreamAt } from "./testing.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the target gets of a request: its head, as it stands on the wire. */
async function wire(
  t: TestContext,
  change: Parameters<typeof ask>[1],
  options: Parameters<typeof upstreamAt>[2] = {},
): Promise<string> {
  let seen = "";
  const port = await serveRaw(t, (socket, head) => {
    seen = head;
    socket.end(OK);
  });
  await ask(upstreamAt(t, port, options), change);
  return seen.replaceAll(`:${port}`, ":PORT");
}

describe("a request on its way to the target", () => {
  test("goes out with its own target behind the base path, byte for byte, and the configured host", async (t) => {
    const change = {
      target: "/a%2Fb/ä?q=%C3%A4+b&&x=[]|".replace("ä", "%c3%a4"),
      fields: [
        ["accept", "*/*"],
        ["accept", "text/html"],
      ] as const,
    };
    assert.equal(
      await wire(t, change, { basePath: "/base" }),
      "GET /base/a%2Fb/%c3%a4?q=%C3%A4+b&&x=[]| HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\naccept: */*\r\naccept: text/html\r\nConnection: keep-alive\r\n\r\n",
    );
  });

  test("keeps nothing of hop-by-hop fields, credentials, forwarding and overrides, in any spelling", async (t) => {
    const bad = [
      ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "expect"],
      ...[
        "authorization",
        "Authorization",
        "proxy-authorization",
        "proxy_authorization",
        "cookie",
        "cookie2",
      ],
      ...[
        "impersonate-user",
        "Impersonate_User",
        "impersonate.user",
        "impersonate-extra-x",
        "impersonate_group",
      ],
      ...[
        "x-remote-user",
        "x-remote-extra-a",
        "x_remote_group",
        "x-forwarded-for",
        "x_forwarded_host",
        "forwarded",
      ],
      ...[
        "x-forwarded-proto",
        "x-real-ip",
        "x.real.ip",
        "content_length",
        "content.length",
        "transfer_encoding",
      ],
      ...[
        "x-http-method-override",
        "x_http_method_override",
        "x-original-url",
        "x-rewrite-url",
        "te",
        "via-me",
      ],
    ];
    const seen = await wire(t, {
      fields: [
        ["connection", "close, via-me"],
        ...bad.slice(1).map((name) => [name, "0"] as const),
        ["x-mine", "1"],
      ],
    });
    assert.equal(
      seen,
      "GET / HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nx-mine: 1\r\nConnection: keep-alive\r\n\r\n",
    );
  });

  test("says that it takes trailers where the agent does", async (t) => {
    const seen = await wire(t, { fields: [["te", "trailers, deflate"]] });
    assert.match(seen, /\r\nte: trailers\r\nconnection: keep-alive, TE\r\n/);
  });

  for (const target of [
    ...[
      "http://evil.example/",
      "https://evil.example/",
      "evil.example:443",
      "//evil.example/",
      "/\\evil.example/",
    ],
    ...[
      "\\\\evil.example\\",
      "*",
      "",
      "?x",
      "@evil.example/",
      "/a b",
      "/a\r\nHost: evil",
      "/a\tb",
      "/#frag",
      "/\u00e4",
    ],
    ...["/a\\b", `/${"x".repeat(20_000)}`, "/a\0b"],
  ]) {
    test(`is refused with the target ${JSON.stringify(target.slice(0, 30))}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      const error = await failure(ask(upstreamAt(t, port), { target }));
      assert.equal(error.code, "invalid_request");
    });
  }

  test("goes nowhere else, whatever its path and fields name", async (t) => {
    const other = recording();
    const elsewhere = `127.0.0.1:${await serve(t, other.listener)}`;
    const own = recording();
    const upstream = upstreamAt(t, await serve(t, own.listener));
    const targets = [
      `/@${elsewhere}/`,
      `/:x@${elsewhere}/`,
      `/http://${elsewhere}/`,
      `/%2F%2F${elsewhere}/`,
      `/?url=http://${elsewhere}/`,
      `/;@${elsewhere}`,
    ];
    for (const target of targets) {
      const fields = ["host", "x-forwarded-host", "forwarded", ":authority", "x-original-host"]
        .filter((name) => !name.startsWith(":"))
        .map((name) => [name, elsewhere] as const);
      await ask(upstream, { target, fields });
    }
    assert.deepEqual(
      own.seen.map(({ url }) => url),
      targets,
    );
    assert.equal(other.seen.length, 0);
    assert.ok(own.seen.every(({ headers }) => headers.host !== elsewhere));
  });

  for (const method of ["CONNECT", "TRACE", "TRACK", "trace", "PRI", "GET /x", "G\r\nET", ""]) {
    test(`is refused with the method ${JSON.stringify(method)}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      assert.equal((await failure(ask(upstreamAt(t, port), { method }))).code, "invalid_request");
    });
  }

  for (const [name, value] of [
    ["x", "a\r\nHost: evil"],
    ["x", "a\nb"],
    ["x", "a\0b"],
    ["x", "\u0101"],
    ["x\r\ny", "1"],
    ["x y", "1"],
    ["x:", "1"],
    ["", "1"],
  ] as const) {
    test(`is refused with the field ${JSON.stringify([name, value])}`, async (t) => {
      const port = await serveRaw(t, () => assert.fail("the target was asked"));
      const error = await failure(ask(upstreamAt(t, port), { fields: [[name, value]] }));
      assert.equal(error.code, "invalid_request");
    });
  }
});

describe("a response", () => {
  test("comes with its fields, without those that are not for the agent", async (t) => {
    const port = await serveRaw(t, (socket) =>
      socket.end(
        [
          "HTTP/1.1 201 Created",
          "Content-Type: text/plain",
          "Content-Length: 2",
          "Set-Cookie: a=b",
          "Set-Cookie2: a=b",
          "Connection: x-mine, close, content-type",
          "X-Mine: 1",
          "Alt-Svc: h3",
          "Proxy-Authenticate: Basic",
          "WWW-Authenticate: Basic",
          "Strict-Transport-Security: max-age=1",
          "Location: /made/1",
          'Link: <https://elsewhere.example/x>; rel="up", </page?2>; rel="next"',
          "X-Many: 1",
          "x-many: 2",
          "ETag: a",
          "ETag: b",
          "",
          "hi",
        ].join("\r\n"),
      ),
    );
    const answer = await ask(upstreamAt(t, port));
    assert.deepEqual(answer, {
      status: 201,
      fields: [
        ["content-type", "text/plain"],
        ["content-length", "2"],
        ["location", "/t/shop/made/1"],
        ["link", '<https://elsewhere.example/x>; rel="up", </t/shop/page?2>; rel="next"'],
        ["x-many", "1"],
        ["x-many", "2"],
        ["etag", "a"],
      ],
      body: "hi",
      trailers: [],
      interim: [],
    });
  });

  test("comes with interim ones before it, and trailers behind it", async (t) => {
    const port = await serve(t, (_request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeProcessing();
      response.writeContinue();
      response.writeHead(200, { trailer: "x-sum" });
      response.write("body");
      response.addTrailers({ "x-sum": "1", "set-cookie": "a=b" });
      response.end();
    });
    const answer = await ask(upstreamAt(t, port));
    assert.deepEqual(answer.interim, [
      { status: 103, fields: [["link", "</t/shop/style.css>; rel=preload"]] },
      { status: 102, fields: [] },
    ]);
    assert.deepEqual(answer.trailers, [["x-sum", "1"]]);
    assert.equal(answer.body, "body");
  });

  test("may come before the request has ended, and goes no faster than it is read", async (t) => {
    let response!: ServerResponse;
    const port = await serve(t, (request, one) => {
      request.resume();
      response = one;
      one.write("x");
    });
    const answered = Promise.withResolvers<Readable>();
    const call = upstreamAt(t, port).request(requestOf({ method: "POST", body: "stream" }), {
      onInformational() {},
      onTrailers() {},
      onResponse: (_status, _fields, body) => answered.resolve(body),
      onDrain() {},
      onError: answered.reject,
    });
    call.write(Buffer.from("begin"));
    const body = await answered.promise;
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    while (response.write(chunk)) written += 1;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(body.readableLength < 256 * 1024);
    assert.ok(written < 64);
    call.abort();
    assert.ok(body.destroyed);
  });

  test("of HEAD, 204 and 304 has no body", async (t) => {
    const port = await serve(t, (request, response) => {
      response.writeHead(Number(request.url!.slice(1)), { etag: "x" });
      response.end();
    });
    const upstream = upstreamAt(t, port);
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const answer = await ask(upstream, { method, target: `/${status}` });
      assert.deepEqual([answer.status, answer.body], [status, ""]);
    }
  });

  test("does not show the connector's credential in its fields", async (t) => {
    const port = await serve(t, (request, response) => {
      response.setHeader("x-echo", `you sent ${request.headers["x-api-key"]}`);
      response.setHeader("x-else", "1");
      response.sendDate = false;
      response.end();
    });
    const folder = await mkdtemp(join(tmpdir(), "sallyport-upstream-"));
    t.after(() => rm(folder, { recursive: true }));
    writeFileSync(join(folder, "key"), "swordfish-7\n");
    const credential = { type: "header", name: "x-api-key", value: { file: join(folder, "key") } } as const;
    const answer = await ask(upstreamAt(t, port, { credential }));
    assert.deepEqual(answer.fields.slice(0, 1), [["x-else", "1"]]);
    assert.ok(!JSON.stringify(answer.fields).includes("swordfish"));
  });
});

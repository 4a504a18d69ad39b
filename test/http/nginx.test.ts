import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket, { WebSocketServer } from "ws";
import { type CertificateAuthority, createAuthority } from "../certificates.ts";
import { unavailable } from "../system-packages.ts";
import { ask, assertSame } from "./comparison.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { startServer, type TestServer } from "./server.ts";

const TEXT = "All of it is harmless.\n".repeat(500);

describe("nginx as a target", { timeout: 300_000, skip: unavailable("nginx-light") }, () => {
  let nginx: Nginx;
  let upstream: TestServer;
  let gateway: HttpGateway;
  let authorization: string;
  const picture = randomBytes(100_000);
  let events: ServerResponse;

  before(async () => {
    upstream = await startServer((incoming, response) => {
      if (incoming.url === "/events") {
        events = response;
        response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      } else {
        response.writeHead(200, { "content-type": "text/plain" });
        response.write("in ");
        setImmediate(() => response.end("chunks"));
      }
    });
    const sockets = new WebSocketServer({ server: upstream.server });
    sockets.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const proxy = [
      `proxy_pass http://127.0.0.1:${upstream.port}/;`,
      "proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;",
      'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
    ];
    nginx = await startNginx({
      files: {
        "index.html": "<p>hello</p>",
        "a.txt": TEXT,
        "a.json": JSON.stringify({ list: Array.from({ length: 300 }, (_, index) => ({ index, name: "x" })) }),
        "picture.bin": picture,
        "empty.txt": "",
        "folder/b.txt": "b",
        "list/one.txt": "1",
        "few/b.txt": "b",
        "idle/b.txt": "b",
        "a b/ä.txt": "blank",
      },
      server: [
        `location /through/ { ${proxy.join(" ")} }`,
        "location /list/ { autoindex on; }",
        "location /moved { return 301 /a.txt; } location /away { return 302 https://example.test/x; }",
        "location /limited { limit_except GET { deny all; } }",
        "location /idle/ { keepalive_timeout 60ms; }",
        "location /few/ { keepalive_requests 2; }",
      ],
    });
    const target = { ...upstream.target, port: nginx.port };
    gateway = await startHttpGateway({ target });
    authorization = `Bearer ${gateway.token}`;
    writeFileSync(join(nginx.root, "later.txt"), "later");
  });

  after(async () => {
    await gateway?.stop();
    await nginx?.stop();
    await upstream?.stop();
  });

  const through = (path: string, headers: Record<string, string> = {}, method = "GET", body?: Uint8Array) =>
    ask(gateway.url + path, { method, headers: { ...headers, authorization } }, body);
  const direct = (path: string, headers: Record<string, string> = {}, method = "GET", body?: Uint8Array) =>
    ask(nginx.url + path, { method, headers }, body);

  const lastModified = async () => String((await direct("/picture.bin")).headers["last-modified"]);
  const etag = async () => String((await direct("/picture.bin")).headers.etag);

  /** Whether what comes is looked through: then nothing is told of its bytes. */
  const alike: [
    name: string,
    path: string,
    isMasked: boolean,
    headers?: () => Promise<Record<string, string>>,
  ][] = [
    ["a page", "/", true],
    ["a text", "/a.txt", true],
    ["JSON", "/a.json", true],
    ["bytes", "/picture.bin", false],
    ["nothing", "/empty.txt", false],
    ["a query", "/a.txt?x=1&y=%20", true],
    ["a path with escapes", "/a%20b/%C3%A4.txt", true],
    ["a listing", "/list/", true],
    ["what is not there", "/nowhere", true],
    ["a forbidden folder", "/folder/", true],
    ["chunks", "/through/", true],
    ["another origin's redirect", "/away", true],
    ["a range", "/picture.bin", false, async () => ({ range: "bytes=100-199" })],
    ["a range from the end", "/picture.bin", false, async () => ({ range: "bytes=-50" })],
    ["a range beyond the end", "/picture.bin", true, async () => ({ range: "bytes=900000-" })],
    [
      "a range of the same",
      "/picture.bin",
      false,
      async () => ({ range: "bytes=0-9", "if-range": await etag() }),
    ],
    [
      "a range of another",
      "/picture.bin",
      false,
      async () => ({ range: "bytes=0-9", "if-range": '"other"' }),
    ],
    [
      "what has not changed, by its tag",
      "/picture.bin",
      false,
      async () => ({ "if-none-match": await etag() }),
    ],
    [
      "what has not changed, by its date",
      "/picture.bin",
      false,
      async () => ({ "if-modified-since": await lastModified() }),
    ],
    ["what must have changed", "/picture.bin", true, async () => ({ "if-match": '"other"' })],
  ];
  for (const [name, path, isMasked, headers] of alike) {
    test(`gives ${name} as it does directly`, async () => {
      const fields = (await headers?.()) ?? {};
      assertSame(await through(path, fields), await direct(path, fields), isMasked);
    });
  }

  for (const path of ["/picture.bin", "/nowhere", "/"]) {
    test(`HEAD ${path} has the fields, and no body`, async () => {
      const got = await through(path, {}, "HEAD");
      assert.equal(got.body.length, 0);
      // The edge has no length to tell of a text that it would change.
      assertSame(got, await direct(path, {}, "HEAD"), path !== "/picture.bin");
    });
  }

  for (const [method, path] of [
    ["OPTIONS", "/"],
    ["DELETE", "/a.txt"],
    ["POST", "/a.txt"],
    ["PATCH", "/limited"],
    ["PROPFIND", "/"],
  ] as const) {
    test(`${method} ${path} is refused by nginx, not by us`, async () => {
      assertSame(await through(path, {}, method), await direct(path, {}, method), true);
    });
  }

  test("several ranges come as parts", async () => {
    const range = { range: "bytes=0-9,50-59" };
    const got = await through("/picture.bin", range);
    assert.equal(got.status, 206);
    assert.match(String(got.headers["content-type"]), /^multipart\/byteranges/);
    assert.ok(got.body.includes(picture.subarray(50, 60)));
    assert.equal(got.body.length, (await direct("/picture.bin", range)).body.length);
  });

  test("what it compresses arrives as it was, and as text", async () => {
    for (const path of ["/a.txt", "/a.json", "/"]) {
      const got = await through(path, { "accept-encoding": "gzip" });
      assert.equal((await direct(path, { "accept-encoding": "gzip" })).headers["content-encoding"], "gzip");
      assert.equal(got.headers["content-encoding"], undefined);
      assert.ok(got.body.equals((await direct(path)).body), path);
    }
  });

  test("redirects within it stay within it, at the agent's own address", async () => {
    const folder = await through("/folder");
    assert.equal(folder.status, 301);
    assert.equal(folder.headers.location, "/t/shop/folder/");
    assert.equal((await through("/moved")).headers.location, "/t/shop/a.txt");
  });

  test("events come through it one by one", async () => {
    const asked = request(`${gateway.url}/through/events`, { headers: { authorization }, agent: false });
    asked.on("error", () => {});
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.on("error", () => {});
    assert.equal(String((await once(response, "data"))[0]), "data: 1\n\n");
    const closed = once(events, "close");
    for (const one of ["2", "3"]) {
      const next = once(response, "data");
      events.write(`data: ${one}\n\n`);
      assert.equal(String((await next)[0]), `data: ${one}\n\n`);
    }
    asked.socket!.resetAndDestroy();
    await closed;
  });

  test("WebSockets go through it", async () => {
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/through/`, {
      headers: { authorization },
    });
    await once(socket, "open");
    const echoed = once(socket, "message");
    socket.send("hello");
    assert.equal(String((await echoed)[0]), "hello");
    socket.close(1000);
    const [code] = (await once(socket, "close")) as [number];
    assert.equal(code, 1000);
  });

  test("connections that it closes, idle or after few requests, cost no request", async () => {
    for (const path of ["/few/b.txt", "/idle/b.txt"]) {
      for (let round = 0; round < 12; round++) {
        assert.equal((await through(path)).status, 200, `${path} ${round}`);
        // About as long as it keeps a connection: some are closed as the next request comes.
        if (path.startsWith("/idle")) await sleep(55 + round);
      }
    }
    const accesses = (await nginx.accesses()).filter((line) => /GET \/(?:few|idle)\//.test(line));
    assert.equal(accesses.length, 24);
  });
});

describe("nginx that wants a certificate and a password", {
  timeout: 300_000,
  skip: unavailable("nginx-light"),
}, () => {
  let authority: CertificateAuthority;
  let nginx: Nginx;
  let server: TestServer;
  let gateway: HttpGateway;

  before(async () => {
    process.env.SALLYPORT_TEST_PASSWORD = "opensesame";
    authority = createAuthority();
    const own = authority.issue({ name: "shop", alternatives: ["IP:127.0.0.1"] });
    const client = authority.issue({ name: "connector" });
    nginx = await startNginx({
      files: { "a.txt": "secret place", users: "main:{PLAIN}opensesame\n" },
      tls: { ...own, clientAuthority: authority.certificate },
      server: [
        'auth_basic "shop"; auth_basic_user_file $document_root/users;',
        'location /who { default_type text/plain; return 200 "$ssl_client_s_dn $remote_user"; }',
      ],
    });
    server = await startServer(() => {});
    gateway = await startHttpGateway({
      target: {
        ...server.target,
        port: nginx.port,
        tls: {
          mode: "verify-full",
          ca: authority.certificate,
          serverName: null,
          client: { certificate: client.certificate, key: { file: client.key } },
        },
        credential: { type: "basic", user: "main", password: { env: "SALLYPORT_TEST_PASSWORD" } },
      },
    });
  });

  after(async () => {
    await gateway?.stop();
    await nginx?.stop();
    await server?.stop();
    authority?.remove();
  });

  test("gets both from the connector, whatever the agent has", async () => {
    const file = await gateway.fetch("/a.txt");
    assert.equal(file.status, 200);
    assert.equal(await file.text(), "secret place");
    assert.match(await (await gateway.fetch("/who")).text(), /CN=connector/);
  });

  test("a password that it doesn't take is not the agent's fault, and nobody is asked for one", async () => {
    process.env.SALLYPORT_TEST_PASSWORD = "wrong";
    await gateway.restartConnector();
    // Of its session it may be told only now that its connector is gone.
    await (await gateway.fetch("/a.txt")).text();
    const refused = await gateway.fetch("/a.txt");
    assert.equal(refused.status, 502);
    assert.equal(refused.headers.get("www-authenticate"), null);
    const text = await refused.text();
    assert.match(text, /target_refused/);
    assert.equal(text.includes("wrong"), false);
  });
});

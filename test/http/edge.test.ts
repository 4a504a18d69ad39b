import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import WebSocket from "ws";
import { WINDOW } from "../../protocol/frame.ts";
import { openExchangeTunnel, openTunnel } from "../../protocol/tunnel/join.ts";
import { bodyOf, type EdgeService, startEdgeService } from "./edge-service.ts";

const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("HTTP targets at the edge's own address", { timeout: 300_000 }, () => {
  let service: EdgeService;

  before(async () => {
    service = await startEdgeService();
  });

  after(async () => {
    await service?.stop();
  });

  /** Sends a request line as it is; answers the status. */
  const raw = async (line: string, fields = "") => {
    const { hostname, port } = service.gateway.edge.url;
    const socket = connect(Number(port), hostname);
    const credential = `Authorization: Bearer ${service.token}`;
    socket.write(`${line}\r\nHost: edge\r\nConnection: close\r\n${credential}\r\n${fields}\r\n`);
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
    });
    await once(socket, "close");
    return Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]);
  };

  /** The same where the connector gets it, and answers it. */
  const headOf = async (line: string, fields?: string) => {
    const sent = raw(line, fields);
    const served = await service.next();
    served.answer(200);
    await sent;
    return served.head;
  };

  test("the first requests that come at once share one session", async () => {
    const answers = Array.from({ length: 20 }, () => service.fetch("/t/web/first"));
    for (const _ of answers) void service.next().then((served) => served.answer(204));
    for (const answer of answers) assert.equal((await answer).status, 204);
    assert.equal(service.sessions.length, 1);
  });

  test("a request reaches the connector as it was sent, but for credentials and what is between two hops", async () => {
    const answer = service.fetch("/t/web/a/b?c=d&e", {
      method: "PATCH",
      headers: {
        "x-one": "1",
        cookie: "session=1",
        "sallyport-exchange": '{"target":"/other"}',
        "sallyport-opening": "{}",
        "impersonate-user": "admin",
        "proxy-authorization": "Basic x",
        "content-type": "text/plain",
      },
      body: "hello",
    });
    const served = await service.next();
    await served.ended;
    const { fields, ...head } = await served.head;
    assert.deepEqual(head, { method: "PATCH", target: "/a/b?c=d&e", base: "/t/web", body: true });
    assert.equal(served.received, 5);
    const names = fields.map(([name]) => name);
    assert.deepEqual(new Map(fields).get("x-one"), "1");
    for (const name of names)
      assert.doesNotMatch(name, /^(?:sallyport|impersonate|proxy|authorization|cookie|host|connection)/);
    served.answer(201, [["x-two", "2"]], "created");
    const response = await answer;
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-two"), "2");
    assert.equal(await response.text(), "created");
  });

  test("nothing of a path is decoded, joined or resolved on the way", async () => {
    const paths = {
      "/t/web": "/",
      "/t/web/": "/",
      "/t/web?q": "/?q",
      "/t/web/a/../b": "/a/../b",
      "/t/web/%2e%2e/%2E%2E/b": "/%2e%2e/%2E%2E/b",
      "/t/web//a//b": "//a//b",
      "/t/web/a;v=1/b": "/a;v=1/b",
      "/t/web/a\\b": "/a\\b",
      "/t/web/%zz%00%2f": "/%zz%00%2f",
      "/t/web/./a?../b": "/./a?../b",
      "http://elsewhere/t/web/a": "/a",
    };
    for (const [sent, target] of Object.entries(paths)) {
      assert.equal((await headOf(`GET ${sent} HTTP/1.1`)).target, target, sent);
    }
  });

  test("a path that leaves its target is no other target, and no page of the edge", async () => {
    for (const path of [
      "/t/../v1/whoami",
      "/t/%77eb/a",
      "/t/web%2fa",
      "/t/",
      "/t//web",
      "/t/WEB/a",
      "/t/web;x/a",
    ]) {
      assert.equal(await raw(`GET ${path} HTTP/1.1`), 404, path);
    }
    assert.equal(await raw("GET /t/web/\xe9 HTTP/1.1"), 400);
    assert.equal(await raw(`GET /t/web/${"a".repeat(17_000)} HTTP/1.1`), 400);
  });

  test("a method that has a body by rights or not, and HEAD without one", async () => {
    const search = await headOf("GET /t/web/search HTTP/1.1", "Content-Length: 0\r\n");
    assert.deepEqual([search.method, search.body], ["GET", true]);
    for (const method of ["PUT", "DELETE", "OPTIONS", "PROPFIND"])
      assert.equal((await headOf(`${method} /t/web/x HTTP/1.1`)).method, method);
    assert.equal(await raw("BREW /t/web/x HTTP/1.1"), 501);
  });

  test("20 MB go up, at the pace of who takes them", async () => {
    const bytes = randomBytes(20 * MiB);
    const answer = service.request("/t/web/up", { method: "POST" }, (request) => request.end(bytes));
    const served = await service.next();
    served.consume(false);
    await served.until(() => served.received >= WINDOW);
    const quick = service.fetch("/t/web/quick");
    (await service.next()).answer(204);
    assert.equal((await quick).status, 204, "what nobody takes delays nobody else");
    assert.ok(served.received <= 2 * WINDOW, `${served.received} bytes came that nobody took`);
    served.consume(true);
    await served.ended;
    assert.equal(served.hash.digest("hex"), sha256(bytes));
    served.answer(200);
    assert.equal((await answer).response.statusCode, 200);
  });

  test("20 MB come down, and a reader that waits delays no other exchange", async () => {
    const bytes = randomBytes(20 * MiB);
    const answer = service.request("/t/web/down");
    const served = await service.next();
    served.respond(200, [["content-length", String(bytes.length)]]);
    const sending = served.send(bytes);
    const { response } = await answer;
    assert.equal(response.headers["content-length"], String(bytes.length));
    response.pause();
    const quick = service.fetch("/t/web/quick");
    (await service.next()).answer(204);
    assert.equal((await quick).status, 204, "a slow reader delays nobody else");
    const body = bodyOf(response);
    await sending;
    served.stream.end();
    assert.equal(sha256(await body), sha256(bytes));
  });

  test("events flow at once, each before the next is there", async () => {
    const answer = service.request("/t/web/events");
    const served = await service.next();
    served.respond(200, [["content-type", "text/event-stream"]]);
    const { response } = await answer;
    for (let event = 1; event <= 5; event++) {
      served.stream.send([Buffer.from(`data: ${event}\n\n`)]);
      const [chunk] = (await once(response, "data")) as [Buffer];
      assert.equal(chunk.toString(), `data: ${event}\n\n`);
    }
    served.stream.end();
    await once(response, "end");
  });

  test("responses without a body, and interim ones", async () => {
    const ask = async (
      method: string,
      respond: (served: Awaited<ReturnType<EdgeService["next"]>>) => void,
    ) => {
      const answer = service.request("/t/web/x", { method });
      respond(await service.next());
      const { response } = await answer;
      return { status: response.statusCode, headers: response.headers, body: String(await bodyOf(response)) };
    };
    const length = [["content-length", "12345"]] as const;
    const head = await ask("HEAD", (served) => served.answer(200, length));
    assert.deepEqual([head.headers["content-length"], head.body], ["12345", ""]);
    assert.equal((await ask("GET", (served) => served.answer(204))).body, "");
    const cached = await ask("GET", (served) => served.answer(304, [["etag", '"a"']]));
    assert.deepEqual([cached.status, cached.headers.etag, cached.body], [304, '"a"', ""]);
    const empty = await ask("GET", (served) => served.answer(200, [["content-length", "0"]]));
    assert.equal(empty.headers["content-length"], "0");
    const early = await ask("GET", (served) => {
      served.respond(103, [["link", "</a>"]]);
      served.respond(100);
      served.answer(200, [], "whole");
    });
    assert.deepEqual([early.status, early.body], [200, "whole"]);
    const trailed = await ask("GET", (served) => {
      served.respond(200);
      served.stream.send([Buffer.from("body")]);
      served.stream.end({ trailers: [["x-sum", "1"]] });
    });
    assert.equal(trailed.body, "body");
  });

  test("a coded body passes as it is", async () => {
    const coded = gzipSync("hello ".repeat(1000));
    for (const accept of ["gzip", "identity"]) {
      const answer = service.request("/t/web/gzip", { headers: { "accept-encoding": accept } });
      const served = await service.next();
      served.respond(200, [["content-encoding", "gzip"]]);
      served.stream.end({ chunks: [coded] });
      const { response } = await answer;
      assert.equal(response.headers["content-encoding"], "gzip");
      assert.deepEqual(await bodyOf(response), coded);
    }
  });

  test("a response speaks for its own page, not for the edge's origin", async () => {
    const answer = service.request("/t/web/page");
    const served = await service.next();
    const evil = {
      "set-cookie": "a=b",
      "clear-site-data": '"*"',
      "strict-transport-security": "max-age=0",
      "alt-svc": 'h3="evil:443"',
      nel: "{}",
      "report-to": "{}",
      "service-worker-allowed": "/",
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": "true",
      "www-authenticate": 'Basic realm="edge"',
      "sallyport-refused": "session_ended",
    };
    const fields = [
      ...Object.entries(evil),
      ["content-type", "text/html"],
      ["content-security-policy", "default-src *"],
      ["cache-control", "public, s-maxage=60, max-age=5"],
    ] as [string, string][];
    served.answer(200, fields, "<script>alert(1)</script>");
    const { response } = await answer;
    for (const name of Object.keys(evil)) assert.equal(response.headers[name], undefined, name);
    assert.equal(response.headers["content-security-policy"], "default-src *, sandbox");
    assert.equal(response.headers["x-content-type-options"], "nosniff");
    assert.equal(response.headers["cache-control"], "max-age=5, private");
    assert.match(String(await bodyOf(response)), /alert/);
  });

  test("who can't prove who it is learns nothing, not even which targets there are", async () => {
    const problems = [];
    for (const path of ["/t/web/x", "/t/none/x", `/t/web/x?access_token=${service.token}`]) {
      const response = await fetch(new URL(path, service.gateway.edge.url));
      assert.equal(response.status, 401);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer /);
      problems.push(await response.text());
    }
    assert.equal(new Set(problems).size, 1);
  });

  test("a password may be the token, but not a browser's, which sends it wherever a page tells it to", async () => {
    const authorization = `Basic ${Buffer.from(`anyone:${service.token}`).toString("base64")}`;
    const answer = service.request("/t/web/basic", { headers: { authorization } });
    const served = await service.next();
    assert.ok(!JSON.stringify(await served.head).includes("Basic"));
    served.answer(204);
    assert.equal((await answer).response.statusCode, 204);
    for (const browser of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const { response } = await service.request("/t/web/basic", { headers: { authorization, ...browser } });
      assert.equal(response.statusCode, 401);
    }
  });

  test("errors are in the words of the target's kind", async () => {
    const offline = await service.fetch("/t/nobody/api/v1/pods");
    assert.equal(offline.status, 503);
    assert.equal(offline.headers.get("retry-after"), "1");
    const status = (await offline.json()) as Record<string, unknown>;
    assert.deepEqual([status.kind, status.code, status.reason], ["Status", 503, "ServiceUnavailable"]);
    for (const [name, words] of [
      ["orders", /sallyport connect orders/],
      ["host", /sallyport ssh host/],
    ] as const) {
      const refused = await service.fetch(`/t/${name}/x`);
      assert.equal(refused.status, 400);
      assert.equal(refused.headers.get("content-type"), "application/problem+json");
      assert.match(await refused.text(), words);
    }
  });

  test("a connector's response that is none becomes an error, and harms no other exchange", async () => {
    const bad: unknown[] = [
      { status: 7, fields: [] },
      { status: 200, fields: [["a b", "c"]] },
      { status: 200, fields: [["x", "a\r\nb"]] },
      { status: 101, fields: [], subprotocol: null },
      "hello",
    ];
    for (const head of bad) {
      const answer = service.fetch("/t/web/bad");
      const served = await service.next();
      served.stream.head(head as never);
      assert.equal((await answer).status, 502, JSON.stringify(head));
      assert.equal((await served.reset).code, "target_refused");
    }
    const answer = service.request("/t/web/short");
    const served = await service.next();
    served.answer(200, [["content-length", "10"]], "too long for that");
    await assert.rejects(answer.then(({ response }) => bodyOf(response)));
    assert.equal(service.sessions.filter(({ facts }) => facts.target === "web").length, 1);
  });

  test("the tunnel of such a target is framed, and carries the same exchanges", async () => {
    const options = { edge: service.gateway.edge.url, target: "web", token: service.token };
    const tunnel = await openExchangeTunnel(options);
    const body = Promise.withResolvers<string>();
    const stream = tunnel.open({
      onHead() {},
      onData: (chunk) => body.resolve(Buffer.from(chunk).toString()),
      onDrain() {},
      onEnd() {},
      onReset: (_code, reason) => body.reject(new Error(reason)),
    });
    stream.head({ method: "GET", target: "/x", base: "", fields: [], body: false });
    stream.end();
    (await service.next()).answer(200, [], "through");
    assert.equal(await body.promise, "through");
    tunnel.close("closed", "done");
    const bare = new WebSocket(new URL("/v1/tunnel/web", options.edge.href.replace("http", "ws")), {
      headers: { authorization: `Bearer ${service.token}` },
    });
    const [, response] = await once(bare, "unexpected-response");
    assert.equal(response.statusCode, 400);
    bare.on("error", () => {});
    bare.terminate();
    await assert.rejects(openTunnel({ ...options, target: "nope" }), { code: "unknown_target" });
  });

  test("no recording has the token", async () => {
    for (const { session } of service.sessions) {
      const recording = await service.recording(session);
      assert.ok(recording.length > 100);
      assert.ok(!recording.includes(service.token));
      assert.ok(!recording.includes(Buffer.from(`anyone:${service.token}`).toString("base64")));
    }
  });
});

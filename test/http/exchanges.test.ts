import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage, type ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import WebSocket, { WebSocketServer } from "ws";
import { EntryKind } from "../../protocol/entry.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

const OPEN = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"unmask", resource);
@id("no-admin") @reason("Nobody goes there.")
forbid (principal, action in Action::"http:request", resource) when { context.under.contains("/admin") };
@id("roles") @reason("Roles are not given here.")
forbid (principal, action == Action::"http:put", resource) when { !context.complete || context.fields.contains("role=admin") };
`;
const CLOSED = `${OPEN}
@id("no-events") @reason("No more events.")
forbid (principal, action == Action::"http:get", resource) when { context.path == "/events" };
`;
/** Taken by the default detectors, and so masked. */
const TOKEN = `ghp_${"a1B2".repeat(9)}`;

describe("requests to the edge's own address", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  const requests: IncomingMessage[] = [];
  let waiting: ServerResponse[] = [];
  let arrived = Promise.withResolvers<void>();
  let left = Promise.withResolvers<void>();
  let uploaded = createHash("sha256");
  const download = randomBytes(8 * 1024 * 1024);
  process.env.SALLYPORT_TEST_KEY = "the-service-key";

  const handlers: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
    "/echo": (request, response) => {
      response.setHeader("content-type", "application/json");
      const { "x-api-key": _credential, ...headers } = request.headers;
      response.end(JSON.stringify({ method: request.method, url: request.url, headers }));
    },
    "/events": (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      waiting.push(response);
      response.on("close", () => left.resolve());
      arrived.resolve();
    },
    "/slow": (_request, response) => {
      waiting.push(response);
      response.on("close", () => left.resolve());
      arrived.resolve();
    },
    "/upload": (request, response) => {
      uploaded = createHash("sha256");
      request.on("data", (chunk: Buffer) => uploaded.update(chunk));
      request.on("end", () => response.end(uploaded.digest("hex")));
    },
    "/download": (_request, response) => {
      response.setHeader("content-type", "application/octet-stream");
      response.end(download);
    },
    "/gzip": (_request, response) => {
      response
        .setHeader("content-type", "application/json")
        .setHeader("content-encoding", "gzip")
        .setHeader("etag", '"1"');
      response.end(gzipSync(JSON.stringify({ token: TOKEN, plain: "ok" })));
    },
    "/part": (_request, response) => {
      response.writeHead(206, { "content-type": "text/plain", "content-range": "bytes 0-3/10" });
      response.end("ghp_");
    },
    "/away": (_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${server.port}/echo?from=away` }).end();
    },
    "/cookie": (_request, response) => {
      response
        .setHeader("set-cookie", "session=secret")
        .setHeader("strict-transport-security", "max-age=1")
        .end("ok");
    },
    "/cut": (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" });
      response.write("begun");
      setImmediate(() => response.socket?.destroy());
    },
  };

  before(async () => {
    server = await startServer((request, response) => {
      requests.push(request);
      const { pathname } = new URL(request.url!, "http://target");
      const handler = handlers[pathname];
      if (handler) handler(request, response);
      else response.writeHead(404).end();
    });
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "chat" });
    server.server.on("upgrade", (request, socket, head) => {
      requests.push(request);
      if (request.url === "/refused") {
        socket.end("HTTP/1.1 409 Conflict\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nbusy");
        return;
      }
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (data, isBinary) => {
          const asksToken = String(data) === "token, please";
          client.send(asksToken ? `token ${TOKEN}` : data, { binary: isBinary });
        });
        client.on("close", (code) => {
          if (code === 4321) left.resolve();
        });
      });
    });
    const credential = { type: "header", name: "x-api-key", value: { env: "SALLYPORT_TEST_KEY" } } as const;
    gateway = await startHttpGateway({ target: { ...server.target, credential }, policies: OPEN });
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  const fresh = () => {
    waiting = [];
    arrived = Promise.withResolvers();
    left = Promise.withResolvers();
  };
  const read = async (response: Response) => {
    const reader = response.body!.getReader();
    return { next: async () => Buffer.from((await reader.read()).value ?? []).toString(), reader };
  };

  test("go on with the target's own credential, and none of the agent's", async () => {
    const response = await gateway.fetch("/echo?a=1&b=%20x", {
      headers: {
        "x-api-key": "mine",
        cookie: "a=b",
        "x-forwarded-for": "10.0.0.1",
        "impersonate-user": "root",
        "x-custom": "kept",
      },
    });
    const { url, headers } = (await response.json()) as { url: string; headers: Record<string, string> };
    assert.equal(url, "/echo?a=1&b=%20x");
    assert.equal(headers["x-api-key"], undefined);
    assert.equal(requests.at(-1)!.headers["x-api-key"], "the-service-key");
    assert.equal(headers["x-custom"], "kept");
    for (const name of ["authorization", "cookie", "x_api_key", "x-forwarded-for", "impersonate-user"]) {
      assert.equal(headers[name], undefined, name);
    }
    assert.equal(headers.host, `127.0.0.1:${server.port}`);
  });

  test("are refused in words by what the policies see of path and body, before the target sees them", async () => {
    const before = requests.length;
    for (const path of ["/admin", "/admin/users"]) {
      const response = await gateway.fetch(path);
      assert.equal(response.status, 403);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.match(await response.text(), /Nobody goes there\./);
    }
    const put = (body: string) =>
      gateway.fetch("/echo", { method: "PUT", body, headers: { "content-type": "application/json" } });
    for (const body of ['{"role":"admin"}', '{"role":"user","role":"admin"}', '{"role":"adm\\u0069n"}']) {
      assert.equal((await put(body)).status, 403, body);
    }
    assert.equal(requests.length, before);
    assert.equal((await put('{"role":"user"}')).status, 200);
  });

  test("of every form that servers read differently are refused", async () => {
    const before = requests.length;
    for (const path of [
      "/x;/admin",
      "/x%2fadmin",
      "/%61dmin",
      "/x%5cadmin",
      "/x//admin",
      "/x%00",
      "/x%c0%af",
      "/%252e%252e/admin",
    ]) {
      assert.equal((await gateway.fetch(path)).status, 400, path);
    }
    const overridden = await gateway.fetch("/echo", { headers: { "x-http-method-override": "DELETE" } });
    assert.equal(overridden.status, 400);
    assert.equal(requests.length, before);
  });

  /** A request whose connection the test can reset: workerd doesn't look at one that is closed in silence. */
  const resettable = (path: string) =>
    get(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}` }, agent: false }).on(
      "error",
      () => {},
    );

  test("flow while others wait, and events as they come", async () => {
    fresh();
    const slow = resettable("/slow");
    await arrived.promise;
    const slowLeft = once(waiting[0]!, "close");
    fresh();
    const asked = resettable("/events");
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.on("error", () => {});
    const next = async () => String((await once(response, "data"))[0]);
    assert.equal(await next(), "data: first\n\n");
    const second = next();
    waiting[0]!.write("data: second\n\n");
    assert.equal(await second, "data: second\n\n");
    asked.socket!.resetAndDestroy();
    await left.promise;
    slow.socket!.resetAndDestroy();
    await slowLeft;
  });

  test("end on the target when the agent leaves without a word, with the next that it would get", async () => {
    fresh();
    const events = await read(await gateway.fetch("/events"));
    await events.next();
    await events.reader.cancel();
    const more = setInterval(() => waiting[0]!.write("data: more\n\n"), 5);
    await left.promise.finally(() => clearInterval(more));
  });

  test("carry bodies of any size both ways, unchanged", async () => {
    const body = randomBytes(8 * 1024 * 1024);
    const response = await gateway.fetch("/upload", { method: "POST", body });
    assert.equal(await response.text(), createHash("sha256").update(body).digest("hex"));
    const got = Buffer.from(await (await gateway.fetch("/download")).arrayBuffer());
    assert.ok(got.equals(download));
  });

  test("have what is compressed masked, and nothing told of the bytes that it was", async () => {
    const response = await gateway.fetch("/gzip");
    const text = await response.text();
    assert.equal(text.includes(TOKEN), false);
    assert.match(text, /"plain":"ok"/);
    assert.equal(response.headers.get("etag"), null);
    assert.equal(response.headers.get("content-encoding"), null);
  });

  test("HEAD has the fields and no body; parts of a text pass only as what can't be looked into", async () => {
    const head = await gateway.fetch("/echo", { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
    assert.equal((await gateway.fetch("/part")).status, 206);
  });

  test("can't be led away by the target, nor get its cookies", async () => {
    const away = await gateway.fetch("/away");
    assert.equal(away.status, 302);
    assert.equal(away.headers.get("location"), "/t/shop/echo?from=away");
    const cookie = await gateway.fetch("/cookie");
    assert.equal(cookie.headers.get("set-cookie"), null);
    assert.equal(cookie.headers.get("content-security-policy"), "sandbox");
    assert.notEqual(cookie.headers.get("strict-transport-security"), "max-age=1");
  });

  test("that break off at the target break off at the agent", async () => {
    const response = await gateway.fetch("/cut");
    await assert.rejects(response.text());
  });

  test("become WebSockets, with their messages, subprotocol and codes; or are refused as the target does", async () => {
    fresh();
    const address = gateway.url.replace("http", "ws");
    const headers = { authorization: `Bearer ${gateway.token}` };
    const socket = new WebSocket(`${address}/chat`, ["chat"], { headers });
    await once(socket, "open");
    assert.equal(socket.protocol, "chat");
    const echoed = async (data: string | Buffer) => {
      const message = once(socket, "message");
      socket.send(data);
      const [got, isBinary] = (await message) as [Buffer, boolean];
      return { got, isBinary };
    };
    assert.deepEqual(await echoed("hello"), { got: Buffer.from("hello"), isBinary: false });
    const large = randomBytes(700_000);
    const binary = await echoed(large);
    assert.ok(binary.isBinary && binary.got.equals(large));
    const masked = String((await echoed("token, please")).got);
    assert.match(masked, /^token /);
    assert.equal(masked.includes(TOKEN), false);
    socket.close(4321, "enough");
    await left.promise;
    const refused = new WebSocket(`${address}/refused`, [], { headers });
    const [, response] = (await once(refused, "unexpected-response")) as [unknown, IncomingMessage];
    assert.equal(response.statusCode, 409);
    response.destroy();
    refused.on("error", () => {});
    refused.terminate();
  });

  test("are ended by policies that block what they are", async () => {
    fresh();
    const events = await read(await gateway.fetch("/events"));
    await events.next();
    await gateway.apply(CLOSED);
    await assert.rejects(events.reader.read());
    await left.promise;
    assert.equal((await gateway.fetch("/events")).status, 403);
    await gateway.apply(OPEN);
  });

  test("share a session, whose recording holds what was sent and seen, and no credential", async () => {
    const [session, ...others] = await gateway.sessions();
    assert.deepEqual(others, []);
    const entries = await gateway.recording(session!.id);
    const whole = Buffer.concat(entries.map(({ frame }) => Buffer.from(frame))).toString("latin1");
    for (const secret of [gateway.token, "the-service-key", TOKEN])
      assert.equal(whole.includes(secret), false);
    const heads = entries
      .filter(({ kind, frame }) => kind === EntryKind.agent && (frame[1]! & 32) !== 0)
      .map(
        ({ frame }) => JSON.parse(Buffer.from(frame.subarray(FRAME_HEADER)).toString()) as { target: string },
      );
    assert.ok(heads.some(({ target }) => target === "/echo?a=1&b=%20x"));
  });

  test("end with the session, and the next one opens another", async () => {
    fresh();
    const [session] = await gateway.sessions();
    const events = await read(await gateway.fetch("/events"));
    await events.next();
    await gateway.edge.api("POST", `/v1/sessions/${session!.id}/kill`, { reason: "enough" });
    await assert.rejects(events.reader.read());
    await left.promise;
    assert.equal((await gateway.fetch("/echo")).status, 200);
    assert.equal((await gateway.sessions()).length, 2);
  });

  test("end with the connector, and go on with the next", async () => {
    fresh();
    const events = await read(await gateway.fetch("/events"));
    await events.next();
    const broken = assert.rejects(events.reader.read());
    await gateway.restartConnector();
    await broken;
    await left.promise;
    assert.equal((await gateway.fetch("/echo")).status, 200);
  });

  test("of a revoked agent get nothing any more", async () => {
    fresh();
    const events = await read(await gateway.fetch("/events"));
    await events.next();
    await gateway.edge.api("DELETE", "/v1/tokens/agent");
    await assert.rejects(events.reader.read());
    await left.promise;
    assert.equal((await gateway.fetch("/echo")).status, 401);
  });
});

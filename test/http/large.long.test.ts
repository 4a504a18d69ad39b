import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { unavailable } from "../system-packages.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { startServer, type TestServer } from "./server.ts";

const LARGE = 100 * 1024 * 1024;
/** What connector, edge's host and client in one process may need for `LARGE` bytes, beside what they had. */
const MEMORY = 160 * 1024 * 1024;
const PART = 256 * 1024;

describe("100 MB through the whole path", { timeout: 300_000, skip: unavailable("nginx-light") }, () => {
  let nginx: Nginx;
  let upstream: TestServer;
  let gateway: HttpGateway;
  let uploaded = "";
  const large = randomBytes(LARGE);
  const wanted = createHash("sha256").update(large).digest("hex");

  before(async () => {
    upstream = await startServer((incoming, response) => {
      const hash = createHash("sha256");
      incoming.on("data", (chunk: Buffer) => hash.update(chunk));
      incoming.on("end", () => {
        uploaded = hash.digest("hex");
        response.writeHead(201).end();
      });
    });
    const proxy = `proxy_pass http://127.0.0.1:${upstream.port}/; proxy_http_version 1.1; proxy_request_buffering off;`;
    nginx = await startNginx({
      files: { "large.bin": large },
      server: [`location /through/ { ${proxy} client_max_body_size 200m; }`],
    });
    gateway = await startHttpGateway({ target: { ...upstream.target, port: nginx.port } });
  });

  after(async () => {
    await gateway?.stop();
    await nginx?.stop();
    await upstream?.stop();
  });

  const ask = (path: string, method: string) =>
    request(gateway.url + path, { method, headers: { authorization: `Bearer ${gateway.token}` } });

  test("come from nginx in bounded memory", async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const hash = createHash("sha256");
    const asked = ask("/large.bin", "GET");
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    for await (const chunk of response as AsyncIterable<Buffer>) {
      hash.update(chunk);
      most = Math.max(most, process.memoryUsage().rss);
    }
    assert.equal(hash.digest("hex"), wanted);
    assert.ok(most - before < MEMORY, `${Math.round((most - before) / 1024 / 1024)} MB more`);
  });

  test("go through nginx in bounded memory", async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const put = ask("/through/put", "PUT");
    const answered = once(put, "response") as Promise<[IncomingMessage]>;
    for (let at = 0; at < LARGE; at += PART) {
      most = Math.max(most, process.memoryUsage().rss);
      if (!put.write(large.subarray(at, at + PART))) await once(put, "drain");
    }
    put.end();
    const [stored] = await answered;
    stored.resume();
    assert.equal(stored.statusCode, 201);
    assert.equal(uploaded, wanted);
    assert.ok(most - before < MEMORY, `${Math.round((most - before) / 1024 / 1024)} MB more`);
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { listenHttp } from "../../client/http/listener.ts";
import type { Listener } from "../../client/listener.ts";
import { openExchangeTunnel } from "../../protocol/tunnel/join.ts";
import { unavailable } from "../system-packages.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

/** What clients of `curl` do; URL stands for the target's address. */
const CURL: string[][] = [
  ["URL/echo?a=1&b=%20"],
  ["-X", "POST", "-d", "a=1&b=2", "URL/echo"],
  ["-X", "PATCH", "-H", "content-type: application/json", "-d", '{"a":1}', "URL/echo"],
  [
    "-F",
    "field=value;type=text/plain",
    "-H",
    "content-type: multipart/form-data; boundary=x",
    "URL/echo-length",
  ],
  ["-T", "-", "-H", "expect:", "URL/echo"],
  ["-T", "-", "-H", "expect: 100-continue", "URL/echo"],
  ["--compressed", "URL/gzip"],
  ["-X", "DELETE", "-w", "%{http_code}", "URL/empty"],
  ["-w", "%{http_code} %{content_type}", "URL/not-found"],
  ["-L", "URL/redirect"],
  ["-r", "2-5", "-w", "%{http_code}", "URL/bytes"],
  ["--http1.0", "URL/echo"],
  ["-N", "URL/events"],
  ["URL/echo?first", "URL/echo?second", "URL/echo?third"],
  ["-I", "-o", "/dev/null", "-w", "%{http_code} %{content_type}", "URL/echo"],
];

/** A body that comes in these parts. */
function streamOf(...parts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(Buffer.from(part));
    },
  });
}

/** What a program of Python does with the address that it is given. */
const PYTHON = `
import http.client, json, sys, urllib.error, urllib.parse, urllib.request
url, headers = sys.argv[1], json.loads(sys.argv[2])
def ask(path, **options):
    given = {**headers, **options.pop("headers", {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, headers=given, **options)) as response:
            print(response.status, response.headers["content-type"], response.read())
    except urllib.error.HTTPError as error:
        print(error.code, error.read())
ask("/echo?q=" + urllib.parse.quote("ä b"))
ask("/echo", data=b'{"a":1}', headers={"content-type": "application/json"}, method="PUT")
ask("/not-found")
ask("/redirect")
place = urllib.parse.urlsplit(url)
connection = http.client.HTTPConnection(place.netloc)
for path in ["/echo?1", "/echo?2"]:
    connection.request("GET", place.path + path, headers=headers)
    print(connection.getresponse().read())
connection.request("POST", place.path + "/echo", body=iter([b"a" * 70000, b"b"]), headers=headers, encode_chunked=True)
print(connection.getresponse().read())
connection.request("HEAD", place.path + "/echo", headers=headers)
response = connection.getresponse()
print(response.status, response.read())
`;

describe("programs that speak HTTP", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let listener: Listener;
  let local: string;

  before(async () => {
    server = await startServer((incoming, response) => {
      const { pathname } = new URL(incoming.url!, "http://target");
      void text(incoming).then((body) => {
        const { method, url, headers } = incoming;
        switch (pathname) {
          case "/echo": {
            const type = headers["content-type"] ?? null;
            response.setHeader("content-type", "application/json");
            response.end(
              JSON.stringify({ method, url, type, length: body.length, start: body.slice(0, 50) }),
            );
            return;
          }
          case "/echo-length":
            response.setHeader("content-type", "text/plain").end(`${body.includes('name="field"')}`);
            return;
          case "/gzip":
            response.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" });
            response.end(gzipSync("compressed"));
            return;
          case "/empty":
            response.writeHead(204).end();
            return;
          case "/redirect":
            response.writeHead(302, { location: "/echo?redirected" }).end();
            return;
          case "/bytes":
            response.writeHead(206, {
              "content-type": "application/octet-stream",
              "content-range": "bytes 2-5/9",
            });
            response.end("cdef");
            return;
          case "/events":
            response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
            setImmediate(() => response.end("data: 2\n\n"));
            return;
          case "/hints":
            response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () =>
              response.end("after hints"),
            );
            return;
          case "/trailers":
            response.writeHead(200, { "content-type": "text/plain", trailer: "x-checksum" });
            response.write("body");
            response.addTrailers({ "x-checksum": `sum ${incoming.trailers["x-sent"] ?? ""}` });
            response.end();
            return;
          default:
            response.writeHead(404, { "content-type": "text/plain" }).end("not here");
        }
      });
    });
    gateway = await startHttpGateway({ target: server.target });
    const { url } = gateway.edge.edge;
    listener = await listenHttp({
      ...{ host: "127.0.0.1", port: 0, kind: "http" },
      open: () => openExchangeTunnel({ edge: url, target: "shop", token: gateway.token }),
    });
    local = `http://127.0.0.1:${listener.port}`;
  });

  after(async () => {
    await listener?.close();
    await gateway?.stop();
    await server?.stop();
  });

  /** Ways to the target: the edge's own address, and a listener of `sallyport connect`. */
  const ways = (): { name: string; url: string; headers: Record<string, string> }[] => [
    { name: "the edge", url: gateway.url, headers: { authorization: `Bearer ${gateway.token}` } },
    { name: "the listener", url: local, headers: {} },
  ];
  const direct = (): string => `http://127.0.0.1:${server.port}`;

  async function run(program: string, args: string[], input = ""): Promise<string> {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const [out, problems, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    assert.equal(status, 0, `${program} ${args.join(" ")}: ${problems}`);
    return out;
  }

  describe("curl", { skip: unavailable("curl") }, () => {
    for (const args of CURL) {
      test(args.join(" "), async () => {
        const curl = (url: string, headers: Record<string, string>) => {
          const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
          const placed = args.map((arg) => arg.replace("URL", url));
          return run("curl", ["-sS", "--max-time", "20", ...fields, ...placed], "what it uploads");
        };
        const wanted = await curl(direct(), {});
        assert.notEqual(wanted, "");
        for (const { name, url, headers } of ways()) assert.equal(await curl(url, headers), wanted, name);
      });
    }
  });

  test("Python's urllib and http.client", async () => {
    const python = (url: string, headers: Record<string, string>) =>
      run("/usr/bin/python3", ["-c", PYTHON, url, JSON.stringify(headers)]);
    const wanted = await python(direct(), {});
    assert.equal(wanted.split("\n").length, 9);
    for (const { name, url, headers } of ways()) assert.equal(await python(url, headers), wanted, name);
  });

  test("fetch, with a body that streams", async () => {
    const ask = async (url: string, headers: Record<string, string>) => {
      const streamed = {
        method: "POST",
        headers,
        body: streamOf("one ", "two ", "three"),
        duplex: "half",
      } as const;
      const answers = [
        await fetch(`${url}/echo`, streamed),
        await fetch(`${url}/gzip`, { headers }),
        await fetch(`${url}/redirect`, { headers }),
        await fetch(`${url}/empty`, { headers }),
      ];
      return Promise.all(answers.map(async (one) => [one.status, one.redirected, await one.text()]));
    };
    const wanted = await ask(direct(), {});
    for (const { name, url, headers } of ways()) assert.deepEqual(await ask(url, headers), wanted, name);
  });

  describe("through a listener, where nothing of HTTP/1.1 is lost", () => {
    test("interim responses and trailers come as they do directly", async () => {
      for (const url of [direct(), local]) {
        const hinted = request(`${url}/hints`);
        const informed = once(hinted, "information") as Promise<[{ statusCode: number }]>;
        const answered = once(hinted, "response") as Promise<[IncomingMessage]>;
        hinted.end();
        assert.equal((await informed)[0].statusCode, 103, url);
        assert.equal(await text((await answered)[0]), "after hints");

        const sent = request(`${url}/trailers`, {
          method: "POST",
          headers: { "transfer-encoding": "chunked", te: "trailers", trailer: "x-sent" },
        });
        const response = once(sent, "response") as Promise<[IncomingMessage]>;
        sent.write("abc");
        sent.addTrailers({ "x-sent": "by the client" });
        sent.end();
        const [got] = await response;
        assert.equal(await text(got), "body");
        assert.deepEqual({ ...got.trailers }, { "x-checksum": "sum by the client" }, url);
      }
    });

    test("a client that expects 100 waits for it, and gets it", async () => {
      const asked = request(`${local}/echo`, { method: "PUT", headers: { expect: "100-continue" } });
      asked.flushHeaders();
      const answered = once(asked, "response") as Promise<[IncomingMessage]>;
      await once(asked, "continue");
      asked.end("body");
      const [response] = await answered;
      assert.match(await text(response), /"length":4/);
    });
  });
});

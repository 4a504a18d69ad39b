import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { localListener, RawClient } from "./testing.ts";

const PORT = "PORT";

/** Fields of a request, `PORT` being the listener's, and the status that they lead to. */
const CASES: [what: string, fields: string[], status: number][] = [
  ["its address", [`Host: 127.0.0.1:${PORT}`], 200],
  ["localhost", [`Host: localhost:${PORT}`], 200],
  ["localhost with a final dot, in capitals", [`Host: LOCALHOST.:${PORT}`], 200],
  ["a name under localhost", [`Host: web.localhost:${PORT}`], 200],
  ["the IPv6 loopback", [`Host: [::1]:${PORT}`], 200],
  ["another address of the loopback", [`Host: 127.0.0.2:${PORT}`], 200],
  ["an address that is not listened on", ["Host: 10.1.2.3"], 403],
  ["no address in particular, of which browsers don't say who asks", [`Host: 0.0.0.0:${PORT}`], 403],
  ["the same in IPv6", [`Host: [::]:${PORT}`], 403],
  ["the loopback as browsers don't know it", [`Host: [::ffff:127.0.0.1]:${PORT}`], 403],
  ["its own page", [`Host: localhost:${PORT}`, `Origin: http://localhost:${PORT}`], 200],
  ["an address typed into a browser", [`Host: localhost:${PORT}`, "Sec-Fetch-Site: none"], 200],
  ["its own page's request", [`Host: localhost:${PORT}`, "Sec-Fetch-Site: same-origin"], 200],
  ["a name that was pointed here (DNS rebinding)", ["Host: evil.example"], 403],
  ["that with the port", [`Host: evil.example:${PORT}`], 403],
  ["a name that ends like localhost", ["Host: evillocalhost"], 403],
  ["localhost as another's name", ["Host: localhost.evil.example"], 403],
  ["an address as another's name", ["Host: 127.0.0.1.evil.example"], 403],
  ["a page of another site", [`Host: localhost:${PORT}`, "Origin: https://evil.example"], 403],
  ["a page without an origin", [`Host: localhost:${PORT}`, "Origin: null"], 403],
  ["a page of another port here", [`Host: localhost:${PORT}`, "Origin: http://localhost:1"], 403],
  ["a page over TLS of the same name", [`Host: localhost:${PORT}`, `Origin: https://localhost:${PORT}`], 403],
  ["a link on another site", [`Host: localhost:${PORT}`, "Sec-Fetch-Site: cross-site"], 403],
  [
    "a page of another port, told by the browser",
    [`Host: localhost:${PORT}`, "Sec-Fetch-Site: same-site"],
    403,
  ],
  [
    "two origins",
    [`Host: localhost:${PORT}`, `Origin: http://localhost:${PORT}`, "Origin: https://evil.example"],
    403,
  ],
  ["a word that browsers don't say", [`Host: localhost:${PORT}`, "Sec-Fetch-Site: whatever"], 403],
  ["user information", ["Host: localhost@evil.example"], 400],
  ["a path", ["Host: localhost/evil"], 400],
  ["nothing", ["Host: "], 400],
  ["an address that is none", ["Host: [127.0.0.1]"], 400],
  ["no host", [], 400],
];

describe("the local listener takes requests to", () => {
  for (const [what, fields, status] of CASES) {
    test(`${what}: ${status}`, async (context) => {
      const local = await localListener(context, (served) => served.answer(200));
      const lines = fields.map((field) => `${field.replaceAll(PORT, String(local.listener.port))}\r\n`);
      for (const upgrade of [
        "",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
      ]) {
        const raw = new RawClient(local);
        raw.send(`GET / HTTP/1.1\r\n${lines.join("")}${upgrade}\r\n`);
        const got = await raw.until("\r\n\r\n");
        assert.match(got, new RegExp(`^HTTP/1\\.1 ${status} `));
        raw.socket.destroy();
      }
      if (status !== 200) assert.deepEqual([local.served.length, local.tunnels.length], [0, 0]);
    });
  }
});

/** What the parser, or we, must not take two ways. Each is one connection's bytes. */
const SMUGGLING: [what: string, bytes: string][] = [
  [
    "Content-Length and Transfer-Encoding",
    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "Transfer-Encoding and Content-Length",
    "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
  ],
  ["two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["the same length twice", "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"],
  ["a list of lengths", "Content-Length: 1, 1\r\n\r\na"],
  ["a signed length", "Content-Length: +1\r\n\r\na"],
  ["a negative length", "Content-Length: -1\r\n\r\na"],
  ["a length in hex", "Content-Length: 0x1\r\n\r\na"],
  ["a length beyond numbers", "Content-Length: 99999999999999999999\r\n\r\na"],
  ["another coding after chunked", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ["a coding that nobody knows", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  ["chunked in quotes", 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n'],
  ["a blank before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
  ["a folded line", "X-One: a\r\n b\r\n\r\n"],
  ["a folded Transfer-Encoding", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"],
  ["a bare CR", "X-One: a\rTransfer-Encoding: chunked\r\n\r\n"],
  ["a null in a value", "X-One: a\0b\r\n\r\n"],
  ["a control character in a value", "X-One: a\x01b\r\n\r\n"],
  ["a name with a blank", "X One: a\r\n\r\n"],
  ["no name", ": a\r\n\r\n"],
  ["a line without a colon", "nothing\r\n\r\n"],
  ["a chunk size with a sign", "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n"],
  ["a chunk size with 0x", "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"],
  ["a chunk longer than it says", "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"],
  ["a chunk ended by a bare LF", "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n"],
];

describe("the local listener refuses, and ends the connection:", () => {
  for (const [what, rest] of SMUGGLING) {
    test(what, async (context) => {
      const local = await localListener(context, (served) => {
        void served.ended.promise.then(() => served.answer(200));
      });
      const raw = new RawClient(local);
      raw.send(
        `POST / HTTP/1.1\r\nHost: localhost\r\n${rest}GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      );
      const all = await raw.whole();
      assert.match(all, /^HTTP\/1\.1 400 /);
      assert.ok(!all.includes(" 200 "));
      assert.ok(local.served.every((served) => served.head.target !== "/smuggled"));
    });
  }

  for (const [what, line, status] of [
    ["an absolute URL", "GET http://evil.example/ HTTP/1.1", 400],
    ["an absolute URL to itself", "GET http://localhost/ HTTP/1.1", 400],
    ["no path", "OPTIONS * HTTP/1.1", 400],
    ["bytes that aren't ASCII", "GET /\xff HTTP/1.1", 400],
    ["a target that is too long", `GET /${"a".repeat(17_000)} HTTP/1.1`, 400],
    ["a head that is too long", `GET /${"a".repeat(40_000)} HTTP/1.1`, 431],
    ["a method that is none", "GE(T / HTTP/1.1", 400],
    ["another version", "GET / HTTP/3.0", 400],
    ["a preface of HTTP/2", "PRI * HTTP/2.0", 400],
  ] as const) {
    test(what, async (context) => {
      const local = await localListener(context, (served) => served.answer(200));
      const raw = new RawClient(local).send(`${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      assert.match(await raw.whole(), new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(local.served.length, 0);
    });
  }

  test("too many fields", async (context) => {
    const local = await localListener(context, (served) => served.answer(200));
    const fields = Array.from({ length: 201 }, (_, index) => `x-${index}: 1\r\n`).join("");
    const raw = new RawClient(local).send(
      `GET / HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`,
    );
    assert.match(await raw.whole(), /^HTTP\/1\.1 431 /);
    assert.equal(local.served.length, 0);
  });

  test("CONNECT", async (context) => {
    const local = await localListener(context, (served) => served.answer(200));
    const raw = new RawClient(local).send("CONNECT evil:443 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert.ok(!(await raw.whole()).includes(" 200 "));
    assert.equal(local.served.length, 0);
  });
});

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import { type Certificate, type CertificateAuthority, createAuthority } from "../../../test/certificates.ts";
import type { VerifiedTls } from "../../target-tls.ts";
import { ask, failure, portOf, serveRaw, upstreamAt } from "./testing.ts";

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let own: Certificate;
let other: Certificate;
let client: Certificate;
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-tls-"));
  authority = createAuthority();
  stranger = createAuthority("Strangers");
  own = authority.issue({ name: "shop", alternatives: ["DNS:shop.internal", "IP:127.0.0.1"] });
  other = authority.issue({ name: "other", alternatives: ["DNS:other.internal"] });
  client = authority.issue({ name: "connector-1" });
});
after(() => {
  authority.remove();
  stranger.remove();
  rmSync(folder, { recursive: true });
});

function trusting(change: Partial<VerifiedTls> = {}): VerifiedTls {
  return { mode: "verify-full", ca: authority.certificate, serverName: null, client: null, ...change };
}

function pem({ certificate, key }: Certificate) {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

/** A target with TLS, and what it got of requests and of their peers. */
async function target(t: TestContext, identity: Certificate, options: object = {}) {
  const seen: { peer: string; name: unknown; alpn: unknown }[] = [];
  const server: Server = createServer({ ...pem(identity), ...options }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername?: unknown };
    const peer = String(socket.getPeerCertificate().subject?.CN ?? "");
    seen.push({ peer, name: socket.servername, alpn: socket.alpnProtocol });
    response.setHeader("connection", "close");
    response.end("ok");
  });
  server.on("tlsClientError", () => {});
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.send("hello"));
  t.after(() => sockets.close());
  return { port: await portOf(t, server), seen };
}

describe("a target with TLS", () => {
  test("is asked when its certificate is as configured, for requests and WebSockets", async (t) => {
    const { port, seen } = await target(t, own);
    const upstream = upstreamAt(t, port, { tls: trusting() });
    assert.equal((await ask(upstream)).body, "ok");
    assert.deepEqual(seen, [{ peer: "", name: false, alpn: "http/1.1" }]);
    const opened = await upstream.websocket({
      target: "/",
      base: "",
      fields: [],
      identity: null,
      subprotocols: [],
    });
    assert.ok("socket" in opened);
  });

  test("is told the configured name", async (t) => {
    const { port, seen } = await target(t, own);
    await ask(upstreamAt(t, port, { tls: trusting({ serverName: "shop.internal" }) }));
    assert.equal(seen[0]!.name, "shop.internal");
  });

  const FAULTS: [claim: string, tls: () => VerifiedTls, words: RegExp][] = [
    [
      "from an authority that isn't trusted",
      () => trusting({ ca: stranger.certificate }),
      /authority that is not trusted/,
    ],
    ["from an authority that the system does not know", () => trusting({ ca: null }), /not trusted/],
    ["for another name", () => trusting({ serverName: "orders.internal" }), /for another name/],
  ];
  for (const [claim, tls, words] of FAULTS) {
    test(`gets nothing of a request when its certificate is ${claim}`, async (t) => {
      const bytes: Buffer[] = [];
      const server = createTlsServer(pem(own), (socket) => {
        socket.on("error", () => {}).on("data", (chunk) => bytes.push(chunk));
      });
      server.on("tlsClientError", () => {});
      const port = await portOf(t, server);
      const key = join(folder, "secret");
      writeFileSync(key, "swordfish-7");
      const credential = { type: "bearer", token: { file: key } } as const;
      const upstream = upstreamAt(t, port, { tls: tls(), credential });
      const error = await failure(ask(upstream, { method: "POST", body: Buffer.from("body") }));
      assert.equal(error.code, "target_refused");
      assert.match(error.message, words);
      const refused = await failure(
        upstream.websocket({ target: "/", base: "", fields: [], identity: null, subprotocols: [] }),
      );
      assert.match(refused.message, words);
      assert.deepEqual(bytes, []);
    });
  }

  test("may have another name where only the authority counts", async (t) => {
    const { port } = await target(t, other);
    assert.equal((await failure(ask(upstreamAt(t, port, { tls: trusting() })))).code, "target_refused");
    assert.equal((await ask(upstreamAt(t, port, { tls: trusting({ mode: "verify-ca" }) }))).body, "ok");
  });

  test("is not asked in the clear when it speaks no TLS", async (t) => {
    const seen: string[] = [];
    const port = await serveRaw(t, (socket, head) => {
      seen.push(head);
      socket.end("HTTP/1.1 200 OK\r\n\r\n");
    });
    const asked = failure(
      ask(upstreamAt(t, port, { tls: trusting(), limits: { connectMs: 200, headMs: 200, connections: 9 } })),
    );
    assert.match((await asked).code, /^target_(?:refused|unreachable)$/);
    assert.ok(seen.every((head) => !head.startsWith("GET")));
  });

  test("gets the connector's certificate, and the next one once the files have changed", async (t) => {
    const { port, seen } = await target(t, own, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: readFileSync(authority.certificate),
    });
    const paths = { certificate: join(folder, "client.pem"), key: { file: join(folder, "client.key") } };
    const install = (from: Certificate) => {
      for (const [source, path] of [
        [from.certificate, paths.certificate],
        [from.key, paths.key.file],
      ] as const) {
        copyFileSync(source, `${path}.new`);
        renameSync(`${path}.new`, path);
      }
    };
    install(client);
    const upstream = upstreamAt(t, port, { tls: trusting({ client: paths }) });
    await ask(upstream);
    install(authority.issue({ name: "connector-2" }));
    await ask(upstream);
    assert.deepEqual(
      seen.map(({ peer }) => peer),
      ["connector-1", "connector-2"],
    );
    writeFileSync(paths.certificate, "nonsense");
    const error = await failure(ask(upstream));
    assert.equal(error.code, "invalid_config");
    rmSync(paths.certificate);
    assert.match((await failure(ask(upstream))).message, /can't be read/);
  });

  test("that asks for a certificate which the connector hasn't says so", async (t) => {
    const { port } = await target(t, own, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: readFileSync(authority.certificate),
    });
    const error = await failure(ask(upstreamAt(t, port, { tls: trusting() })));
    assert.match(error.code, /^target_/);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import fc from "fast-check";
import * as m from "../../protocol/postgres/messages.ts";
import { MessageReader, STARTUP } from "../../protocol/postgres/reader.ts";
import { cstring, message, u32 } from "../../protocol/postgres/wire.ts";
import { runs, SEED } from "../../protocol/seeded.ts";
import { createAuthority } from "../../test/certificates.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { guardWithoutCatalog, serve, type TestStream, targetConfig, testDeps } from "./test-stream.ts";

console.log(`hostile target fuzz: SEED=${SEED}`);

/** A connection of the connector's, from the false server's side. */
interface Caller {
  socket: Socket;
  /** The next message; startup messages with the name `Startup`. */
  next(): Promise<{ name: string; body: Buffer }>;
}

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

/** A server that does with each connection what the test says. */
async function fake(act: (caller: Caller) => unknown): Promise<PostgresTargetConfig> {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    void act(caller(socket));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.env.HOSTILE_TEST_PASSWORD = "pencil";
  const { port } = server.address() as AddressInfo;
  return targetConfig({ port, password: { env: "HOSTILE_TEST_PASSWORD" } });
}

function caller(socket: Socket): Caller {
  const reader = new MessageReader("frontend", { whole: "BCDEFHPQSXcdfp", wholeLimit: 1 << 20 });
  const chunks = socket.iterator({ destroyOnReturn: false });
  return {
    socket,
    async next() {
      while (!reader.next()) {
        const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
        if (done) return { name: "end", body: Buffer.alloc(0) };
        reader.push(value);
      }
      const name = reader.type === STARTUP ? "Startup" : m.messageName("frontend", reader.type)!;
      return { name, body: Buffer.from(reader.body()!) };
    },
  };
}

const authentication = (code: number, ...parts: Uint8Array[]) =>
  message(m.BACKEND.Authentication, u32(code), ...parts);
const KEY = m.backendKeyData({ processId: 7, secret: Buffer.from("real") });
const READY = m.readyForQuery("I");

/** Answers the startup with these bytes. */
const answering =
  (...answer: Uint8Array[]) =>
  async ({ socket, next }: Caller) => {
    await next();
    socket.write(Buffer.concat(answer));
  };
const welcome = (...more: Uint8Array[]) => answering(m.authenticationOk(), KEY, READY, ...more);

async function refusal(
  target: PostgresTargetConfig,
  deps = testDeps(),
): Promise<{ code: string; text: string }> {
  const agent = serve(target, deps);
  agent.startup();
  const fields = await agent.refusal();
  assert.equal(agent.malformed, undefined);
  assert.ok(agent.ended);
  const text = fields.get("M") ?? "";
  assert.doesNotMatch(`${text} ${fields.get("H")} ${deps.logged}`, /pencil/);
  return { code: fields.get("C") ?? "", text };
}

describe("in the startup, a target is refused that", () => {
  const NONSENSE: [what: string, answer: Uint8Array[], code: string, text: RegExp][] = [
    ["sends garbage", [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")], "54000", /length/],
    ["claims a length of 4 GiB", [Buffer.from("R\xff\xff\xff\xff", "latin1")], "54000", /limit/],
    ["claims a length of nothing", [Buffer.from("R\0\0\0\0")], "08P01", /least/],
    ["is ready before it authenticates", [READY], "08P01", /before authentication/],
    ["gives a key before it authenticates", [KEY], "08P01", /before authentication/],
    ["authenticates twice", [m.authenticationOk(), m.authenticationOk()], "08P01", /came in the startup/],
    ["gives two keys", [m.authenticationOk(), KEY, KEY], "08P01", /came in the startup/],
    ["sends rows", [m.authenticationOk(), Buffer.from("D\0\0\0\x06\0\0")], "08P01", /came in the startup/],
    ["sends an error that is too long to read", [Buffer.from("E\0\x10\0\0M")], "08P01", /too long/],
    ["sends an error without an end", [Buffer.from("E\0\0\0\x06Mx")], "08P01", /without an end/],
    ["wants Kerberos", [authentication(7)], "08004", /does not have \(code 7\)/],
    [
      "wants SASL of an unknown kind",
      [authentication(10, cstring("OAUTHBEARER"), cstring(""))],
      "08004",
      /mechanism/,
    ],
    ["goes on with SASL that hasn't begun", [authentication(11, Buffer.from("r="))], "08P01", /out of order/],
    [
      "negotiates a newer version",
      [m.negotiateProtocolVersion({ version: m.PROTOCOL_3_2, unknownOptions: [] })],
      "08P01",
      /not offered/,
    ],
    [
      "says no end of parameters",
      Array(9000).fill(m.parameterStatus("name", "x".repeat(40))),
      "08P01",
      /before authentication/,
    ],
    [
      "greets without an end",
      [m.authenticationOk(), ...Array(9000).fill(m.parameterStatus("name", "x".repeat(40)))],
      "08P01",
      /no end/,
    ],
  ];
  for (const [what, answer, code, text] of NONSENSE) {
    test(what, async () => {
      const told = await refusal(await fake(answering(...answer)));
      assert.equal(told.code, code);
      assert.match(told.text, text);
    });
  }

  test("closes", async () => {
    const told = await refusal(await fake(async ({ socket, next }) => next().then(() => socket.end())));
    assert.equal(told.code, "08006");
  });

  test("never answers", async () => {
    const told = await refusal(await fake(() => {}), testDeps({ connectTimeoutMs: 50 }));
    assert.equal(told.code, "08001");
    assert.match(told.text, /not ready within 0\.05 s/);
  });

  test("sends control characters in its error, which do not reach the terminal", async () => {
    const error = m.errorFields(
      "ErrorResponse",
      new Map([
        ["C", "X!"],
        ["M", "\u001b[2Jgone\r\n"],
      ]),
    );
    const told = await refusal(await fake(answering(error)));
    assert.equal(told.code, "08004");
    assert.match(told.text, /: +\[2Jgone /);
  });
});

describe("in SCRAM, a target is refused that", () => {
  /** Plays the exchange up to the answer to the client's first message. */
  const scram = (first: (nonce: string) => string, ...after: Uint8Array[]) =>
    fake(async ({ socket, next }) => {
      await next();
      socket.write(authentication(10, cstring("SCRAM-SHA-256"), cstring("")));
      const nonce = (await next()).body.toString("latin1").split("r=")[1]!;
      socket.write(authentication(11, Buffer.from(first(nonce))));
      await next();
      socket.write(Buffer.concat(after));
    });
  const honest = (nonce: string) => `r=${nonce}server,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

  test("does not know the password", async () => {
    const signature = authentication(12, Buffer.from(`v=${Buffer.alloc(32).toString("base64")}`));
    const told = await refusal(await scram(honest, signature, m.authenticationOk(), KEY, READY));
    assert.equal(told.code, "08004");
    assert.match(told.text, /signature is wrong/);
  });
  test("leaves out its proof", async () => {
    const told = await refusal(await scram(honest, m.authenticationOk(), KEY, READY));
    assert.equal(told.code, "08P01");
  });
  test("asks for endless iterations", async () => {
    const told = await refusal(await scram((nonce) => honest(nonce).replace("4096", "4000000000")));
    assert.match(told.text, /iterations/);
  });
  test("asks for the password in clear afterwards", async () => {
    const told = await refusal(await scram(honest, authentication(3)));
    assert.equal(told.code, "08P01");
  });
});

describe("before TLS, a target is refused that", () => {
  const verified = { mode: "verify-full", ca: null, serverName: null, client: null } as const;
  for (const [what, answer, text] of [
    ["sends more than its answer, to be taken for encrypted", "SE", /unencrypted bytes/],
    ["answers with an error", "E\0\0\0\x05", /does not offer TLS/],
    ["answers with something else", "?", /does not offer TLS/],
    ["begins TLS with garbage", "S|garbage that is no TLS at all", /TLS with target orders failed/],
  ] as const) {
    test(what, async () => {
      const target = await fake(({ socket }) => {
        const [first = "", second = ""] = answer.split("|");
        socket.once("data", () => {
          socket.write(first);
          socket.once("data", () => socket.write(second));
        });
      });
      const told = await refusal({ ...target, tls: verified });
      assert.match(told.text, text);
    });
  }
});

async function opened(target: PostgresTargetConfig): Promise<TestStream> {
  const agent = serve(target);
  await agent.open();
  return agent;
}

describe("in a session, a target", () => {
  for (const [what, bytes] of [
    ["a second AuthenticationOk", m.authenticationOk()],
    ["a second key", KEY],
    ["a replication stream", Buffer.from("W\0\0\0\x07\0\0\0")],
    ["an unknown type", Buffer.from("?\0\0\0\x04")],
    ["a client's message", m.sync()],
    ["a length that can't be", Buffer.from("Z\0\0\0\x09")],
  ] as const) {
    test(`that sends ${what} ends it, and the agent gets what was in order before`, async () => {
      const notice = m.errorFields("NoticeResponse", new Map([["M", "last"]]));
      const target = await fake(
        welcome(notice, bytes, m.errorFields("NoticeResponse", new Map([["M", "never"]]))),
      );
      const agent = serve(target);
      agent.startup();
      const fields = await agent.refusal();
      assert.match(fields.get("C") ?? "", /^(08P01|54000)$/);
      assert.equal(agent.malformed, undefined);
      const texts = agent.messages
        .filter(({ name }) => name === "NoticeResponse")
        .map(({ body }) => body.toString());
      assert.equal(texts.length, 1);
      assert.match(texts[0]!, /last/);
    });
  }

  test("that closes between messages: the agent is told", async () => {
    const agent = serve(await fake(async (one) => welcome()(one).then(() => one.socket.end())));
    agent.startup();
    assert.equal((await agent.refusal()).get("C"), "08006");
    assert.equal(agent.closed?.code, "target_closed");
  });

  test("that closes inside a message: the agent gets the end only, never an error inside it", async () => {
    const cut = Buffer.concat([Buffer.from("D"), u32(1000), Buffer.alloc(100)]);
    const target = await fake(async (one) => {
      await welcome()(one);
      await one.next();
      one.socket.end(cut);
    });
    const agent = serve(target, testDeps({ guard: guardWithoutCatalog() }));
    agent.startup();
    agent.say(m.query("SHOW all"));
    await agent.until(() => agent.closed !== undefined);
    assert.equal(agent.closed?.code, "target_closed");
    assert.ok(agent.ended);
    assert.deepEqual(agent.frames.at(-1), { bytes: cut, partial: true });
  });

  test("that gives no key is served; there is nothing to cancel with", async () => {
    const deps = testDeps();
    const agent = serve(await fake(answering(m.authenticationOk(), READY)), deps);
    const greeting = await agent.open();
    assert.ok(!greeting.some(({ name }) => name === "BackendKeyData"));
    agent.say(m.query("SELECT 1"));
    agent.handlers.onClose("session_killed", "an administrator ended it");
    assert.deepEqual(deps.logged, []);
  });
});

describe("the target's own key", () => {
  const long = Buffer.alloc(256, 0xab);

  /** Speaks 3.2 where it is asked for; hands cancel requests to the test. */
  async function speaksNew(): Promise<{ target: PostgresTargetConfig; cancelled: Promise<m.StartupPacket> }> {
    let take: (packet: m.StartupPacket) => void;
    const cancelled = new Promise<m.StartupPacket>((resolve) => {
      take = resolve;
    });
    const target = await fake(async ({ socket, next }) => {
      const packet = m.parseStartup((await next()).body);
      if (packet.kind === "cancel") {
        take(packet);
        socket.end();
      } else if (packet.kind === "startup") {
        assert.equal(packet.version, m.PROTOCOL_3_2);
        socket.write(
          Buffer.concat([m.authenticationOk(), m.backendKeyData({ processId: 7, secret: long }), READY]),
        );
      }
    });
    return { target, cancelled };
  }

  test("may have 256 bytes in protocol 3.2, never reaches the agent, and is what cancels", async () => {
    const deps = testDeps({ guard: guardWithoutCatalog() });
    const { target, cancelled } = await speaksNew();
    const agent = serve(target, deps);
    const greeting = await agent.open({}, m.PROTOCOL_3_2);
    const own = m.parseBackendKeyData(greeting.find(({ name }) => name === "BackendKeyData")!.body);
    assert.equal(own.secret.length, 32);
    assert.ok(agent.frames.every(({ bytes }) => !bytes.includes(long.subarray(0, 8))));
    const canceller = serve(target, deps);
    canceller.say(m.cancelRequest(own.processId, own.secret));
    assert.deepEqual(await cancelled, { kind: "cancel", processId: 7, secret: long });
  });

  test("is used over TLS where the session is", async () => {
    const ca = createAuthority();
    const { certificate, key } = ca.issue({ name: "db", alternatives: ["IP:127.0.0.1"] });
    const secureContext = createSecureContext({ cert: readFileSync(certificate), key: readFileSync(key) });
    let take: (packet: m.StartupPacket) => void;
    const cancelled = new Promise<m.StartupPacket>((resolve) => {
      take = resolve;
    });
    const target = await fake(({ socket }) => {
      socket.once("data", (request: Buffer) => {
        assert.deepEqual(request, m.sslRequest());
        const secure = new TLSSocket(socket, { isServer: true, secureContext });
        secure.on("error", () => {});
        socket.write("S");
        secure.once("data", (bytes: Buffer) => {
          const packet = m.parseStartup(bytes.subarray(4));
          if (packet.kind === "startup") secure.write(Buffer.concat([m.authenticationOk(), KEY, READY]));
          else take(packet);
        });
      });
    });
    const tls = { mode: "verify-full", ca: ca.certificate, serverName: null, client: null } as const;
    const agent = await opened({ ...target, tls });
    agent.say(m.query("SHOW all"));
    agent.handlers.onClose("session_killed", "an administrator ended it");
    assert.deepEqual(await cancelled, { kind: "cancel", processId: 7, secret: Buffer.from("real") });
    ca.remove();
  });
});

describe("fuzz", () => {
  const edit = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) });

  test("bent answers end in an orderly way: the agent can read all that it gets", async () => {
    const answer = Buffer.concat([
      m.authenticationOk(),
      m.parameterStatus("TimeZone", "UTC"),
      KEY,
      READY,
      m.errorFields("NoticeResponse", new Map([["M", "a notice"]])),
      message(m.BACKEND.DataRow, Buffer.from([0, 1, 0, 0, 0, 2, 65, 66])),
      message(m.BACKEND.CommandComplete, cstring("SELECT 1")),
      READY,
    ]);
    let now = answer;
    const target = await fake(async (one) => {
      await answering(now)(one);
      one.socket.end();
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: answer.length }),
        async (edits, cut) => {
          now = Buffer.from(answer);
          for (const { at, byte } of edits) now[at % now.length] = byte;
          now = now.subarray(0, cut);
          const agent = serve(target, testDeps({ connectTimeoutMs: 2000 }));
          agent.startup();
          await agent.until(() => agent.closed !== undefined, "the end");
          assert.ok(agent.ended);
          assert.equal(agent.malformed, undefined);
          assert.notEqual(agent.closed?.code, "internal");
          const first = agent.messages[0]?.name;
          assert.ok(first === "Authentication" || first === "ErrorResponse", first);
        },
      ),
      { seed: SEED, numRuns: runs(100, 3_000) },
    );
  });

  test("bent agents end in an orderly way", async () => {
    const target = await fake(welcome());
    const said = Buffer.concat([
      m.sslRequest(),
      m.startupMessage(m.PROTOCOL_3_2, [["database", "postgres"]]),
      m.query("SELECT 1"),
      m.parse({ statement: "s", sql: "SELECT $1", parameterTypes: [25] }),
      m.copyData(Buffer.alloc(20)),
      m.sync(),
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat({ max: said.length })),
        async (edits, cuts) => {
          const bent = Buffer.from(said);
          for (const { at, byte } of edits) bent[at % bent.length] = byte;
          const deps = testDeps();
          const agent = serve(target, deps);
          agent.onBytes = () => {};
          const ends = [...cuts.sort((a, b) => a - b), bent.length];
          for (const [i, end] of ends.entries()) agent.say(bent.subarray(ends[i - 1] ?? 0, end));
          const ready = () => agent.events[0]?.event === "target_connected";
          // Some bends leave a startup that waits for more, or a session in order: those end by the agent.
          await agent.until(() => agent.closed !== undefined || ready() || agent.frames.length < 2);
          if (!agent.closed) agent.handlers.onClose("agent_gone", "the agent is gone");
          assert.notEqual(agent.closed?.code, "internal");
        },
      ),
      { seed: SEED, numRuns: runs(100, 3_000) },
    );
  });
});

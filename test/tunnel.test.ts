import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import type { ConnectorIdentity } from "../connector/identity.ts";
import { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import { Header, Path, SUBPROTOCOL } from "../protocol/control.ts";
import type { Session } from "../protocol/directory.ts";
import { encodeFrame, FrameType, WINDOW } from "../protocol/frame.ts";
import type { ByteStream } from "../protocol/stream.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";
import { A_SECOND_MS } from "./run/second.ts";

const MiB = 1024 * 1024;

/** What a test knows of a stream from outside. */
class Watched {
  readonly stream: ByteStream;
  readonly hash = createHash("sha256");
  received = 0;
  readonly closed: Promise<{ code: string; reason: string; at: number }>;
  readonly ended: Promise<void>;
  #waiting: { bytes: number; resolve: () => void }[] = [];
  #drain: (() => void) | undefined;

  constructor(stream: ByteStream) {
    this.stream = stream;
    let ended!: () => void;
    this.ended = new Promise((resolve) => {
      ended = resolve;
    });
    this.closed = new Promise((resolve) => {
      stream.handlers = {
        onData: (chunk) => {
          this.hash.update(chunk);
          this.received += chunk.length;
          stream.consumed(chunk.length);
          this.#waiting = this.#waiting.filter(
            ({ bytes, resolve }) => this.received < bytes || void resolve(),
          );
        },
        onDrain: () => this.#drain?.(),
        onEnd: ended,
        onClose: (code, reason) => resolve({ code, reason, at: performance.now() }),
      };
    });
  }

  /** Waits for this many bytes. Rejects when the stream closes first. */
  async has(bytes: number): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      if (this.received >= bytes) resolve();
      else this.#waiting.push({ bytes, resolve });
    });
    const closed = await Promise.race([arrived, this.closed]);
    if (closed) throw new Error(`closed after ${this.received} bytes: ${closed.code}: ${closed.reason}`);
  }

  /** Sends within the credit window. */
  async send(bytes: Uint8Array, chunk = 100_000): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += chunk) {
      if (this.stream.credit <= 0) {
        await new Promise<void>((resolve) => {
          this.#drain = resolve;
        });
      }
      this.stream.send([bytes.subarray(offset, offset + chunk)]);
    }
  }
}

/** A service that sends back what it receives. */
function echo(session: ConnectorSession): void {
  const backlog: Uint8Array[] = [];
  const flush = () => {
    while (backlog.length > 0 && session.credit > 0) {
      const chunk = backlog.shift()!;
      session.send([chunk]);
      session.consumed(chunk.length);
    }
  };
  session.handlers = {
    onData: (chunk) => {
      backlog.push(chunk);
      flush();
    },
    onDrain: flush,
    onEnd: () => {
      session.end();
      session.close("closed", "the agent has finished");
    },
    onClose: (code) => ended.get(session.session)?.(code),
  };
}

/** Told when the connector learns of a session's end. */
const ended = new Map<string, (code: string) => void>();

describe("the tunnel", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let identity: ConnectorIdentity;
  let uplink: Uplink;
  let token: string;
  const proxies: CuttingProxy[] = [];

  before(async () => {
    gateway = await startTestEdge();
    await gateway.apply({
      targets: [testTarget("echo"), testTarget("nobody", "absent"), testTarget("mute", "mute")],
    });
    identity = await gateway.enroll("main");
    uplink = await startUplink(gateway.edge.url, identity, echo, { targets: ["echo"], spares: 1 });
    token = await gateway.serviceToken("agent");
  });

  after(async () => {
    for (const proxy of proxies) proxy.close();
    uplink?.stop();
    await gateway?.stop();
  });

  const open = async (edge = gateway.edge.url) =>
    new Watched(await openTunnel({ edge, target: "echo", token }));
  /** The session as the directory knows it, once it knows that it has ended. */
  const settled = async (id: string) => {
    for (;;) {
      const session = await gateway.api<Session>("GET", `/v1/sessions/${id}`);
      if (session.ended !== null) return session;
    }
  };
  const idOf = (watched: Watched) => (watched.stream as ByteStream & { session: string }).session;
  const proxied = async () => {
    const proxy = await startCuttingProxy(gateway.edge.url);
    proxies.push(proxy);
    return proxy;
  };

  test("carries bytes both ways in order, and closes when both sides have finished", async () => {
    const agent = await open();
    const bytes = randomBytes(3 * MiB);
    await agent.send(bytes);
    await agent.has(bytes.length);
    agent.stream.end();
    await agent.ended;
    assert.equal(agent.hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
    assert.equal((await agent.closed).code, "closed");
  });

  test("survives the edge's SIGKILL and restart in the middle of a transfer, without losing or repeating a byte", async () => {
    const agent = await open();
    const bytes = randomBytes(40 * MiB);
    const sending = agent.send(bytes);
    for (const part of [0.2, 0.5, 0.8]) {
      await agent.has(bytes.length * part);
      await gateway.edge.restart();
    }
    await sending;
    await agent.has(bytes.length);
    assert.equal(agent.hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
    agent.stream.end();
    assert.equal((await agent.closed).code, "closed");
  });

  test("survives the agent's and the connector's sockets being cut many times", async () => {
    const near = await proxied();
    const far = await proxied();
    uplink.stop();
    uplink = await startUplink(far.url, identity, echo, { targets: ["echo"], spares: 1 });
    const agent = await open(near.url);
    const bytes = randomBytes(20 * MiB);
    const sending = agent.send(bytes, 20_000);
    let cuts = 0;
    for (let part = 1; part < 20; part++) {
      await agent.has((bytes.length * part) / 20);
      cuts += part % 2 ? near.cut() : far.cut();
    }
    await sending;
    await agent.has(bytes.length);
    assert.equal(agent.hash.digest("hex"), createHash("sha256").update(bytes).digest("hex"));
    assert.ok(cuts >= 19, `${cuts} connections were cut`);
    agent.stream.end();
    await agent.closed;
    uplink.stop();
    uplink = await startUplink(gateway.edge.url, identity, echo, { targets: ["echo"], spares: 1 });
  });

  test("a kill ends live traffic within a second on both sides, and the session can't be resumed", async () => {
    const agent = await open();
    await agent.send(Buffer.from("hello"));
    await agent.has(5);
    const id = idOf(agent);
    const atConnector = new Promise<string>((resolve) => ended.set(id, resolve));
    const start = performance.now();
    await gateway.api("POST", `/v1/sessions/${id}/kill`, { reason: "enough" });
    const closed = await agent.closed;
    assert.equal(closed.code, "session_killed");
    assert.match(closed.reason, /enough/);
    assert.equal(await atConnector, "session_killed");
    assert.ok(performance.now() - start < A_SECOND_MS);
    assert.equal((await settled(id)).endCode, "session_killed");
  });

  test("disabling the principal and revoking the token end live traffic and refuse new", async () => {
    const other = await gateway.serviceToken("short-lived");
    const connect = async () =>
      new Watched(await openTunnel({ edge: gateway.edge.url, target: "echo", token: other }));
    const agent = await connect();
    await gateway.api("POST", "/v1/principals/service%2Fshort-lived/disable", { reason: "test" });
    assert.equal((await agent.closed).code, "session_killed");
    await assert.rejects(connect(), { code: "forbidden" });
    await gateway.api("POST", "/v1/principals/service%2Fshort-lived/enable", {});
    const again = await connect();
    await gateway.api("DELETE", "/v1/tokens/short-lived");
    await again.closed;
    await assert.rejects(connect(), { code: "unauthenticated" });
  });

  test("unknown target, no connector online: refused with what to do", async () => {
    const to = (target: string) => openTunnel({ edge: gateway.edge.url, target, token });
    await assert.rejects(to("nothing"), { code: "unknown_target" });
    await assert.rejects(to("nobody"), { code: "connector_offline" });
    await assert.rejects(openTunnel({ edge: gateway.edge.url, target: "echo", token: "syp_wrong" }), {
      code: "unauthenticated",
    });
  });

  test("a connector that vanishes ends its sessions at once; they don't wait for the time to resume", async () => {
    const mute = await gateway.enroll("mute");
    const far = await proxied();
    const lone = await startUplink(far.url, mute, echo, { targets: ["mute"] });
    const agent = new Watched(await openTunnel({ edge: gateway.edge.url, target: "mute", token }));
    await agent.send(Buffer.from("x"));
    await agent.has(1);
    far.down = true;
    far.cut();
    const start = performance.now();
    const closed = await agent.closed;
    assert.equal(closed.code, "connector_lost");
    assert.ok(closed.at - start < 5_000, `${closed.at - start} ms`);
    lone.stop();
  });

  test("sessions spread over replicas of one name", async () => {
    const second = await startUplink(gateway.edge.url, identity, echo, { targets: ["echo"] });
    const agents: Watched[] = [];
    for (let i = 0; i < 8; i++) {
      const agent = await open();
      await agent.send(Buffer.from("x"));
      await agent.has(1);
      agents.push(agent);
    }
    const { items } = await gateway.api<{ items: { name: string; replicas: { sessions: number }[] }[] }>(
      "GET",
      "/v1/connectors",
    );
    const served = items.find(({ name }) => name === "main")!.replicas.map(({ sessions }) => sessions);
    assert.equal(served.length, 2);
    assert.ok(Math.min(...served) >= 2, `the replicas serve ${served.join(" and ")} sessions`);
    for (const agent of agents) agent.stream.end();
    await Promise.all(agents.map(({ closed }) => closed));
    second.stop();
  });

  describe("hostile peers", () => {
    const raw = async (path: string, headers: Record<string, string>, protocol = [SUBPROTOCOL]) => {
      const socket = new WebSocket(new URL(path, gateway.edge.url), protocol, {
        headers,
        perMessageDeflate: false,
      });
      const refused = once(socket, "unexpected-response").then(
        ([, response]) => response.statusCode as number,
      );
      return { socket, refused, opened: once(socket, "message") };
    };
    const agentSocket = async () => {
      const { socket, opened } = await raw(Path.tunnel("echo"), { authorization: `Bearer ${token}` });
      const [welcome] = await opened;
      return { socket, ...(JSON.parse(String(welcome)) as { session: string; resume: string }) };
    };
    const closeOf = async (socket: WebSocket) => {
      const [code] = await once(socket, "close");
      return code as number;
    };

    for (const [what, frame, code] of [
      ["a frame shorter than its header", Buffer.from([1, 0]), 4402],
      ["a frame of an unknown type", Buffer.from([9, 0, 0, 0, 0, 0]), 4402],
      ["a frame of a foreign stream", encodeFrame(FrameType.data, 0, 7, Buffer.from("x")), 4402],
      ["an event frame", encodeFrame(FrameType.event, 0, 0, Buffer.from("{}")), 4402],
      ["a frame that claims to be the edge's", Buffer.from([1, 2, 0, 0, 0, 0, 65]), 4402],
      ["an oversized frame", Buffer.alloc(300_000, 1), 4413],
      [
        "an acknowledgement of what was not sent",
        Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0]), Buffer.alloc(16, 1)]),
        4402,
      ],
      ["a control message that is not JSON", "nonsense", 4402],
      ["a close with a code that is none", '{"type":"close","code":"constructor","reason":"x"}', 4402],
      [
        "a forged seal",
        JSON.stringify({
          type: "seal",
          key: "",
          agentFrames: 0,
          agentHead: "",
          connectorFrames: 0,
          connectorHead: "",
          signature: "",
        }),
        4402,
      ],
    ] as const) {
      test(`${what} closes the session with an error, and others go on`, async () => {
        const neighbour = await open();
        const { socket, session: id } = await agentSocket();
        socket.send(frame);
        assert.equal(await closeOf(socket), code);
        await neighbour.send(Buffer.from("still here"));
        await neighbour.has(10);
        neighbour.stream.end();
        assert.notEqual((await settled(id)).endCode, "closed");
      });
    }

    test("a sender beyond its window is closed", async () => {
      const { socket } = await agentSocket();
      const frame = encodeFrame(FrameType.data, 0, 0, Buffer.alloc(200_000));
      // The echo can't return anything either: this agent acknowledges nothing.
      for (let sent = 0; sent < 8 * WINDOW; sent += 200_000) socket.send(frame);
      assert.equal(await closeOf(socket), 4414);
    });

    test("an agent can't make its session look killed by an administrator", async () => {
      const { socket, session: id } = await agentSocket();
      socket.send(JSON.stringify({ type: "close", code: "session_killed", reason: "by the boss" }));
      assert.equal((await settled(id)).endCode, "agent_gone");
    });

    test("resuming needs the session's own secret", async () => {
      const mine = await agentSocket();
      const other = await agentSocket();
      const attempt = async (session: string, resume: string, received = "0") =>
        (await raw(Path.resume(session), { [Header.resume]: resume, [Header.received]: received })).refused;
      assert.equal(await attempt(mine.session, other.resume), 401);
      assert.equal(await attempt(mine.session, ""), 401);
      assert.equal(await attempt("0".repeat(32), mine.resume), 410);
      assert.equal(await attempt(mine.session, mine.resume, "-1"), 400);
      assert.equal(await attempt(mine.session, mine.resume, "99"), 400);
      mine.socket.terminate();
      other.socket.terminate();
    });

    test("a ticket works once, for its session, and can't be made up", async () => {
      const { session: id, socket } = await agentSocket();
      const attempt = async (session: string, ticket: string) =>
        (await raw(Path.dial(session), { [Header.ticket]: ticket })).refused;
      assert.equal(await attempt(id, "e30.AAAA"), 401);
      assert.equal(await attempt(id, ""), 401);
      const forged = Buffer.from(
        JSON.stringify({
          session: id,
          connector: "main",
          instance: "x",
          key: "x",
          expires: Date.now() + 1e6,
        }),
      );
      assert.equal(
        await attempt(id, `${forged.toString("base64url")}.${randomBytes(32).toString("base64url")}`),
        401,
      );
      socket.terminate();
      let stolen: { session: string; ticket: string } | undefined;
      let joined: Promise<ConnectorSession> | undefined;
      const spy = ConnectorSession.join;
      ConnectorSession.join = (edge, session, ticket, key, owner) => {
        stolen = { session, ticket };
        joined = spy.call(ConnectorSession, edge, session, ticket, key, owner);
        return joined;
      };
      const second = await startUplink(gateway.edge.url, identity, echo, { targets: ["echo"], spares: 1 });
      while (!stolen) await new Promise(setImmediate);
      ConnectorSession.join = spy;
      await joined;
      assert.equal(await attempt(stolen.session, stolen.ticket), 401);
      assert.equal(await attempt(randomBytes(16).toString("hex"), stolen.ticket), 401);
      second.stop();
    });
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import WebSocket from "ws";
import { type ConnectorIdentity, connectorToken } from "../../connector/identity.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import { Header, Path } from "../../protocol/control.ts";
import { encodeAck, encodeFrame, FrameType } from "../../protocol/frame.ts";
import type { HubMessage } from "../../protocol/hub-messages.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { connect } from "../../protocol/tunnel/dial.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { testTarget } from "../gateway.ts";
import { Chance, HOSTILE_AGENT, HOSTILE_TARGET } from "./hostile.ts";
import { type Psql, startPsql } from "./psql.ts";
import { chooseSeed, eventually, type Rig, seeded, startRig } from "./rig.ts";

/** Times that each kind of harm is tried. */
const ROUNDS = process.env.LONG ? 300 : 12;
/** How long a session may go on after it was harmed and its agent has finished. */
const SOON_MS = 60_000;
const STARTUP = m.startupMessage(m.PROTOCOL_3_0, [["user", "anyone"]]);

describe("hostile bytes on every way in", { timeout: 600_000 }, () => {
  const chance = new Chance(seeded(chooseSeed()));
  let rig: Rig;
  let neighbour: Psql;
  let workerd: number | undefined;
  let fake: Server;
  let speak: (socket: Socket) => void;

  before(async () => {
    fake = createServer((socket) => {
      socket.on("error", () => {});
      speak(socket);
    });
    fake.listen(0, "127.0.0.1");
    await once(fake, "listening");
    const { port } = fake.address() as AddressInfo;
    rig = await startRig({
      targets: () => ({
        false: {
          host: "127.0.0.1",
          port,
          databases: ["postgres"],
          user: "x",
          password: { env: "RIG_PASSWORD" },
          tls: { mode: "disable" },
        },
      }),
    });
    await rig.edge.apply({
      targets: [testTarget("orders"), testTarget("false"), testTarget("mean", "mean")],
    });
    workerd = rig.edge.edge.workerdPid;
    neighbour = startPsql(await rig.listen(), "-f", "-");
  });

  afterEach(async () => {
    // Who was there before goes on, and nothing has fallen over.
    const seen = neighbour.received;
    neighbour.child.stdin.write("SELECT 'fine';\n");
    await neighbour.has(seen + 5);
    assert.equal(rig.edge.edge.workerdPid, workerd, "workerd is the one that it was");
    assert.doesNotThrow(() => process.kill(rig.connector.pid, 0));
    assert.doesNotMatch(rig.connector.output, /\n\s+at /, "no stack trace in the connector's log");
  });

  after(async () => {
    neighbour?.child.stdin.end();
    await rig?.stop();
    fake?.close();
  });

  /** Sends this as an agent, then the end; answers how the session ended, which it must. */
  const session = async (target: string, ...chunks: Buffer[]): Promise<EndCode> => {
    const stream = await openTunnel({ edge: rig.edge.edge.url, target, token: rig.token });
    const { promise, resolve, reject } = Promise.withResolvers<EndCode>();
    const timer = setTimeout(() => reject(new Error(`session ${stream.session} goes on`)), SOON_MS);
    stream.handlers = {
      onData: (chunk) => stream.consumed(chunk.length),
      onDrain() {},
      onEnd() {},
      onClose: (code) => resolve(code),
    };
    stream.send(chunks);
    stream.end();
    return promise.finally(() => clearTimeout(timer));
  };

  for (const [kind, make] of Object.entries(HOSTILE_AGENT)) {
    test(`an agent that sends ${kind}`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = make(chance);
        const code = await session("orders", STARTUP, bytes);
        assert.ok(EXPECTED.has(code), `${code} for ${bytes.toString("hex").slice(0, 400)}`);
      }
    });
  }

  test("an agent that sends garbage instead of a startup message", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = round % 2 ? chance.bytes(1 + chance.below(500)) : chance.damaged(STARTUP);
      const code = await session("orders", bytes);
      assert.ok(EXPECTED.has(code), `${code} for ${bytes.toString("hex").slice(0, 400)}`);
    }
  });

  for (const [kind, make] of Object.entries(HOSTILE_TARGET)) {
    test(`a target that sends ${kind}, at login and later`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = make(chance);
        const later = chance.below(2) === 1;
        speak = (socket) => {
          socket.once("data", () => {
            if (later) socket.write(Buffer.concat([m.authenticationOk(), m.readyForQuery("I")]));
            else socket.end(bytes);
            // The agent's statement.
            socket.once("data", () => socket.end(bytes));
          });
        };
        const code = await session("false", STARTUP, m.query("SELECT 1"));
        assert.ok(EXPECTED.has(code), `${code} for ${bytes.toString("hex").slice(0, 400)}`);
      }
    });
  }

  /** Waits until a socket is closed by the other side. */
  const closed = async (socket: WebSocket, what: string): Promise<number> => {
    let code: number | undefined;
    socket.on("error", () => {});
    socket.once("close", (one) => {
      code = one;
    });
    if (socket.readyState === 3) return 1006;
    return await eventually(`the close after ${what}`, SOON_MS, async () => code ?? false);
  };
  const garbage = (): Buffer | string => {
    const kind = chance.below(5);
    if (kind === 0) return chance.bytes(chance.below(300));
    if (kind === 1) return chance.bytes(chance.below(60)).toString("latin1");
    if (kind === 2) return JSON.stringify({ type: chance.one(["seal", "close", "open", "x"]), code: 1 });
    const type = chance.one([FrameType.data, FrameType.end, FrameType.event]);
    const valid =
      kind === 3
        ? encodeFrame(type, 0, 0, chance.bytes(40))
        : encodeAck(0, { frames: chance.below(5), bytes: chance.below(5_000) });
    return chance.damaged(valid);
  };
  /** What no luck makes valid, so that the socket closes in the end. */
  const HOPELESS = Buffer.of(9, 9, 9);

  test("an agent's socket with garbage for frames", async () => {
    for (let round = 0; round < ROUNDS * 4; round++) {
      const socket = connect(rig.edge.edge.url, Path.tunnel("orders"), {
        authorization: `Bearer ${rig.token}`,
      });
      await once(socket, "message");
      const all = Array.from({ length: 1 + chance.below(5) }, garbage);
      for (const one of [...all, HOPELESS]) if (socket.readyState === 1) socket.send(one);
      const code = await closed(socket, String(all));
      assert.ok((code >= 4400 && code < 4500) || code === 1000, `${code} for ${all}`);
    }
  });

  test("a raw agent's socket with garbage", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const socket = new WebSocket(new URL(Path.tunnel("orders"), rig.edge.edge.url), {
        headers: { authorization: `Bearer ${rig.token}` },
      });
      await once(socket, "open");
      if (round % 3 === 0) socket.send("text, which is no byte of PostgreSQL's");
      else socket.send(chance.damaged(Buffer.concat([STARTUP, m.query("SELECT 1"), chance.bytes(9)])));
      // What the server still waits for the rest of goes on until its agent leaves.
      if (round % 3 === 1) socket.close();
      else socket.send(Buffer.concat([STARTUP, HOPELESS, chance.bytes(20_000)]));
      if (round % 3 === 2) setTimeout(() => socket.close(), 50);
      const code = await closed(socket, "garbage");
      assert.ok((code >= 4400 && code < 4500) || code === 1000 || code === 1005, `${code}`);
    }
  });

  test("a connector's sockets with garbage: its sessions end, those of others go on", async () => {
    const identity = await rig.edge.enroll("mean");
    for (let round = 0; round < ROUNDS * 2; round++) {
      const control = await controlSocket(identity, (socket) => {
        for (let count = 1 + chance.below(4); count > 0; count--) socket.send(garbage());
        socket.send(HOPELESS);
      });
      const code = await session("mean", STARTUP).catch((error) => error.code as EndCode);
      assert.ok(EXPECTED.has(code), String(code));
      if (round % 2) control.send(chance.bytes(chance.below(100)).toString("latin1"));
      else control.close();
      await closed(control, "garbage on the control socket");
    }
  });

  /** Comes online as a connector, and does to each session that it is given what `harm` says. */
  const controlSocket = async (identity: ConnectorIdentity, harm: (socket: WebSocket) => void) => {
    const url = rig.edge.edge.url;
    const control = connect(url, Path.control, {
      authorization: `Bearer ${await connectorToken(url, identity)}`,
      [Header.instance]: chance.bytes(16).toString("hex"),
    });
    control.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as HubMessage;
      if (message.type !== "dial") return;
      const dialled = connect(url, Path.dial(message.session), { [Header.ticket]: message.ticket });
      dialled.on("error", () => {});
      dialled.on("message", () => {
        if (dialled.readyState === 1) harm(dialled);
      });
    });
    await once(control, "open");
    return control;
  };
});

/** The ends that hostile bytes may have; `internal` is none of them. */
const EXPECTED = new Set<EndCode>([
  "closed",
  "protocol_violation",
  "frame_too_large",
  "invalid_request",
  "not_found",
  "forbidden",
  "target_closed",
  "target_refused",
  "target_unreachable",
  "connector_lost",
  "connector_offline",
  "session_ended",
]);

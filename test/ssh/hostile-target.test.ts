import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { ed25519Pair } from "../ssh-keys.ts";
import { type HostileRig, hostileRig } from "./hostile-rig.ts";
import { exec, Message, type RawClient } from "./raw-client.ts";

const MIB = 1024 * 1024;

/** What a false server's inside is asked for; ssh2's version is pinned. */
interface Inside {
  _protocol: {
    _packetRW: {
      write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
    };
    _cipher: { encrypt(packet: Buffer): void };
  };
}

describe("hostile targets", { timeout: 340_000 }, () => {
  let rig: HostileRig;
  let folder: string;
  let server: Server;
  const sockets = new Set<Socket>();
  /** What the target of the test at hand does with a connection. */
  let serve: (socket: Socket) => void;
  const hostKey = ed25519Pair();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-false-"));
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      serve(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const clientKey = join(folder, "key");
    writeFileSync(clientKey, ed25519Pair().private, { mode: 0o600 });
    const knownHosts = join(folder, "known_hosts");
    writeFileSync(knownHosts, `[127.0.0.1]:${port} ${hostKey.public}\n`);
    rig = hostileRig({ host: "127.0.0.1", port, user: "root", clientKey, knownHosts });
  });

  after(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A server that logs everybody in, and does this with a command. */
  const sshServer = (
    run: (channel: ServerChannel, connection: Connection) => void,
    key = hostKey.private,
  ) => {
    const real = new ssh2.Server({ hostKeys: [key] }, (connection) => {
      connection.on("error", () => {});
      connection.on("authentication", (context) => context.accept());
      connection.on("session", (accept) => {
        const session = accept();
        session.on("exec", (take) => {
          const channel = take();
          channel.on("error", () => {});
          run(channel, connection);
        });
        session.on("signal", (take) => take?.());
      });
    });
    serve = (socket) => real.injectSocket(socket);
  };
  const raw = (connection: Connection, type: number, ...fields: Uint8Array[]) => {
    const { _packetRW, _cipher } = (connection as unknown as Inside)._protocol;
    const payload = Buffer.concat([Buffer.of(type), ...fields]);
    const packet = _packetRW.write.alloc(payload.length);
    packet.set(payload, _packetRW.write.allocStart);
    _cipher.encrypt(_packetRW.write.finalize(packet));
  };
  const asked = async (window?: number) => {
    const { tunnel, client } = await rig.client();
    const channel = await client.open(0, window);
    await client.send(exec(channel, "anything"));
    return { tunnel, client };
  };
  const words = (client: RawClient) => client.output(0, Message.extendedData).toString();

  /** What each does, and what the agent is told. */
  const UNREACHED: Record<string, (socket: Socket) => void> = {
    "closes at once": (socket) => socket.destroy(),
    "speaks HTTP": (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "sends a banner without an end": (socket) => {
      const timer = setInterval(() => socket.write("x".repeat(64 * 1024)), 1);
      socket.on("close", () => clearInterval(timer));
    },
    "sends greetings without an end": (socket) => {
      const timer = setInterval(() => socket.write("hello\r\n".repeat(1_000)), 1);
      socket.on("close", () => clearInterval(timer));
    },
    "sends garbage after its version": (socket) => {
      socket.write("SSH-2.0-false\r\n");
      socket.write(Buffer.alloc(4_096, 0xff));
    },
    "never answers": () => {},
    "answers with a version, and no more": (socket) => void socket.write("SSH-2.0-false\r\n"),
  };
  for (const [what, how] of Object.entries(UNREACHED)) {
    test(`a target that ${what}`, async () => {
      serve = how;
      const { tunnel, client } = await asked();
      await client.closed();
      assert.equal(client.status(), 255);
      assert.match(words(client), /^sallyport: target web1 /);
      const refused = tunnel.events.find(({ event }) => event === "refused") as { code: string } | undefined;
      assert.match(refused?.code ?? "", /^target_(unreachable|refused)$/);
      tunnel.finish("closed", "enough");
    });
  }

  test("a target with another host key gets no login", async () => {
    let logins = 0;
    const real = new ssh2.Server({ hostKeys: [ed25519Pair().private] }, (connection) => {
      connection.on("error", () => {});
      connection.on("authentication", () => {
        logins += 1;
      });
    });
    serve = (socket) => real.injectSocket(socket);
    const { tunnel, client } = await asked();
    await client.closed();
    assert.deepEqual([client.status(), logins], [255, 0]);
    assert.match(words(client), /host key/i);
    tunnel.finish("closed", "enough");
  });

  test("a target that closes in the middle", async () => {
    sshServer((channel, connection) => {
      channel.write("so far");
      setImmediate(() => connection.end());
    });
    const { tunnel } = await asked();
    assert.equal((await tunnel.ended).code, "target_closed");
  });

  test("a target that sends what can't be taken apart", async () => {
    for (const [type, ...fields] of [
      [Message.data, Buffer.alloc(2)],
      [Message.channelOpen, Buffer.alloc(3)],
      [Message.close, Buffer.from("ffffffff", "hex")],
      [Message.windowAdjust, Buffer.alloc(1)],
    ] as const) {
      sshServer((_channel, connection) => raw(connection, type, ...fields));
      const { tunnel } = await asked();
      assert.match((await tunnel.ended).code, /^(target_closed|protocol_violation)$/);
    }
  });

  test("a target whose channel takes packets of no bytes", async () => {
    const real = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
      connection.on("error", () => {});
      connection.on("authentication", (context) => context.accept());
      connection.on("session", () => {
        // To channel 0: its own 0, a large window, packets of nothing.
        raw(connection, Message.openConfirmation, Buffer.alloc(8), Buffer.from("7fffffff00000000", "hex"));
      });
    });
    serve = (socket) => real.injectSocket(socket);
    const { tunnel } = await asked();
    assert.equal((await tunnel.ended).code, "protocol_violation");
  });

  test("a target that sends more than the window ends the session", async () => {
    sshServer((channel, connection) => {
      const chunk = Buffer.alloc(32_000);
      const id = Buffer.alloc(4);
      id.writeUInt32BE((channel as unknown as { outgoing: { id: number } }).outgoing.id);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(chunk.length);
      for (let sent = 0; sent < 32 * MIB; sent += chunk.length)
        raw(connection, Message.data, id, length, chunk);
    });
    const { tunnel } = await asked(0);
    assert.equal((await tunnel.ended).code, "window_exceeded");
  });

  test("channels that a target opens unasked are refused, and nothing of them reaches the agent", async () => {
    const refused: number[] = [];
    sshServer((channel, connection) => {
      const handlers = (connection as unknown as { _protocol: { _handlers: Record<string, unknown> } })
        ._protocol._handlers;
      handlers.CHANNEL_OPEN_FAILURE = (_protocol: unknown, _recipient: number, reason: number) => {
        refused.push(reason);
        if (refused.length === 4) {
          channel.exit(0);
          channel.end();
        }
      };
      const string = (text: string) => {
        const bytes = Buffer.alloc(4 + text.length);
        bytes.writeUInt32BE(text.length);
        bytes.write(text, 4);
        return bytes;
      };
      const opening = Buffer.from("000000630010000000008000", "hex");
      const port = Buffer.from("00000016", "hex");
      raw(
        connection,
        90,
        string("forwarded-tcpip"),
        opening,
        string("127.0.0.1"),
        port,
        string("1.2.3.4"),
        port,
      );
      raw(connection, 90, string("x11"), opening, string("1.2.3.4"), port);
      raw(connection, 90, string("auth-agent@openssh.com"), opening);
      raw(connection, 90, string("session"), opening);
    });
    const { tunnel, client } = await asked();
    await client.closed();
    assert.equal(refused.length, 4);
    assert.equal(client.of(Message.channelOpen).length, 0);
    tunnel.finish("closed", "enough");
  });

  test("exit statuses that lie are passed on as one, and end nothing else", async () => {
    sshServer((channel) => {
      for (const status of [7, 0xffffffff, 0]) channel.exit(status);
      channel.write("still here");
      channel.end();
    });
    const { tunnel, client } = await asked();
    await client.closed();
    assert.equal(client.output().toString(), "still here");
    assert.equal(tunnel.isOver, false);
    assert.equal(tunnel.events.filter(({ event }) => event === "exited").length, 1);
    tunnel.finish("closed", "enough");
  });
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { FrameType, WINDOW } from "../../protocol/frame.ts";
import { UPGRADE_FIELD } from "../../protocol/http/head.ts";
import { type EdgeService, type Served, startEdgeService } from "./edge-service.ts";

const MiB = 1024 * 1024;

/** A Close frame's payload (RFC 6455 section 5.5.1). */
function closing(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + reason.length, reason);
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

describe("WebSockets at the edge's own address", { timeout: 300_000 }, () => {
  let service: EdgeService;

  before(async () => {
    service = await startEdgeService();
  });

  after(async () => {
    await service?.stop();
  });

  const dial = (path = "/t/kube/exec", subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]) =>
    new WebSocket(new URL(path, service.gateway.edge.url.href.replace("http", "ws")), subprotocols, {
      headers: { authorization: `Bearer ${service.token}` },
    });

  /** An open WebSocket, and its exchange at the connector. */
  const open = async (): Promise<{ socket: WebSocket; served: Served }> => {
    const socket = dial();
    const served = await service.next();
    served.stream.head({ status: 101, fields: [], subprotocol: "v4.channel.k8s.io" });
    await once(socket, "open");
    return { socket, served };
  };

  /** Sends back what comes. */
  const echo = (served: Served) => {
    const { handlers } = served.stream;
    served.stream.handlers = {
      ...handlers,
      onData: (chunk, { partial, text, last }) => {
        served.stream.consumed(chunk.length);
        if (!last) served.stream.send([chunk], { partial, text });
      },
    };
  };

  test("the target chooses the subprotocol; a token among those that are asked for stays at the edge", async () => {
    const secret = "base64url.bearer.authorization.k8s.io.c2VjcmV0";
    const socket = dial("/t/kube/exec?command=sh", ["v5.channel.k8s.io", secret]);
    const served = await service.next();
    const head = await served.head;
    assert.deepEqual(head.websocket, { subprotocols: ["v5.channel.k8s.io"] });
    assert.ok(!JSON.stringify(head).includes("c2VjcmV0"));
    assert.equal(head.target, "/exec?command=sh");
    served.stream.head({ status: 101, fields: [], subprotocol: "v5.channel.k8s.io" });
    await once(socket, "open");
    assert.equal(socket.protocol, "v5.channel.k8s.io");
    socket.close();
    await served.ended;
    served.stream.end();
    await once(socket, "close");
  });

  test("messages pass whole, of either kind and any length, both ways", async () => {
    const { socket, served } = await open();
    echo(served);
    const long = randomBytes(3 * MiB);
    const messages: (string | Buffer)[] = [
      "text",
      Buffer.from("binary"),
      "",
      Buffer.alloc(0),
      "héllo ✓",
      long,
    ];
    for (const message of messages) {
      socket.send(message);
      const [bytes, binary] = (await once(socket, "message")) as [Buffer, boolean];
      assert.equal(binary, typeof message !== "string");
      assert.ok(bytes.equals(Buffer.from(message as string)), String(message).slice(0, 20));
    }
    socket.close(1000);
    await once(socket, "close");
  });

  test("close codes and reasons reach the other side, whoever closes", async () => {
    const one = await open();
    one.socket.close(4001, "enough");
    await one.served.ended;
    assert.deepEqual(one.served.messages.at(-1)?.bytes, closing(4001, "enough"));
    one.served.stream.end({ chunks: [closing(4001, "enough")] });

    const other = await open();
    other.served.stream.send([Buffer.from("last words")], { partial: false, text: true });
    other.served.stream.end({ chunks: [closing(4002, "over")] });
    const [[message], [code, reason]] = await Promise.all([
      once(other.socket, "message"),
      once(other.socket, "close"),
    ]);
    assert.deepEqual([String(message), code, String(reason)], ["last words", 4002, "over"]);
    await other.served.ended;

    const bare = await open();
    bare.socket.close();
    await bare.served.ended;
    assert.equal(bare.served.messages.length, 0);
  });

  test("a reset is a clear close; a client that is gone resets", async () => {
    const one = await open();
    one.served.stream.reset("target_closed", "the container is gone");
    const [code, reason] = await once(one.socket, "close");
    assert.deepEqual([code, String(reason)], [4455, "target_closed: the container is gone"]);

    const other = await open();
    other.socket.terminate();
    assert.equal((await other.served.reset).code, "agent_gone");
  });

  test("a refusal is an ordinary response", async () => {
    const socket = dial();
    (await service.next()).answer(403, [["content-type", "application/json"]], '{"kind":"Status"}');
    const [, response] = await once(socket, "unexpected-response");
    assert.equal(response.statusCode, 403);
    let body = "";
    for await (const chunk of response) body += chunk;
    assert.equal(body, '{"kind":"Status"}');
    socket.on("error", () => {});
    socket.terminate();
  });

  test("a client that does not read holds up no other exchange", async () => {
    const { socket, served } = await open();
    socket.pause();
    const flood = served.send(Buffer.alloc(6 * MiB), { partial: false, text: false });
    const quick = service.fetch("/t/kube/quick");
    (await service.next()).answer(204);
    assert.equal((await quick).status, 204);
    let received = 0;
    socket.on("message", (bytes: Buffer) => {
      received += bytes.length;
    });
    socket.resume();
    await flood;
    served.stream.end();
    await once(socket, "close");
    assert.equal(received, served.sent);
  });

  test("a client that floods a target that takes nothing is cut off, and nobody else", async () => {
    const { socket, served } = await open();
    const other = await open();
    served.consume(false);
    socket.on("error", () => {});
    const closed = once(socket, "close");
    for (let sent = 0; sent < 20 * MiB; sent += MiB) socket.send(Buffer.alloc(MiB));
    assert.equal((await served.reset).code, "window_exceeded");
    assert.ok(served.received <= 2 * WINDOW);
    assert.equal((await closed)[0], 4414);
    other.served.stream.send([Buffer.from("still here")], { partial: false, text: true });
    assert.equal(String((await once(other.socket, "message"))[0]), "still here");
    other.socket.terminate();
  });

  test("a connector that sends what is no message of text is cut off", async () => {
    const { socket, served } = await open();
    served.stream.send([Buffer.from([0xff, 0xfe])], { partial: false, text: true });
    const [code] = await once(socket, "close");
    assert.equal(code, 4402);
    assert.equal((await served.reset).code, "protocol_violation");
  });

  test("another protocol than WebSocket is a request that says so, and h2c nothing at all", async () => {
    for (const [upgrade, told] of [
      ["SPDY/3.1", "spdy/3.1"],
      ["h2c", undefined],
    ] as const) {
      const answer = service.request("/t/kube/exec", {
        method: "POST",
        headers: { connection: "upgrade", upgrade, [UPGRADE_FIELD]: "forged" },
      });
      const served = await service.next();
      const { fields, websocket } = await served.head;
      assert.deepEqual(
        fields.filter(([name]) => name === UPGRADE_FIELD || name === "upgrade"),
        told === undefined ? [] : [[UPGRADE_FIELD, told]],
      );
      assert.equal(websocket, undefined);
      served.answer(400);
      assert.equal((await answer).response.statusCode, 400);
    }
  });

  test("the recording holds the messages", async () => {
    const { socket, served } = await open();
    socket.send("typed by the agent");
    await served.until(() => served.received > 0);
    served.stream.send([Buffer.from("said by the target")], { partial: false, text: true });
    await once(socket, "message");
    const recording = await service.recording(served.session.session);
    assert.ok(recording.includes("typed by the agent"));
    assert.ok(recording.includes("said by the target"));
    assert.ok(recording.includes(Buffer.from([FrameType.data])));
    socket.terminate();
  });
});

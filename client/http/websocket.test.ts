import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import WebSocket from "ws";
import { MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import { type LocalListener, localListener, RawClient, type Served } from "./testing.ts";

/** Answers the handshake, and what comes with the same. */
function echo(subprotocol: string | null = null) {
  return (served: Served) => {
    served.stream.head({ status: 101, fields: [], subprotocol });
    served.onChunk = (chunk, { partial, text, last }) => {
      if (last) served.stream.end({ chunks: [chunk] });
      else served.stream.send([chunk], { partial, text });
    };
  };
}

function open(local: LocalListener, subprotocols: string[] = [], path = "/ws"): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${local.listener.port}${path}`, subprotocols);
}

async function message(socket: WebSocket): Promise<[data: Buffer, isBinary: boolean]> {
  return (await once(socket, "message")) as [Buffer, boolean];
}

async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
}

describe("a WebSocket through the local listener", () => {
  test("text and binary, empty and large, come back as they were", async (context) => {
    const local = await localListener(context, echo());
    const socket = open(local);
    await once(socket, "open");
    const large = Buffer.alloc(5 * 1024 * 1024, "0123456789");
    for (const [data, isBinary] of [
      ["text", false],
      ["", false],
      ["ünïcode", false],
      [Buffer.alloc(0), true],
      [Buffer.of(0, 255), true],
      [large, true],
      [large.toString(), false],
    ] as const) {
      socket.send(data, { binary: isBinary });
      const [came, wasBinary] = await message(socket);
      assert.equal(wasBinary, isBinary);
      assert.ok(came.equals(Buffer.from(data)), `${Buffer.byteLength(data)} bytes`);
    }
    const { messages } = local.served[0]!;
    assert.ok(messages.every(({ length }) => length <= MAX_PAYLOAD));
    assert.ok(messages.some(({ partial }) => partial));
    socket.terminate();
  });

  test("fragments of a client are one message", async (context) => {
    const local = await localListener(context, echo());
    const socket = open(local);
    await once(socket, "open");
    socket.send("one ", { fin: false });
    socket.ping();
    socket.send("two", { fin: true });
    const [data, isBinary] = await message(socket);
    assert.deepEqual([data.toString(), isBinary], ["one two", false]);
    socket.terminate();
  });

  test("the head says which subprotocols were asked for, and no credential; the target's choice is told", async (context) => {
    const local = await localListener(context, echo("v4.channel.k8s.io"));
    const socket = open(local, [
      "v5.channel.k8s.io",
      "base64url.bearer.authorization.k8s.io.c2VjcmV0",
      "v4.channel.k8s.io",
    ]);
    await once(socket, "open");
    assert.equal(socket.protocol, "v4.channel.k8s.io");
    const { method, body, websocket, fields } = local.served[0]!.head;
    assert.deepEqual(
      { method, body, websocket },
      { method: "GET", body: false, websocket: { subprotocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"] } },
    );
    assert.deepEqual(fields, []);
    socket.terminate();
  });

  test("a subprotocol that nobody offered is not passed on", async (context) => {
    const local = await localListener(context, echo("other"));
    const socket = open(local, ["mine"]);
    socket.on("error", () => {});
    const [, answer] = await once(socket, "unexpected-response");
    assert.equal(answer.statusCode, 502);
    assert.equal((await local.served[0]!.reset.promise).code, "protocol_violation");
  });

  test("a client's close goes to the target with its code and reason, after all it has sent", async (context) => {
    for (const [code, reason, payload] of [
      [1000, "done", "\x03\xe8done"],
      [4321, "ünïcode", Buffer.concat([Buffer.of(0x10, 0xe1), Buffer.from("ünïcode")]).toString("latin1")],
      [undefined, undefined, ""],
    ] as const) {
      const local = await localListener(context, (served) => {
        served.consumes = false;
        served.stream.head({ status: 101, fields: [], subprotocol: null });
      });
      const socket = open(local);
      await once(socket, "open");
      const served = await local.next();
      let last = "";
      served.onChunk = (chunk, { last: isLast }) => {
        if (isLast) last = Buffer.from(chunk).toString("latin1");
      };
      socket.send(Buffer.alloc(3 * WINDOW));
      socket.close(code, reason);
      while (served.bytes < 3 * WINDOW) {
        const { bytes } = served;
        await new Promise((resolve) => setImmediate(resolve));
        served.stream.consumed(served.bytes - bytes);
      }
      await served.ended.promise;
      assert.equal(last, payload);
    }
  });

  test("a target's close goes to the client with its code and reason", async (context) => {
    for (const [payload, expected] of [
      [Buffer.concat([Buffer.of(0x03, 0xf3), Buffer.from("later")]), [1011, "later"]],
      [Buffer.concat([Buffer.of(0x0f, 0xa0), Buffer.from("mine")]), [4000, "mine"]],
      [Buffer.alloc(0), [1005, ""]],
      // Not for the wire.
      [Buffer.of(0x03, 0xee), [1002, ""]],
      [Buffer.of(0x00, 0x01), [1002, ""]],
      [Buffer.of(0x03), [1002, ""]],
    ] as const) {
      const local = await localListener(context, (served) => {
        served.stream.head({ status: 101, fields: [], subprotocol: null });
        served.stream.send([Buffer.from("last words")], { partial: false, text: true });
        served.stream.end({ chunks: [payload] });
      });
      const socket = open(local);
      const words = message(socket);
      assert.deepEqual(await closed(socket), expected);
      assert.equal((await words)[0].toString(), "last words");
      await local.served[0]!.ended.promise;
      assert.deepEqual(local.tunnels[0]!.size, [0, 0]);
    }
  });

  test("a client that breaks off resets the stream", async (context) => {
    const local = await localListener(context, echo());
    const socket = open(local);
    await once(socket, "open");
    socket.terminate();
    assert.equal((await local.served[0]!.reset.promise).code, "agent_gone");
  });

  test("a client that leaves before the answer resets the stream", async (context) => {
    const local = await localListener(context);
    const socket = open(local);
    socket.on("error", () => {});
    const served = await local.next();
    socket.terminate();
    assert.equal((await served.reset.promise).code, "agent_gone");
  });

  test("a client that does not wait for the answer is gone", async (context) => {
    const local = await localListener(context);
    const raw = new RawClient(local).send(
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    const served = await local.next();
    raw.send("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert.equal(await raw.whole(), "");
    assert.equal((await served.reset.promise).code, "agent_gone");
    assert.equal(local.served.length, 1);
  });

  test("the end of the session closes it with 1011 and why", async (context) => {
    const local = await localListener(context, echo());
    const socket = open(local);
    await once(socket, "open");
    local.tunnels[0]!.end("session_killed", "an administrator ended it");
    assert.deepEqual(await closed(socket), [1011, "Sallyport: an administrator ended it"]);
  });

  test("a refusal is an HTTP answer with its body", async (context) => {
    const local = await localListener(context, (served) => {
      if (served.head.target === "/no") served.answer(403, "not you", [["content-type", "text/plain"]]);
      else served.stream.reset("target_unreachable", "nobody there");
    });
    for (const [path, status, body] of [
      ["/no", 403, /^not you$/],
      ["/gone", 502, /"target_unreachable"/],
    ] as const) {
      const socket = open(local, [], path);
      socket.on("error", () => {});
      const [, answer] = await once(socket, "unexpected-response");
      assert.equal(answer.statusCode, status);
      let text = "";
      for await (const chunk of answer) text += chunk;
      assert.match(text, body);
    }
    assert.deepEqual(local.tunnels[0]!.size, [0, 0]);
  });

  test("a slow target stops the client, a slow client the target", async (context) => {
    const local = await localListener(context, (served) => {
      served.consumes = false;
      served.stream.head({ status: 101, fields: [], subprotocol: null });
    });
    const socket = open(local);
    await once(socket, "open");
    const served = await local.next();
    for (let sent = 0; sent < 64; sent++) socket.send(Buffer.alloc(MAX_PAYLOAD));
    let before = -1;
    for (let turns = 0; turns < 50; turns++) {
      if (served.bytes !== before) turns = 0;
      before = served.bytes;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The head is of the window, too.
    assert.ok(served.bytes <= WINDOW && served.bytes > WINDOW - 1_000, `${served.bytes} bytes`);
    assert.ok(socket.bufferedAmount > 4 * WINDOW, "the client is not read on");
    let received = 0;
    while (received < 64 * MAX_PAYLOAD) {
      const fresh = served.bytes - received;
      received = served.bytes;
      served.stream.consumed(fresh);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.pause();
    let given = 0;
    while (served.stream.credit > 0 && given < 64) {
      served.stream.send([Buffer.alloc(MAX_PAYLOAD)], { partial: false, text: false });
      given++;
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(given < 64, "it was stopped");
    socket.terminate();
  });

  test("a handshake that is none is answered, and leaves no stream", async (context) => {
    const local = await localListener(context, echo());
    const head = "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    for (const [line, fields] of [
      ["GET", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"],
      ["GET", "Sec-WebSocket-Version: 13\r\n"],
      ["GET", "Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"],
      ["POST", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"],
    ]) {
      const raw = new RawClient(local).send(`${line} / HTTP/1.1\r\n${head}${fields}\r\n`);
      assert.match(await raw.whole(), /^HTTP\/1\.1 4\d\d /);
    }
    for (const served of local.served) await served.reset.promise;
    for (const tunnel of local.tunnels) assert.deepEqual(tunnel.size, [0, 0]);
  });

  test("SPDY goes on as a request that says so; h2c is passed over", async (context) => {
    const local = await localListener(context, (served) => served.answer(400, "use WebSockets"));
    for (const [upgrade, fields] of [
      ["SPDY/3.1", [["sallyport-upgrade", "spdy/3.1"]]],
      ["h2c", []],
    ] as const) {
      const raw = new RawClient(local).send(
        `POST /exec HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\nContent-Length: 0\r\n\r\n`,
      );
      assert.match(await raw.until("use WebSockets"), /^HTTP\/1\.1 400 /);
      raw.socket.destroy();
      const { head } = await local.next();
      assert.deepEqual(
        head.fields.filter(([name]) => name !== "content-length"),
        fields,
      );
      assert.equal(head.body, false);
    }
  });
});

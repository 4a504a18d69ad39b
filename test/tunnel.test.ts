import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import type { ByteStream } from "../protocol/stream.ts";
import { openTunnel } from "../protocol/tunnel.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";

/** Sends back what it receives, one frame for each. */
function echo(session: ConnectorSession): void {
  session.handlers = {
    onData(chunk) {
      session.send([chunk]);
      session.consumed(chunk.length);
    },
    onDrain() {},
    onEnd() {
      session.end();
      session.close("closed", "the agent has finished");
    },
    onClose() {},
  };
}

describe("the tunnel", () => {
  let gateway: TestEdge;
  let uplink: Uplink;
  let token: string;

  before(async () => {
    gateway = await startTestEdge();
    await gateway.apply({ targets: [testTarget("echo")] });
    const identity = await gateway.enroll("main");
    uplink = await startUplink(gateway.edge.url, identity, echo, { targets: ["echo"], spares: 2 });
    token = await gateway.serviceToken("agent");
  });

  after(async () => {
    uplink?.stop();
    await gateway?.stop();
  });

  test("carries bytes both ways, in order", async () => {
    const stream = await openTunnel({ edge: gateway.edge.url, target: "echo", token });
    const sent = randomBytes(300_000);
    const received = collect(stream, sent.length);
    stream.send([sent]);
    assert.deepEqual(await received, sent);
    const closed = closing(stream);
    stream.end();
    assert.deepEqual(await closed, { code: "closed", reason: "the agent has finished" });
  });

  test("round trip", async () => {
    const stream = await openTunnel({ edge: gateway.edge.url, target: "echo", token });
    let got!: () => void;
    stream.handlers = { onData: () => got(), onDrain() {}, onEnd() {}, onClose() {} };
    const ping = () =>
      new Promise<void>((resolve) => {
        got = resolve;
        stream.send([Buffer.alloc(60)]);
      });
    for (let i = 0; i < 200; i++) await ping();
    const t = performance.now();
    for (let i = 0; i < 1000; i++) await ping();
    console.log("rtt us", performance.now() - t);
    stream.end();
    const t2 = performance.now();
    for (let i = 0; i < 50; i++) {
      const s = await openTunnel({ edge: gateway.edge.url, target: "echo", token });
      const r = collect(s, 5);
      s.send([Buffer.from("hello")]);
      await r;
      s.end();
    }
    console.log("open ms", (performance.now() - t2) / 50);
  });
});

function collect(stream: ByteStream, length: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return new Promise((resolve) => {
    stream.handlers = {
      onData(chunk) {
        chunks.push(chunk);
        size += chunk.length;
        stream.consumed(chunk.length);
        if (size >= length) resolve(Buffer.concat(chunks));
      },
      onDrain() {},
      onEnd() {},
      onClose() {},
    };
  });
}

function closing(stream: ByteStream): Promise<{ code: string; reason: string }> {
  return new Promise((resolve) => {
    stream.handlers = { ...stream.handlers, onClose: (code, reason) => resolve({ code, reason }) };
  });
}

void once;

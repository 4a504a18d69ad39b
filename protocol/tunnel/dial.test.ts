import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { SUBPROTOCOL } from "../control.ts";
import { connect } from "./dial.ts";

/** RFC 6455 section 1.3 */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What an edge on this machine receives, byte for byte. */
async function startPeer() {
  const server = createServer();
  const received: Buffer[] = [];
  let bytes = 0;
  server.on("upgrade", (request, socket: Socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}${GUID}`)
      .digest("base64");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
    );
    socket.on("data", (chunk) => {
      received.push(chunk);
      bytes += chunk.length;
      server.emit("received");
    });
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    /** The next so many bytes. */
    async take(count: number): Promise<Buffer> {
      while (bytes < count) await once(server, "received");
      const all = Buffer.concat(received.splice(0));
      bytes -= count;
      received.push(all.subarray(count));
      return all.subarray(0, count);
    },
    stop: () => void server.close(),
  };
}

test("on this machine a large frame goes out without a mask, and what follows it with one; the frames stay as they are", async (t) => {
  const peer = await startPeer();
  t.after(peer.stop);
  const socket = connect(peer.url, "/", {});
  t.after(() => socket.terminate());
  await once(socket, "open");
  const [small, large] = [Buffer.alloc(100, 7), Buffer.alloc(10_000, 7)];
  socket.sendFrame(small);
  socket.sendFrame(large);
  socket.sendFrame(small);
  socket.send("{}");
  const masked = (length: number) => Buffer.alloc(length, 7 ^ 1);
  const mask = Buffer.alloc(4, 1);
  assert.deepEqual(await peer.take(106), Buffer.concat([Buffer.of(0x82, 0x80 | 100), mask, masked(100)]));
  assert.deepEqual((await peer.take(8)).subarray(4), Buffer.alloc(4));
  assert.deepEqual(await peer.take(10_000), large);
  assert.deepEqual((await peer.take(106)).subarray(6), masked(100));
  assert.deepEqual((await peer.take(8)).subarray(2, 6), mask);
  assert.deepEqual([small, large], [Buffer.alloc(100, 7), Buffer.alloc(10_000, 7)]);
});

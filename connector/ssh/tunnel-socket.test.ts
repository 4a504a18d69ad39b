import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { ConnectorStream } from "../../protocol/stream.ts";
import { TunnelSocket } from "./tunnel-socket.ts";

function tunnelSocket(credit = 1_000_000) {
  const told: string[] = [];
  const stream = {
    credit,
    taken: 0,
    send(chunks: Uint8Array[]) {
      const bytes = Buffer.concat(chunks);
      stream.credit -= bytes.length;
      told.push(bytes.toString());
    },
    consumed(bytes: number) {
      stream.taken += bytes;
    },
  };
  const socket = new TunnelSocket(stream as unknown as ConnectorStream, () => told.push("(recorded)"));
  return { socket, stream, told };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what is written in one turn leaves as one, and after what must be recorded before", async () => {
  const { socket, told } = tunnelSocket();
  for (const part of ["a", "b", "c"]) socket.write(part);
  assert.deepEqual(told, []);
  await turn();
  assert.deepEqual(told, ["(recorded)", "abc"]);
});

test("without credit nothing leaves, and who writes waits", async () => {
  const { socket, stream, told } = tunnelSocket(0);
  for (let i = 0; i < 100; i++) socket.write(Buffer.alloc(10_000, "x"));
  await turn();
  assert.deepEqual(told, []);
  assert.ok(socket.writableNeedDrain);
  assert.equal(socket.writableLength > 500_000, true);
  stream.credit = 10_000_000;
  const drained = once(socket, "drain");
  socket.drained();
  await drained;
  await turn();
  assert.equal(told.filter((one) => one !== "(recorded)").join("").length, 1_000_000);
});

test("the last bytes leave before the end", async () => {
  const { socket, told } = tunnelSocket();
  socket.end("bye");
  await once(socket, "finish");
  assert.deepEqual(told, ["(recorded)", "bye"]);
});

test("nothing leaves once it is destroyed", async () => {
  const { socket, told } = tunnelSocket();
  socket.write("a");
  socket.destroy();
  await turn();
  assert.deepEqual(told, []);
});

test("a first line that comes byte by byte is passed on whole, and what follows as it comes", async () => {
  const { socket, stream } = tunnelSocket();
  const chunks: string[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  for (const byte of Buffer.from("SSH-2.0-x\r\n")) socket.received(Buffer.of(byte));
  socket.received(Buffer.from("more"));
  await turn();
  assert.deepEqual(chunks, ["SSH-2.0-x\r\n", "more"]);
  assert.equal(stream.taken, 15);
});

test("a first line without an end is passed on as far as it may go, and at the end of all", async () => {
  for (const [length, isEnded] of [
    [9_000, false],
    [100, true],
  ] as const) {
    const { socket } = tunnelSocket();
    socket.received(Buffer.alloc(length, "x"));
    if (isEnded) socket.receivedEnd();
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.equal(chunk.length, length);
  }
});

test("what nobody reads is not confirmed, and bytes after the end are none", async () => {
  const { socket, stream } = tunnelSocket();
  socket.received(Buffer.from("SSH-2.0-x\n"));
  for (let i = 0; i < 10; i++) socket.received(Buffer.alloc(20_000));
  assert.ok(stream.taken < 100_000, `${stream.taken}`);
  socket.receivedEnd();
  socket.received(Buffer.from("after"));
  socket.receivedEnd();
  let size = 0;
  socket.on("data", (chunk: Buffer) => {
    size += chunk.length;
  });
  await once(socket, "end");
  assert.equal(size, 200_010);
});

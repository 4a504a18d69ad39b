import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { joinWrites } from "./joined-writes.ts";

test("what is written in one turn is one piece, and what is ended or destroyed is not held back", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const [[peer]] = await Promise.all([once(server, "connection"), once(socket, "connect")]);
  joinWrites(socket);
  const written: number[] = [];
  const { _writev } = socket;
  socket._writev = (chunks, done) => {
    written.push(chunks.length);
    _writev!.call(socket, chunks, done);
  };
  for (const text of ["a", "b", "c"]) socket.write(text);
  assert.deepEqual(written, []);
  const [first] = await once(peer, "data");
  assert.equal(String(first), "abc");
  assert.deepEqual(written, [3]);
  socket.write("d");
  socket.end("e");
  let rest = "";
  for await (const chunk of peer) rest += chunk;
  assert.equal(rest, "de");
  socket.destroy();
  server.close();
});

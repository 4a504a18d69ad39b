import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { Composer } from "../../protocol/recording/testing.ts";
import { recordingEntry } from "../../protocol/recording.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { EdgeApi } from "../edge-api.ts";
import { followSession } from "./follow.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

let server: Server;
let api: EdgeApi;
let composer: Composer;
/** What the edge does with each viewer. */
let serve: (socket: WebSocket, from: number) => void;
let refuse: number | null;
let asked: { from: number; authorization: string | undefined }[];

before(async () => {
  server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const from = Number(new URL(request.url!, "http://edge").searchParams.get("from"));
    asked.push({ from, authorization: request.headers.authorization });
    if (refuse !== null) {
      socket.end(`HTTP/1.1 ${refuse} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => serve(viewer, from));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  api = new EdgeApi(new URL(`http://127.0.0.1:${address.port}`), async () => "token");
  composer = new Composer(SESSION, await generateKey(), await generateKey()).opened().joined();
  for (let n = 0; n < 200; n++) composer.agent(Buffer.from(`question ${n}`)).target(Buffer.alloc(1000, "a"));
  composer.ended();
});

after(() => server.close());

beforeEach(() => {
  asked = [];
  refuse = null;
});

/** Sends entries from..to and closes. */
function send(socket: WebSocket, from: number, to: number, code = 1000): void {
  for (const entry of composer.entries.slice(from - 1, to)) socket.send(recordingEntry(entry, entry.hash));
  socket.close(code);
}

test("entries come in order until the session ends; the token goes in a header", async () => {
  serve = (socket, from) => send(socket, from, composer.entries.length);
  assert.deepEqual(
    await followed(),
    composer.entries.map(({ seq }) => seq),
  );
  assert.deepEqual(asked, [{ from: 1, authorization: "Bearer token" }]);
});

test("a viewer that is cut off, told to come back, or given a gap goes on where it was", async () => {
  const ends: ((socket: WebSocket, from: number) => void)[] = [
    (socket, from) => send(socket, from, 50, 4500),
    (socket, from) => {
      for (const entry of composer.entries.slice(from - 1, 80))
        socket.send(recordingEntry(entry, entry.hash), () => {});
      socket.terminate();
    },
    (socket, from) => send(socket, from + 1, 120),
    (socket, from) => send(socket, from, composer.entries.length),
  ];
  serve = (socket, from) => ends.shift()!(socket, from);
  assert.deepEqual(
    await followed(),
    composer.entries.map(({ seq }) => seq),
  );
  assert.equal(asked[1]?.from, 51);
  assert.equal(asked[3]?.from, asked[2]?.from);
});

test("an entry that does not follow from those before is refused", async () => {
  serve = (socket) => {
    const [first, second] = composer.entries;
    socket.send(recordingEntry(first!, first!.hash));
    socket.send(recordingEntry({ ...second!, time: second!.time + 1 }, second!.hash));
  };
  await assert.rejects(followed(), { code: "protocol_violation" });
  serve = (socket) => socket.send("text");
  await assert.rejects(followed(), { code: "protocol_violation" });
});

test("what the edge refuses is told at once", async () => {
  for (const [status, code] of [
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "not_found"],
  ] as const) {
    refuse = status;
    await assert.rejects(followed(), { code });
  }
  assert.equal(asked.length, 3);
});

test("a slow reader holds the edge back, and loses nothing", async () => {
  serve = (socket, from) => send(socket, from, composer.entries.length);
  let count = 0;
  for await (const entry of followSession(api, SESSION)) {
    assert.equal(entry.seq, ++count);
    if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(count, composer.entries.length);
});

async function followed(): Promise<number[]> {
  const seqs: number[] = [];
  for await (const entry of followSession(api, SESSION)) seqs.push(entry.seq);
  return seqs;
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { after, before, beforeEach, mock, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { PING, PONG } from "../../protocol/control.ts";
import { Composer } from "../../protocol/recording/testing.ts";
import { recordingEntry } from "../../protocol/recording.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { EdgeApi } from "../edge-api.ts";
import { watchSession } from "./follow.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

let server: Server;
let api: EdgeApi;
let composer: Composer;
/** What the edge does with each watcher that it lets in; null refuses with `problem`. */
let doors: (((socket: WebSocket, from: number) => void) | null)[];
let problem: { status: number; code: string; detail: string };
let asked: URL[];

before(async () => {
  server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url!, "http://edge");
    asked.push(url);
    const door = doors.shift() ?? null;
    if (door !== null) {
      sockets.handleUpgrade(request, socket, head, (watcher) =>
        door(watcher, Number(url.searchParams.get("from"))),
      );
      return;
    }
    const body = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 ${problem.status} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  api = new EdgeApi(new URL(`http://127.0.0.1:${address.port}`), async () => "token");
  composer = new Composer(SESSION, await generateKey(), await generateKey()).opened().joined().ended();
});

after(() => server.close());

beforeEach(() => {
  asked = [];
  doors = [];
  problem = { status: 403, code: "forbidden", detail: "nobody watches their own" };
});

/** Sends entries from..to. */
function send(socket: WebSocket, from: number, to: number): void {
  for (const entry of composer.entries.slice(from - 1, to)) socket.send(recordingEntry(entry, entry.hash));
}

function watched(): {
  seqs: number[];
  states: boolean[];
  leave(): void;
  over: Promise<string | null>;
  has(count: number): Promise<void>;
} {
  const [seqs, states, leaving]: [number[], boolean[], AbortController] = [[], [], new AbortController()];
  let look = () => {};
  const read = async () => {
    const options = { signal: leaving.signal, watching: (now: boolean) => void states.push(now) };
    for await (const { seq } of watchSession(api, SESSION, options)) {
      seqs.push(seq);
      look();
    }
  };
  return {
    seqs,
    states,
    leave: () => leaving.abort(),
    over: read().then(
      () => null,
      (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
    ),
    async has(count) {
      while (seqs.length < count) {
        await new Promise<void>((resolve) => {
          look = resolve;
        });
      }
    },
  };
}

test("a watcher comes by its own door, and is told when it counts", async () => {
  doors = [(socket, from) => send(socket, from, composer.entries.length)];
  const watcher = watched();
  assert.equal(await watcher.over, null);
  assert.deepEqual(watcher.seqs, [1, 2, 3]);
  assert.deepEqual(watcher.states, [true, false]);
  assert.equal(asked[0]?.pathname, `/v1/sessions/${SESSION}/watch`);
  assert.equal(asked[0]?.search, "?from=1");
});

test("it says each 5 s that it is there; an edge that does not answer is left, and sought again", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const silent = Promise.withResolvers<WebSocket>();
    doors = [
      (socket, from) => {
        send(socket, from, 1);
        silent.resolve(socket);
      },
      (socket, from) => {
        socket.on("message", (text) => socket.send(String(text) === PING ? PONG : "no"));
        send(socket, from, 2);
      },
    ];
    const watcher = watched();
    const socket = await silent.promise;
    await watcher.has(1);
    mock.timers.tick(4_999);
    mock.timers.tick(1);
    const [ping] = await once(socket, "message");
    assert.equal(String(ping), PING);
    const closed = once(socket, "close");
    mock.timers.tick(5_000);
    await closed;
    await watcher.has(2);
    assert.equal(asked[1]?.search, "?from=2");
    watcher.leave();
    assert.equal(await watcher.over, null);
    assert.deepEqual(watcher.states, [true, false, true, false]);
  } finally {
    mock.timers.reset();
  }
});

test("the edge's answer to a ping is no entry", async () => {
  doors = [
    (socket, from) => {
      socket.send(PONG);
      send(socket, from, composer.entries.length);
    },
  ];
  const watcher = watched();
  assert.equal(await watcher.over, null);
  assert.equal(watcher.seqs.length, 3);
});

test("who leaves while the connection is lost does not wait for it", async () => {
  doors = [
    (socket, from) => {
      send(socket, from, 1);
      socket.close(4500, "come again");
    },
  ];
  const watcher = watched();
  await watcher.has(1);
  watcher.leave();
  assert.equal(await watcher.over, null);
});

test("a refusal is told in the edge's own words", async () => {
  assert.equal(await watched().over, "forbidden: nobody watches their own");
  problem = { status: 429, code: "too_many", detail: "64 watch this session already" };
  assert.equal(await watched().over, "too_many: 64 watch this session already");
});

test("a session that is over can't be watched; one that ends while the connection is lost has ended", async () => {
  problem = { status: 410, code: "session_ended", detail: "the session is over" };
  assert.equal(await watched().over, "session_ended: the session is over");
  doors = [
    (socket, from) => {
      send(socket, from, 2);
      socket.close(1012);
    },
  ];
  const watcher = watched();
  assert.equal(await watcher.over, null);
});

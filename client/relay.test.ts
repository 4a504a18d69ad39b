import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import type { EndCode } from "../protocol/close-reason.ts";
import { SallyportError } from "../protocol/errors.ts";
import { MAX_PAYLOAD, WINDOW } from "../protocol/frame.ts";
import { sslRequest, startupMessage } from "../protocol/postgres/frontend.ts";
import type { AgentStream, StreamHandlers } from "../protocol/stream.ts";
import { type Listener, listen } from "./listener.ts";
import type { Ending } from "./relay.ts";

/** The tunnel's end, by hand: the test is the edge. */
class FakeStream implements AgentStream {
  handlers: StreamHandlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  credit = WINDOW;
  session = "0".repeat(32);
  interruptible = true;
  frames: Buffer[] = [];
  consumedBytes = 0;
  closed = Promise.withResolvers<{ code: EndCode; reason: string }>();
  #waiting: { size: number; resolve: () => void } | undefined;
  ended = Promise.withResolvers<void>();

  send(chunks: Uint8Array[]): void {
    const frame = Buffer.concat(chunks);
    this.frames.push(frame);
    this.credit -= frame.length;
    if (this.#waiting && this.size >= this.#waiting.size) this.#waiting.resolve();
  }
  end(): void {
    this.ended.resolve();
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
  close(code: EndCode, reason: string): void {
    this.closed.resolve({ code, reason });
    this.handlers.onClose(code, reason);
  }
  get size(): number {
    return this.frames.reduce((sum, frame) => sum + frame.length, 0);
  }
  received(size: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.size >= size) resolve();
      else this.#waiting = { size, resolve };
    });
  }
}

const listeners: Listener[] = [];
after(() => Promise.all(listeners.map((listener) => listener.close())));

async function pair(): Promise<{ stream: FakeStream; client: Socket; ended: Promise<Ending> }> {
  const stream = new FakeStream();
  const ended = Promise.withResolvers<Ending>();
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    open: async () => stream,
    onEnded: ended.resolve,
  });
  listeners.push(listener);
  const client = connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(client, "connect");
  return { stream, client, ended: ended.promise };
}

test("bytes go both ways, large frames, consumed only after the client took them", async () => {
  const { stream, client } = await pair();
  const sent = randomBytes(700_000);
  client.write(sent);
  await stream.received(sent.length);
  assert.deepEqual(Buffer.concat(stream.frames), sent);
  assert.ok(stream.frames.every((frame) => frame.length <= 2 * MAX_PAYLOAD));
  const back = randomBytes(100_000);
  stream.handlers.onData(back);
  const chunks: Buffer[] = [];
  for await (const chunk of client) {
    chunks.push(chunk);
    if (Buffer.concat(chunks).length === back.length) break;
  }
  assert.deepEqual(Buffer.concat(chunks), back);
  assert.equal(stream.consumedBytes, back.length);
});

test("without credit the client is not read; onDrain goes on", async () => {
  const { stream, client } = await pair();
  const sent = randomBytes(WINDOW * 8);
  client.write(sent);
  await stream.received(WINDOW);
  // Turns of the event loop in which all the rest would come, if it were read.
  for (let turns = 0; turns < 200; turns++) await new Promise(setImmediate);
  // What was read before the pause is at most one frame and one turn's reads beyond the window.
  const held = stream.size;
  assert.ok(held < WINDOW + 4 * MAX_PAYLOAD, `held ${held}`);
  for (let size = stream.size; size < sent.length; size = stream.size) {
    const more = stream.received(Math.min(size + 1, sent.length));
    stream.credit = WINDOW;
    stream.handlers.onDrain();
    await more;
  }
  assert.deepEqual(Buffer.concat(stream.frames), sent);
  client.destroy();
});

test("each direction ends by itself", async () => {
  const { stream, client, ended } = await pair();
  client.end("last");
  await stream.ended.promise;
  assert.equal(Buffer.concat(stream.frames).toString(), "last");
  stream.handlers.onData(Buffer.from("answer after the end"));
  stream.handlers.onEnd();
  const [answer] = await once(client, "data");
  assert.equal(String(answer), "answer after the end");
  assert.deepEqual(await stream.closed.promise, { code: "closed", reason: "the client has disconnected" });
  assert.equal((await ended).code, "closed");
});

test("a client that breaks off is told to the edge", async () => {
  const { stream, client } = await pair();
  stream.handlers.onData(Buffer.alloc(10));
  client.resetAndDestroy();
  assert.equal((await stream.closed.promise).code, "agent_gone");
});

test("the end of the session reaches the client after the bytes before it", async () => {
  const { stream, client, ended } = await pair();
  stream.handlers.onData(Buffer.from("FATAL"));
  stream.interruptible = false;
  stream.handlers.onClose("session_killed", "enough");
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), "FATAL");
  assert.deepEqual(await ended, { code: "session_killed", reason: "enough" });
});

test("a client that nobody could tell how its session ended is told here", async () => {
  const { stream, client } = await pair();
  stream.handlers.onClose("storage_failed", "the edge could not record");
  const told = await everything(client);
  assert.match(told, /^E.*SFATAL\0.*C58030\0Mthe edge could not record\0/s);
});

async function refusing(error: Error): Promise<{ client: Socket; refused: Promise<SallyportError> }> {
  const refused = Promise.withResolvers<SallyportError>();
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    open: () => Promise.reject(error),
    onRefused: refused.resolve,
  });
  listeners.push(listener);
  const client = connect(listener.port, "127.0.0.1");
  await once(client, "connect");
  return { client, refused: refused.promise };
}

async function everything(client: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

test("a refusal waits for the startup message and is PostgreSQL's", async () => {
  const { client, refused } = await refusing(
    new SallyportError("unknown_target", "there is no target x", "see sallyport targets"),
  );
  client.write(sslRequest());
  const [answer] = await once(client, "data");
  assert.equal(String(answer), "N");
  const startup = startupMessage(0x30000, [["user", "x"]]);
  for (const byte of startup) client.write(Buffer.of(byte));
  const response = await everything(client);
  assert.equal(response[0], "E");
  assert.match(response, /SFATAL\0/);
  assert.match(response, /C3D000\0Mthere is no target x\0Hsee sallyport targets\0/);
  assert.equal((await refused).code, "unknown_target");
});

test("garbage instead of a startup message is answered, and an internal error keeps its words", async () => {
  const { client } = await refusing(new Error("secret detail"));
  client.write("GET / HTTP/1.1\r\n\r\n");
  const response = await everything(client);
  assert.equal(response[0], "E");
  assert.doesNotMatch(response, /secret detail/);
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { describe, test } from "node:test";
import type { EndCode } from "../../protocol/close-reason.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { WINDOW } from "../../protocol/frame.ts";
import type { AgentStream, StreamHandlers } from "../../protocol/stream.ts";
import { relay } from "../relay.ts";
import { SSH_MANNER } from "./refusal.ts";
import { StandardStreams } from "./standard-streams.ts";

/** The tunnel's end, by hand: the test is the edge. */
class FakeStream implements AgentStream {
  handlers: StreamHandlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  credit = WINDOW;
  session = "0".repeat(32);
  interruptible = true;
  sent: Buffer[] = [];
  consumedBytes = 0;
  readonly ended = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<EndCode>();

  send(chunks: Uint8Array[]): void {
    const frame = Buffer.concat(chunks);
    this.sent.push(frame);
    this.credit -= frame.length;
  }
  end(): void {
    this.ended.resolve();
  }
  consumed(bytes: number): void {
    this.consumedBytes += bytes;
  }
  close(code: EndCode, reason: string): void {
    this.closed.resolve(code);
    this.handlers.onClose(code, reason);
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

describe("standard input and output at a tunnel", () => {
  test("pass every byte, and the last ones before the end", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const stream = new FakeStream();
    const ending = relay(new StandardStreams(input, output), stream, null);
    const sent = randomBytes(200_000);
    input.end(sent);
    await stream.ended.promise;
    assert.deepEqual(Buffer.concat(stream.sent), sent);
    const answer = randomBytes(300_000);
    const read = (async () => Buffer.concat(await output.toArray()))();
    for (let at = 0; at < answer.length; at += 50_000)
      stream.handlers.onData(answer.subarray(at, at + 50_000));
    stream.handlers.onEnd();
    stream.handlers.onClose("closed", "over");
    assert.deepEqual(await read, answer);
    assert.equal((await ending).code, "closed");
    assert.equal(stream.consumedBytes, answer.length);
  });

  test("are not read beyond the credit, nor granted more than was taken from us", async () => {
    const input = new PassThrough({ highWaterMark: 1024 });
    const held: (() => void)[] = [];
    const output = new Writable({ write: (_chunk, _encoding, done) => void held.push(done) });
    const stream = new FakeStream();
    void relay(new StandardStreams(input, output), stream, null);
    stream.credit = 10_000;
    let written = 0;
    const pump = () => {
      while (written < 5_000_000 && input.write(Buffer.alloc(1024))) written += 1024;
    };
    input.on("drain", pump);
    pump();
    await turns(200);
    assert.ok(written < 1_000_000, `${written} were read`);
    stream.handlers.onData(Buffer.alloc(1000));
    stream.handlers.onData(Buffer.alloc(1000));
    await turns(5);
    assert.equal(stream.consumedBytes, 0);
    held.shift()!();
    await turns(5);
    assert.equal(stream.consumedBytes, 1000);
  });

  test("tell the edge when ssh is gone", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const stream = new FakeStream();
    void relay(new StandardStreams(input, output), stream, null);
    output.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    assert.equal(await stream.closed.promise, "agent_gone");
  });

  test("tell the edge when they are ended from here", async () => {
    const streams = new StandardStreams(new PassThrough(), new PassThrough());
    const stream = new FakeStream();
    void relay(streams, stream, null);
    streams.destroy();
    assert.equal(await stream.closed.promise, "closed");
  });
});

test("an SSH client at a local port is told why there is no tunnel, as the protocol has it", async (context) => {
  const server = createServer((socket) =>
    SSH_MANNER.refuse(socket, new SallyportError("forbidden", "you may not open web", "Ask Ann.")),
  ).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  client.write("SSH-2.0-Test\r\n");
  const bytes = Buffer.concat(await client.toArray());
  const banner = "SSH-2.0-Sallyport\r\n";
  assert.equal(bytes.toString("latin1", 0, banner.length), banner);
  const packet = bytes.subarray(banner.length);
  const length = packet.readUInt32BE(0);
  assert.equal(packet.length, length + 4);
  assert.equal(packet.length % 8, 0);
  assert.ok(packet[4]! >= 4);
  assert.equal(packet[5], 1);
  const words = packet.subarray(14, 14 + packet.readUInt32BE(10)).toString();
  assert.equal(words, "you may not open web Ask Ann.");
});

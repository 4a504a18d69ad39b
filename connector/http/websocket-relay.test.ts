import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, test } from "node:test";
import type { WebSocket } from "ws";
import { MAX_PAYLOAD } from "../../protocol/frame.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import { TestTimers } from "../guard/testing.ts";
import { MAX_MESSAGE, type MessageMask, WebSocketRelay } from "./websocket-relay.ts";

const OPEN: MessageMask = {
  message: (data, isText, out) => out(data, isText),
  reason: (text) => text,
  end() {},
  stop() {},
};

/** A target's socket that takes what it is sent only when a test says so. */
class SlowSocket extends EventEmitter {
  bufferedAmount = 0;
  readonly sent: { message: string; binary: boolean }[] = [];
  readonly #taken: (() => void)[] = [];
  closed: [number?, string?] | null = null;
  isPaused = true;

  send(message: Buffer, ...rest: [{ binary: boolean }, () => void] | [() => void]): void {
    this.bufferedAmount += message.length;
    this.sent.push({ message: message.toString(), binary: typeof rest[0] === "function" || rest[0].binary });
    this.#taken.push(rest.at(-1) as () => void);
  }

  take(): void {
    this.bufferedAmount = 0;
    for (const taken of this.#taken.splice(0)) taken();
  }

  close(code?: number, reason?: Buffer): void {
    this.closed = code === undefined ? [] : [code, reason?.toString() ?? ""];
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  isTerminated = false;

  terminate(): void {
    this.isTerminated = true;
  }
}

function rig(mask = OPEN, last: string[] = []) {
  const timers = new TestTimers();
  const socket = new SlowSocket();
  let consumed = 0;
  const frames: { bytes: number; partial: boolean; text: boolean }[] = [];
  const ends: string[] = [];
  const failures: unknown[] = [];
  const stream = {
    credit: 1,
    consumed: (bytes: number) => {
      consumed += bytes;
    },
    send: (chunks: Uint8Array[], message: { partial: boolean; text: boolean }) =>
      frames.push({ bytes: chunks[0]!.length, ...message }),
    end: (last: { chunks: Uint8Array[] }) => ends.push(Buffer.concat(last.chunks).toString("hex")),
  };
  const relay = new WebSocketRelay({
    stream: stream as unknown as ExchangeStream,
    socket: socket as unknown as WebSocket,
    mask,
    farewell: last.map((text) => Buffer.from(text)),
    timers,
    sent() {},
    ended: () => ends.push("ended"),
    failed: (error) => failures.push(error),
  });
  const agent = (text: string, how: Partial<{ partial: boolean; text: boolean; last: boolean }> = {}) =>
    relay.fromAgent(Buffer.from(text), { partial: false, text: true, last: false, ...how });
  return { relay, timers, socket, stream, frames, ends, failures, agent, consumed: () => consumed };
}

describe("a WebSocket between agent and target", () => {
  test("carries messages whole, text and binary, however they were cut", () => {
    const { socket, agent } = rig();
    agent("he", { partial: true });
    agent("llo");
    agent("x", { text: false });
    assert.deepEqual(socket.sent, [
      { message: "hello", binary: false },
      { message: "x", binary: true },
    ]);
  });

  test("gives an agent no more credit than its target takes, whatever its messages are cut into", () => {
    const { socket, agent, consumed } = rig();
    agent("first");
    assert.equal(consumed(), 0);
    for (let i = 0; i < 3; i += 1) {
      agent("part", { partial: true });
      agent("");
    }
    assert.equal(consumed(), 0);
    socket.take();
    assert.equal(consumed(), 17);
  });

  test("ends for a message beyond the bound", () => {
    const { agent, failures } = rig();
    const part = "x".repeat(MAX_MESSAGE / 2);
    agent(part, { partial: true });
    agent(part, { partial: true });
    assert.equal(failures.length, 0);
    agent("x", { partial: true });
    assert.match(String(failures[0]), /more than/);
  });

  test("cuts a target's long message into frames, and reads no further than the agent takes", () => {
    const { relay, socket, stream, frames } = rig();
    stream.credit = 0;
    socket.emit("message", Buffer.alloc(MAX_PAYLOAD + 1), true);
    assert.deepEqual(frames, [
      { bytes: MAX_PAYLOAD, partial: true, text: false },
      { bytes: 1, partial: false, text: false },
    ]);
    assert.equal(socket.isPaused, true);
    relay.drain();
    assert.equal(socket.isPaused, false);
  });

  test("carries an empty message", () => {
    const { socket, frames } = rig();
    socket.emit("message", Buffer.alloc(0), false);
    assert.deepEqual(frames, [{ bytes: 0, partial: false, text: true }]);
  });

  test("closes with the other side's code and reason, and without one where there was none that may be told", () => {
    const one = rig();
    one.relay.agentEnded();
    assert.deepEqual(one.socket.closed, []);
    const two = rig();
    two.relay.fromAgent(Buffer.from([0x10, 0xe1, 0x62]), { partial: false, text: false, last: true });
    two.relay.agentEnded();
    assert.deepEqual(two.socket.closed, [4321, "b"]);
    two.socket.emit("close", 4321, Buffer.from("b"));
    assert.deepEqual(two.ends, ["10e162", "ended"]);
    const three = rig();
    three.socket.emit("close", 1006, Buffer.alloc(0));
    assert.deepEqual(three.ends, ["", "ended"]);
  });

  test("that ends before its time says its last words to the target, and waits no longer than for them", () => {
    const { relay, socket, timers } = rig(OPEN, ["bye"]);
    relay.stop();
    assert.deepEqual(socket.sent, [{ message: "bye", binary: true }]);
    assert.equal(socket.closed?.[0], 1001);
    assert.equal(socket.isTerminated, false);
    timers.pass(500);
    assert.equal(socket.isTerminated, true);
    const without = rig();
    without.relay.stop();
    assert.equal(without.socket.isTerminated, true);
  });

  test("tells the reason of the target's close as it is masked, and none that is too long then", () => {
    const shown = (reason: string) => {
      const { socket, ends } = rig({ ...OPEN, reason: () => Buffer.from(reason) });
      socket.emit("close", 1000, Buffer.from("secret"));
      return ends[0];
    };
    assert.equal(shown("***"), Buffer.from("\x03\xe8***", "latin1").toString("hex"));
    assert.equal(shown("*".repeat(124)), "03e8");
  });

  test("sends a message in many small parts, some empty, as one", () => {
    const { relay, socket } = rig();
    const part = { partial: true, text: false, last: false };
    for (let i = 0; i < 5_000; i++) {
      relay.fromAgent(Buffer.from("a"), part);
      relay.fromAgent(Buffer.alloc(0), part);
    }
    relay.fromAgent(Buffer.from("b"), { ...part, partial: false });
    assert.equal(socket.sent[0]!.message, `${"a".repeat(5_000)}b`);
  });

  test("ends where a message may not pass", () => {
    const refusing: MessageMask = {
      message() {
        throw new Error("no");
      },
      reason: (text) => text,
      end() {},
      stop() {},
    };
    const { socket, frames, failures } = rig(refusing);
    socket.emit("message", Buffer.from("x"), true);
    assert.deepEqual(frames, []);
    assert.equal(failures.length, 1);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FrameFlag, FrameType, MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import { MAX_HEAD, MAX_STREAMS } from "../../protocol/http/head.ts";
import type { Side } from "./readers.ts";
import { StreamWindows } from "./stream-windows.ts";

const head = (stream: number) => ({ type: FrameType.data, flags: FrameFlag.head, stream });
const data = (stream: number) => ({ type: FrameType.data, flags: 0, stream });
const end = (stream: number) => ({ type: FrameType.end, flags: 0, stream });
const reset = (stream: number) => ({ type: FrameType.reset, flags: 0, stream });

/** Sends `bytes` in frames of the largest size. */
function fill(windows: StreamWindows, side: Side, stream: number, bytes: number): void {
  for (let sent = 0; sent < bytes; sent += MAX_PAYLOAD) windows.take(side, data(stream), MAX_PAYLOAD);
}

describe("the windows of a session's streams", () => {
  test("each stream has its own: one that is full holds up no other", () => {
    const windows = new StreamWindows(0);
    windows.take("agent", head(1), 0);
    windows.take("agent", head(2), 0);
    fill(windows, "connector", 1, 2 * WINDOW);
    assert.throws(() => windows.take("connector", data(1), 1), { code: "window_exceeded" });
    fill(windows, "connector", 2, 2 * WINDOW);
    assert.equal(windows.acknowledge("agent", 2, WINDOW), WINDOW);
    fill(windows, "connector", 2, WINDOW);
    assert.throws(() => windows.take("connector", data(2), 1), { code: "window_exceeded" });
  });

  test("an acknowledgement never takes credit back, and is of nothing that was not sent", () => {
    const windows = new StreamWindows(0);
    windows.take("agent", head(1), 100);
    assert.equal(windows.acknowledge("connector", 1, 100), 100);
    assert.equal(windows.acknowledge("connector", 1, 50), 100);
    assert.throws(() => windows.acknowledge("connector", 1, 101), { code: "protocol_violation" });
    assert.throws(() => windows.acknowledge("connector", 2, 0), { code: "protocol_violation" });
    assert.deepEqual([...windows.credits("agent")], [[1, 100]]);
    assert.deepEqual([...windows.credits("connector")], []);
  });

  test("only an agent's head opens a stream, and each number once", () => {
    const windows = new StreamWindows(0);
    assert.throws(() => windows.take("connector", head(1), 1), { code: "protocol_violation" });
    assert.throws(() => windows.take("agent", data(1), 1), { code: "protocol_violation" });
    assert.throws(() => windows.take("agent", end(1), 0), { code: "protocol_violation" });
    windows.take("agent", head(1), 1);
    windows.take("agent", end(1), 0);
    windows.take("connector", end(1), 0);
    assert.equal(windows.open, 0);
    assert.throws(() => windows.take("agent", head(1), 1), { code: "protocol_violation" });
  });

  test("a direction that has ended has ended, the other goes on", () => {
    const windows = new StreamWindows(0);
    windows.take("agent", head(1), 1);
    windows.take("agent", end(1), 0);
    assert.throws(() => windows.take("agent", data(1), 1), { code: "protocol_violation" });
    windows.take("connector", data(1), 1);
    assert.equal(windows.open, 1);
  });

  test("as many streams as may be are open at once, and one more is too many", () => {
    const windows = new StreamWindows(0);
    for (let stream = 1; stream <= MAX_STREAMS; stream++) windows.take("agent", head(stream), 1);
    assert.throws(() => windows.take("agent", head(MAX_STREAMS + 1), 1), { code: "too_many" });
    windows.take("connector", reset(7), 10);
    windows.take("agent", head(MAX_STREAMS + 1), 1);
    assert.equal(windows.open, MAX_STREAMS);
  });

  test("what was under way when a stream was reset is taken, and not endlessly", () => {
    const windows = new StreamWindows(0);
    windows.take("agent", head(1), 1);
    windows.take("agent", end(1), 0);
    windows.take("agent", reset(1), 10);
    assert.equal(windows.acknowledge("agent", 1, 5), null);
    windows.take("connector", reset(1), 10);
    fill(windows, "connector", 1, 2 * WINDOW);
    assert.throws(() => windows.take("connector", data(1), 1), { code: "window_exceeded" });
  });

  test("a reset of stream 0 ends them all; bytes on it are refused", () => {
    const windows = new StreamWindows(0);
    for (const stream of [1, 2, 3]) windows.take("agent", head(stream), 1);
    windows.take("connector", reset(0), 10);
    assert.equal(windows.open, 0);
    assert.throws(() => windows.take("agent", data(0), 1), { code: "protocol_violation" });
    assert.throws(() => windows.take("connector", end(0), 0), { code: "protocol_violation" });
  });

  test("heads, trailers and resets have bounds of their own", () => {
    const windows = new StreamWindows(0);
    assert.throws(() => windows.take("agent", head(1), MAX_HEAD + 1), { code: "frame_too_large" });
    windows.take("agent", head(1), MAX_HEAD);
    const trailers = { type: FrameType.end, flags: FrameFlag.head, stream: 1 };
    assert.throws(() => windows.take("connector", trailers, MAX_HEAD + 1), { code: "frame_too_large" });
    assert.throws(() => windows.take("connector", reset(1), 5000), { code: "frame_too_large" });
  });

  describe("of an object that has lost its memory", () => {
    test("go on with streams that were open before, whatever their counts are", () => {
      const windows = new StreamWindows(2000);
      windows.take("connector", data(7), 100);
      assert.equal(windows.acknowledge("agent", 7, 50 * WINDOW), 50 * WINDOW);
      assert.equal(windows.acknowledge("connector", 9, 3 * WINDOW), 3 * WINDOW);
      assert.deepEqual(Object.fromEntries(windows.credits("connector")), { 7: 50 * WINDOW });
      windows.take("agent", end(7), 0);
      windows.take("connector", end(7), 0);
      assert.deepEqual(Object.fromEntries(windows.credits("connector")), {});
    });

    test("are bounded all the same", () => {
      const windows = new StreamWindows(2000);
      fill(windows, "connector", 7, 3 * WINDOW);
      assert.throws(() => windows.take("connector", data(7), 1), { code: "window_exceeded" });
      windows.acknowledge("agent", 8, 10 * WINDOW);
      fill(windows, "connector", 8, 3 * WINDOW);
      windows.acknowledge("agent", 8, 11 * WINDOW);
      fill(windows, "connector", 8, WINDOW);
      assert.throws(() => windows.take("connector", data(8), 1), { code: "window_exceeded" });
    });

    test("hold no more of them than may be open", () => {
      const windows = new StreamWindows(2000);
      for (let stream = 1; stream < 10 * MAX_STREAMS; stream++) windows.take("connector", data(stream), 1);
      assert.equal(windows.open, MAX_STREAMS);
    });

    test("know the streams that are opened from then on", () => {
      const windows = new StreamWindows(11);
      assert.throws(() => windows.take("agent", head(10), 1), { code: "protocol_violation" });
      assert.throws(() => windows.take("connector", data(12), 1), { code: "protocol_violation" });
      windows.take("agent", head(12), 1);
      assert.throws(() => windows.acknowledge("connector", 12, 2), { code: "protocol_violation" });
      windows.take("connector", data(11), 1);
      assert.equal(windows.newest, 12);
    });
  });
});

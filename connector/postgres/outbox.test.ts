import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import { Outbox } from "./outbox.ts";
import { TestStream } from "./test-stream.ts";

const ROW = Buffer.alloc(100);
const READ = Buffer.alloc(64 * 1024);

function outbox() {
  const stream = new TestStream();
  stream.onBytes = () => {};
  let full = 0;
  const box = new Outbox(stream, () => {
    full += 1;
  });
  return { stream, box, full: () => full, sizes: () => stream.frames.map(({ bytes }) => bytes.length) };
}

describe("the outbox", () => {
  test("sends at once what the agent waits for, with what came before it", () => {
    const { box, sizes } = outbox();
    box.add(ROW, false, false);
    box.add(ROW, false, true);
    assert.deepEqual(sizes(), [200]);
  });

  test("gathers what comes in one turn of the event loop", async () => {
    const { box, sizes } = outbox();
    for (let i = 0; i < 3; i++) box.add(ROW, false, false);
    assert.deepEqual(sizes(), []);
    await turn();
    assert.deepEqual(sizes(), [300]);
  });

  test("never makes a frame larger than allowed, and sends it when it is full", () => {
    const { box, sizes } = outbox();
    for (let i = 0; i < 8; i++) box.add(READ, false, false);
    assert.deepEqual(sizes(), [MAX_PAYLOAD, MAX_PAYLOAD]);
    box.add(ROW, false, false);
    for (let i = 0; i < 4; i++) box.add(READ, false, false);
    assert.deepEqual(sizes().slice(2), [100 + 3 * READ.length]);
  });

  test("gives the frames of a long answer a moment to fill, but not its end", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { box, sizes } = outbox();
    box.add(READ, false, false);
    await turn();
    for (let i = 0; i < 5; i++) {
      box.add(Buffer.alloc(8192), false, false);
      await turn();
    }
    box.add(ROW, false, true);
    assert.deepEqual(sizes(), [READ.length, 5 * 8192 + 100]);
  });

  test("keeps no part of a long answer for long", async ({ mock }) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { box, sizes } = outbox();
    box.add(READ, false, false);
    await turn();
    box.add(ROW, false, false);
    await turn();
    assert.equal(sizes().length, 1);
    mock.timers.tick(2);
    assert.equal(sizes().length, 2);
    box.add(ROW, false, false);
    await turn();
    assert.equal(sizes().length, 3, "a target that trickles is no longer waited for");
  });

  test("marks a frame partial exactly when its bytes end inside a message", () => {
    const { box, stream } = outbox();
    box.add(ROW, true, true);
    assert.equal(box.boundary, false);
    box.add(ROW, true, false);
    box.add(ROW, false, true);
    assert.equal(box.boundary, true);
    assert.deepEqual(
      stream.frames.map(({ partial }) => partial),
      [true, false],
    );
  });

  test("tells when the window is full", () => {
    const { box, stream, full } = outbox();
    stream.reading = false;
    for (let i = 0; i < WINDOW / READ.length; i++) box.add(READ, false, false);
    assert.equal(full(), 1);
  });

  test("sends nothing once the session is over", async () => {
    const { box, sizes } = outbox();
    box.add(ROW, false, false);
    box.discard();
    await turn();
    assert.deepEqual(sizes(), []);
  });
});

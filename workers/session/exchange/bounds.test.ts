import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { MAX_PAYLOAD } from "../../../protocol/frame.ts";
import { FromClient, MAX_AHEAD } from "./from-client.ts";
import { Held, MAX_HELD } from "./held.ts";
import { ResponseBody } from "./response-body.ts";
import { MAX_MESSAGE, ToClient } from "./to-client.ts";

const MiB = 1024 * 1024;
const piece = Buffer.alloc(MAX_PAYLOAD);
/** As much as the object may hold is free again. */
const isFree = (held: Held) => {
  assert.ok(held.take(MAX_HELD));
  held.give(MAX_HELD);
};

describe("messages for a WebSocket's client", () => {
  const rig = () => {
    const held = new Held();
    const sent: (string | Uint8Array)[] = [];
    const client = { bufferedAmount: 0, send: (message: string | Uint8Array) => void sent.push(message) };
    const waits: (() => void)[] = [];
    let consumed = 0;
    const count = (bytes: number) => {
      consumed += bytes;
    };
    const wait = () => new Promise<void>((resolve) => waits.push(resolve));
    const to = new ToClient(client, held, count, wait);
    return { held, sent, client, waits, to, consumed: () => consumed };
  };

  test("wait while the client takes nothing, and give no credit for that time", async () => {
    const { held, sent, client, waits, to, consumed } = rig();
    client.bufferedAmount = 2 * MiB;
    for (let i = 0; i < 4; i++) to.data(piece, false, false);
    await new Promise(setImmediate);
    assert.equal(sent.length, 0);
    assert.equal(consumed(), 0);
    client.bufferedAmount = 0;
    for (const go of waits) go();
    await to.sent();
    assert.equal(sent.length, 4);
    assert.equal(consumed(), 4 * MAX_PAYLOAD);
    isFree(held);
  });

  test("are whole before they are sent, one after the other", async () => {
    const { held, sent, to } = rig();
    to.data(Buffer.from("h\u00e9").subarray(0, 2), true, true);
    to.data(Buffer.from("h\u00e9").subarray(2), false, true);
    to.data(Buffer.alloc(0), false, true);
    to.data(Buffer.from([0xff]), false, false);
    await to.sent();
    assert.deepEqual(sent, ["h\u00e9", "", Buffer.from([0xff])]);
    isFree(held);
  });

  test("have a bound each, and all of the object's together", () => {
    const { held, to } = rig();
    for (let bytes = 0; bytes < MAX_MESSAGE; bytes += MAX_PAYLOAD) to.data(piece, true, false);
    assert.throws(() => to.data(piece, true, false), { code: "frame_too_large" });
    to.stop();
    isFree(held);
    held.take(MAX_HELD);
    assert.throws(() => rigWith(held).data(piece, false, false), { code: "limit_exceeded" });
  });

  const rigWith = (held: Held) =>
    new ToClient(
      { bufferedAmount: 0, send() {} },
      held,
      () => {},
      async () => {},
    );

  test("of text are UTF-8", () => {
    const { held, to } = rig();
    assert.throws(() => to.data(Buffer.from([0xff]), false, true), { code: "protocol_violation" });
    to.stop();
    isFree(held);
  });
});

describe("messages of a WebSocket's client", () => {
  const rig = () => {
    const held = new Held();
    const sent: string[] = [];
    const stream = {
      credit: 0,
      send: ([bytes]: Uint8Array[], message?: { partial: boolean; text: boolean }) =>
        void sent.push(`${bytes!.length}${message!.partial ? "+" : ""}${message!.text ? "t" : ""}`),
      end: (last?: unknown) => {
        const [payload] = (last as { chunks: Uint8Array[] }).chunks;
        sent.push(`end ${payload!.length}`);
      },
    };
    return { held, sent, stream, from: new FromClient(stream, held) };
  };

  test("wait for credit, are cut into frames, and Close comes after them", () => {
    const { held, sent, stream, from } = rig();
    from.take("text");
    from.take(new ArrayBuffer(MAX_PAYLOAD + 1));
    from.take("");
    from.close(Buffer.alloc(2));
    assert.deepEqual(sent, []);
    stream.credit = 1;
    from.drain();
    assert.deepEqual(sent, ["4t", `${MAX_PAYLOAD}+`, "1", "0t", "end 2"]);
    from.drain();
    assert.equal(sent.length, 5);
    isFree(held);
  });

  test("are bounded while nobody takes them", () => {
    const { held, from } = rig();
    for (let bytes = 0; bytes < MAX_AHEAD; bytes += MiB) from.take(new ArrayBuffer(MiB));
    assert.throws(() => from.take("x"), { code: "window_exceeded" });
    from.stop();
    isFree(held);
  });

  test("that still wait when the target closes have nowhere to go; the target's Close is answered", () => {
    const { held, sent, from } = rig();
    from.take("late");
    from.end(Buffer.alloc(2));
    assert.deepEqual(sent, ["end 2"]);
    isFree(held);
  });
});

describe("a response's body", () => {
  before(() => {
    // The runtime's streams, but for lengths.
    class Identity extends TransformStream {
      constructor() {
        super({}, { highWaterMark: 1 }, { highWaterMark: 0 });
      }
    }
    Object.assign(globalThis, { IdentityTransformStream: Identity, FixedLengthStream: Identity });
  });

  const rig = () => {
    const held = new Held();
    const said: string[] = [];
    let consumed = 0;
    const count = (bytes: number) => {
      consumed += bytes;
    };
    const body = new ResponseBody(null, held, {
      consumed: count,
      complete: () => void said.push("complete"),
      failed: (code) => void said.push(code),
    });
    return { held, said, body, consumed: () => consumed };
  };
  const turns = () => new Promise(setImmediate);

  test("is consumed as the client reads it, and not before", async () => {
    const { held, said, body, consumed } = rig();
    for (let i = 0; i < 4; i++) body.data(piece);
    body.end();
    await turns();
    assert.equal(consumed(), 0);
    const reader = body.readable.getReader();
    await reader.read();
    await turns();
    assert.ok(consumed() <= 2 * MAX_PAYLOAD);
    for (let i = 0; i < 3; i++) await reader.read();
    assert.equal((await reader.read()).done, true);
    await turns();
    assert.equal(consumed(), 4 * MAX_PAYLOAD);
    assert.deepEqual(said, ["complete"]);
    isFree(held);
  });

  test("that breaks off is an error for its reader", async () => {
    const { held, said, body } = rig();
    body.data(piece);
    await turns();
    body.broken("target_closed", "it broke off");
    await assert.rejects(body.readable.getReader().read(), /it broke off/);
    assert.deepEqual(said, []);
    isFree(held);
  });

  test("whose reader is gone tells so", async () => {
    const { held, said, body } = rig();
    body.data(piece);
    await body.readable.cancel();
    await turns();
    body.data(piece);
    assert.deepEqual(said, ["agent_gone"]);
    isFree(held);
  });

  test("is dropped where the object holds too much already", async () => {
    const { held, said, body } = rig();
    held.take(MAX_HELD);
    body.data(piece);
    assert.deepEqual(said, ["limit_exceeded"]);
    await assert.rejects(body.readable.getReader().read());
    held.give(MAX_HELD);
    isFree(held);
  });
});

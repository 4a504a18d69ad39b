import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { encodeReset, MAX_RESET } from "../exchange-payload.ts";
import { encodeAck, encodeFrame, FrameFlag, FrameType, MAX_PAYLOAD, WINDOW } from "../frame.ts";
import { MAX_HEAD, MAX_STREAMS } from "../http/head.ts";
import { SEED } from "../seeded.ts";
import { End, Heard, REQUEST, RESPONSE } from "./exchange-testing.ts";

console.log(`hostile exchanges: SEED=${SEED}`);

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const head = (stream: number, value: unknown = REQUEST) =>
  encodeFrame(FrameType.data, FrameFlag.head, stream, json(value));
const data = (stream: number, bytes: number | Buffer = 1) =>
  encodeFrame(FrameType.data, 0, stream, typeof bytes === "number" ? Buffer.alloc(bytes) : bytes);
const end = (stream: number) => encodeFrame(FrameType.end, 0, stream);
const raw = (type: FrameType, flags: number, stream: number, payload: Buffer) =>
  encodeFrame(type, flags, stream, payload);

/** An agent's end with one exchange under way. */
function agent() {
  const one = new End("agent");
  const heard = new Heard();
  const stream = one.streams.open(heard);
  stream.head(REQUEST);
  return { end: one, heard, stream };
}

const violation = { code: "protocol_violation" };

describe("a hostile agent, at the connector's end", () => {
  const refused: [what: string, frames: Buffer[]][] = [
    ["a stream that was never opened", [data(1)]],
    ["a number out of turn", [head(2)]],
    ["a number that is skipped", [head(1), head(3)]],
    ["the greatest number", [head(0xffffffff)]],
    ["bytes on stream 0", [data(0)]],
    ["an end of stream 0", [end(0)]],
    ["a stream that begins with its end", [end(1)]],
    ["a stream that begins with its reset", [encodeReset(1, "closed", "x")]],
    ["two heads", [head(1), head(1)]],
    ["a head after the body", [head(1), data(1), head(1)]],
    ["bytes after the end", [head(1), end(1), data(1)]],
    ["an end after the end", [head(1), end(1), end(1)]],
    ["a head after the end", [head(1), end(1), head(1)]],
    ["an acknowledgement of what was not sent", [head(1), encodeAck(1, { frames: 0, bytes: 1 })]],
    ["an acknowledgement of a stream that is not there", [encodeAck(1, { frames: 0, bytes: 0 })]],
    ["a head that is no JSON", [raw(FrameType.data, FrameFlag.head, 1, Buffer.from("{"))]],
    ["a head that is no UTF-8", [raw(FrameType.data, FrameFlag.head, 1, Buffer.from('"\xff"', "latin1"))]],
    ["a head that is empty", [raw(FrameType.data, FrameFlag.head, 1, Buffer.alloc(0))]],
    ["a head that is too large", [head(1, "x".repeat(MAX_HEAD))]],
    ["trailers that are no JSON", [head(1), raw(FrameType.end, FrameFlag.head, 1, Buffer.from("no"))]],
    [
      "trailers that are too large",
      [head(1), raw(FrameType.end, FrameFlag.head, 1, json("x".repeat(MAX_HEAD)))],
    ],
    ["a reset that is no JSON", [head(1), raw(FrameType.reset, 0, 1, Buffer.from("no"))]],
    ["a reset that is null", [head(1), raw(FrameType.reset, 0, 1, json(null))]],
    ["a reset without a reason", [head(1), raw(FrameType.reset, 0, 1, json({ code: "closed" }))]],
    [
      "a reset of an unknown code",
      [head(1), raw(FrameType.reset, 0, 1, json({ code: "toString", reason: "" }))],
    ],
    ["a reset that is too large", [head(1), raw(FrameType.reset, 0, 1, Buffer.alloc(MAX_RESET + 1, 32))]],
    ["a reset of all that is no JSON", [raw(FrameType.reset, 0, 0, Buffer.from("no"))]],
    ["too many streams", Array.from({ length: MAX_STREAMS + 1 }, (_, index) => head(index + 1))],
  ];
  for (const [what, frames] of refused) {
    test(`${what} is a violation`, () => {
      const connector = new End("connector");
      for (const frame of frames.slice(0, -1)) connector.receive(frame);
      assert.throws(() => connector.receive(frames.at(-1)!), violation);
    });
  }

  test("bytes beyond the window and its slack are refused, what is consumed counts no more", () => {
    const connector = new End("connector");
    connector.receive(head(1));
    connector.receive(head(2));
    for (let sent = 0; sent < 2 * WINDOW; sent += MAX_PAYLOAD) connector.receive(data(1, MAX_PAYLOAD));
    assert.throws(() => connector.receive(data(1)), { code: "window_exceeded" });
    for (let round = 0; round < 40; round++) {
      connector.receive(data(2, MAX_PAYLOAD));
      connector.accepted[1]!.stream.consumed(MAX_PAYLOAD);
    }
    for (let sent = 0; sent < 2 * WINDOW; sent += MAX_PAYLOAD) connector.receive(data(2, MAX_PAYLOAD));
    assert.throws(() => connector.receive(data(2)), { code: "window_exceeded" });
  });

  test("frames for a stream that is over are dropped: they may have been on their way", () => {
    const connector = new End("connector");
    connector.receive(head(1));
    const { stream, heard } = connector.accepted[0]!;
    stream.reset("forbidden", "no");
    for (const frame of [
      data(1),
      end(1),
      encodeReset(1, "closed", ""),
      encodeAck(1, { frames: 0, bytes: 99 }),
    ])
      connector.receive(frame);
    assert.deepEqual([heard.bytes, heard.ended, heard.reset], [0, false, undefined]);
    connector.receive(head(2));
    assert.equal(connector.accepted.length, 2);
  });

  test("a reset of stream 0 ends all that are open; the next one opens all the same", () => {
    const connector = new End("connector");
    connector.receive(head(1));
    connector.receive(head(2));
    connector.receive(encodeReset(0, "agent_gone", "left"));
    assert.deepEqual(
      connector.accepted.map(({ heard }) => heard.reset?.code),
      ["agent_gone", "agent_gone"],
    );
    connector.receive(head(3));
    assert.equal(connector.streams.size, 1);
  });

  test("opening and resetting without end leaves nothing behind", () => {
    const connector = new End("connector");
    for (let number = 1; number <= 20_000; number++) {
      connector.receive(head(number));
      connector.receive(encodeReset(number, "closed", ""));
    }
    assert.equal(connector.streams.size, 0);
    assert.equal(connector.sent.length, 0);
  });

  test("one that nobody wants is reset before its head is told", () => {
    const connector = new End("connector");
    const before = connector.accepted.push;
    connector.accepted.push = function push(...items) {
      items[0]!.stream.reset("unknown_target", "not here");
      return before.apply(this, items);
    };
    connector.receive(head(1));
    assert.deepEqual(connector.accepted[0]!.heard.heads, []);
    assert.equal(connector.streams.size, 0);
    assert.equal(connector.sent.length, 1);
  });
});

describe("a hostile connector, at the agent's end", () => {
  const refused: [what: string, frames: Buffer[]][] = [
    ["a stream that it opens", [head(2, RESPONSE)]],
    ["bytes before a head", [data(1)]],
    ["an end before a head", [end(1)]],
    ["a head after the body", [head(1, RESPONSE), data(1), head(1, RESPONSE)]],
    ["bytes after the end", [head(1, RESPONSE), end(1), data(1)]],
    ["an acknowledgement of another's stream", [encodeAck(2, { frames: 0, bytes: 0 })]],
  ];
  for (const [what, frames] of refused) {
    test(`${what} is a violation`, () => {
      const { end: one } = agent();
      for (const frame of frames.slice(0, -1)) one.receive(frame);
      assert.throws(() => one.receive(frames.at(-1)!), violation);
    });
  }

  test("a handler that resets in the middle hears nothing more", () => {
    const { end: one, heard, stream } = agent();
    heard.onHead = () => stream.reset("closed", "enough");
    one.receive(head(1, RESPONSE));
    one.receive(data(1));
    one.receive(raw(FrameType.end, 0, 1, Buffer.of(1)));
    assert.deepEqual([heard.bytes, heard.ended], [0, false]);
    const again = agent();
    again.heard.onData = () => again.stream.reset("closed", "enough");
    again.end.receive(head(1, RESPONSE));
    again.end.receive(raw(FrameType.end, 0, 1, Buffer.of(1)));
    assert.equal(again.heard.ended, false);
  });
});

test("any frames are taken or are a typed error, and no stream is left twice", () => {
  const types = [FrameType.data, FrameType.end, FrameType.reset, FrameType.ack];
  const frame = fc
    .record({
      type: fc.constantFrom(...types),
      isHead: fc.boolean(),
      stream: fc.nat(4),
      payload: fc.oneof(
        fc.constant(json(REQUEST)),
        fc.constant(json({ code: "closed", reason: "" })),
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      ),
    })
    .map(({ type, isHead, stream, payload }) => {
      if (type === FrameType.ack) return encodeAck(stream, { frames: 0, bytes: payload.length });
      return raw(type, isHead && type !== FrameType.reset ? FrameFlag.head : 0, stream, payload);
    });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 40 }), fc.boolean(), (frames, isAgent) => {
      const { end: one } = isAgent ? agent() : { end: new End("connector") };
      try {
        for (const each of frames) one.receive(each);
      } catch (error) {
        assert.ok(error instanceof SallyportError, String(error));
      }
      assert.ok(one.streams.size <= 5);
    }),
    { seed: SEED, numRuns: 3000 },
  );
});

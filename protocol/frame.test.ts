import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { closeFrame, readCloseReason } from "./close-reason.ts";
import { isFinalClose, SallyportError } from "./errors.ts";
import {
  decodeAck,
  decodeHeader,
  encodeAck,
  encodeFrame,
  FRAME_HEADER,
  FrameType,
  MAX_PAYLOAD,
  readU64,
  writeU64,
} from "./frame.ts";
import "./seeded.ts";

/** Every type with the flags that it may have. */
const LEGAL: [FrameType, number][] = [
  ...[0, 1, 2, 3].flatMap((flags): [FrameType, number][] => [
    [FrameType.data, flags],
    [FrameType.end, flags],
  ]),
  ...[32, 64, 65].map((flags): [FrameType, number] => [FrameType.data, flags]),
  [FrameType.end, 32],
  ...[0, 2].map((flags): [FrameType, number] => [FrameType.reset, flags]),
  ...[0, 4, 8, 16, 24].map((flags): [FrameType, number] => [FrameType.event, flags]),
  [FrameType.ack, 0],
];

describe("frames", () => {
  test("what is encoded is decoded", () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...LEGAL), fc.nat(0xffffffff), chunks, ([type, flags], stream, payload) => {
        const frame = encodeFrame(type, flags, stream, ...payload);
        assert.deepEqual(decodeHeader(frame), { type, flags, stream });
        assert.deepEqual(frame.subarray(FRAME_HEADER), Buffer.concat(payload));
      }),
    );
  });

  test("a flag that a frame's type can't have, alone or beside another, is a violation", () => {
    const legal = new Set(LEGAL.map(([type, flags]) => `${type} ${flags}`));
    for (const type of Object.values(FrameType)) {
      for (let flags = 0; flags < 256; flags++) {
        const frame = encodeFrame(type, flags, 0);
        if (legal.has(`${type} ${flags}`)) assert.equal(decodeHeader(frame).flags, flags);
        else assert.throws(() => decodeHeader(frame), { code: "protocol_violation" }, `${type} ${flags}`);
      }
    }
  });

  test("any bytes are a frame or a typed error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const { type } = decodeHeader(bytes);
          if (type === FrameType.ack) decodeAck(bytes);
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a payload over the limit is refused by its length alone", () => {
    assert.throws(() => decodeHeader(new Uint8Array(FRAME_HEADER + MAX_PAYLOAD + 1).fill(1)), {
      code: "frame_too_large",
    });
  });

  test("acknowledgements count beyond 32 bits, and no further than numbers are exact", () => {
    const ack = { frames: 7, bytes: 5 * 2 ** 40 + 3 };
    assert.deepEqual(decodeAck(encodeAck(0, ack)), ack);
    assert.throws(() => readU64(new Uint8Array(8).fill(255), 0), { code: "protocol_violation" });
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = new Uint8Array(8);
        writeU64(bytes, 0, value);
        assert.equal(readU64(bytes, 0), value);
      }),
    );
  });
});

describe("close reasons", () => {
  test("code and reason survive, within the 123 bytes of a close frame", () => {
    const close = closeFrame("session_killed", "é".repeat(200));
    assert.ok(Buffer.byteLength(close.reason) <= 123);
    assert.ok(!close.reason.includes("\ufffd"), "cut between characters");
    assert.equal(readCloseReason(close.code, close.reason).code, "session_killed");
    assert.ok(isFinalClose(close.code));
  });

  test("a peer's own words are no code of ours", () => {
    assert.deepEqual(readCloseReason(1000, ""), { code: "closed", reason: "closed with 1000" });
    assert.equal(readCloseReason(4400, "constructor: x").code, "session_ended");
    assert.ok(!isFinalClose(1006));
    assert.ok(!isFinalClose(4500));
  });
});

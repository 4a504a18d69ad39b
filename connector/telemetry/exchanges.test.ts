import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { runs, SEED } from "../../protocol/seeded.ts";
import { TracedExchanges } from "./exchanges.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function headOf(json: unknown, stream = 1): Buffer {
  return encodeFrame(FrameType.data, FrameFlag.head, stream, Buffer.from(JSON.stringify(json) ?? ""));
}

test(`SEED=${SEED} whatever a head holds, it has a context of good form or none`, () => {
  const line = fc.oneof(
    fc.anything(),
    fc.tuple(fc.constantFrom("traceparent", "tracestate", "sallyport-trace"), fc.anything()),
    fc.constant(["traceparent", TRACEPARENT]),
  );
  const json = fc.oneof(fc.jsonValue(), fc.record({ fields: fc.oneof(fc.array(line), fc.anything()) }));
  fc.assert(
    fc.property(json, (head) => {
      const exchanges = new TracedExchanges();
      let text: string | undefined;
      try {
        text = JSON.stringify(head);
      } catch {
        // Such as with a bigint: not what comes by the wire.
        return;
      }
      const frame = encodeFrame(FrameType.data, FrameFlag.head, 1, Buffer.from(text ?? "{"));
      exchanges.frame("agent", { seq: 3, frame });
      const { trace, bytes } = exchanges.take(3)!;
      assert.deepEqual(bytes, { agent: 0, target: 0 });
      if (trace) assert.match(trace.traceId, /^[0-9a-f]{32}$/);
      assert.equal(exchanges.take(3), undefined);
    }),
    { numRuns: runs(300, 20_000) },
  );
});

test("bytes are those of bodies in each direction; a second head and frames of no exchange count for nothing", () => {
  const exchanges = new TracedExchanges();
  const body = encodeFrame(FrameType.data, 0, 1, Buffer.from("body"));
  exchanges.frame("agent", { seq: 2, frame: body });
  exchanges.frame("agent", { seq: 3, frame: headOf({ fields: [["traceparent", TRACEPARENT]] }) });
  exchanges.frame("agent", { seq: 4, frame: body });
  exchanges.frame("agent", { seq: 5, frame: headOf({ fields: [] }) });
  exchanges.frame("target", { seq: 6, frame: headOf({ status: 200, fields: [] }) });
  exchanges.frame("target", { seq: 7, frame: encodeFrame(FrameType.end, 0, 1, Buffer.from("answer")) });
  exchanges.frame("target", { seq: 8, frame: Buffer.from([1, 0]) });
  assert.equal(exchanges.take(5), undefined);
  assert.deepEqual(exchanges.take(3)?.bytes, { agent: 4, target: 6 });
});

test("an agent that opens streams without end fills no memory: the oldest are forgotten", () => {
  const exchanges = new TracedExchanges();
  for (let stream = 1; stream <= 5_000; stream++)
    exchanges.frame("agent", { seq: stream, frame: headOf({ fields: [] }, stream) });
  assert.equal(exchanges.take(4_000), undefined);
  assert.notEqual(exchanges.take(4_001), undefined);
});

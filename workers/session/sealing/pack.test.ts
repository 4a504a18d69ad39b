import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { EntryKind } from "../../../protocol/entry.ts";
import { encodeFrame, FrameType } from "../../../protocol/frame.ts";
import { newLog, sessionStorage } from "../../testing/session-storage.ts";
import { PLAIN, packSlice, type Slice } from "./pack.ts";
import { talliesAtStart } from "./tallies.ts";

const ID = "a".repeat(32);

function logOf(entries: number, bytes: number) {
  const log = newLog(sessionStorage(), ID);
  for (let i = 0; i < entries; i++)
    log.append(EntryKind.target, i, encodeFrame(FrameType.data, 0, 0, Buffer.alloc(bytes, 97 + (i % 26))));
  return log;
}

const slice = (more: Partial<Slice> = {}): Slice => ({
  session: ID,
  from: talliesAtStart(ID),
  isFirst: true,
  last: null,
  bytes: 10_000,
  end: { trailer: {}, seal: null },
  ...more,
});

describe("packing a slice of a recording", () => {
  test("the same slice gives the same bytes, and what the machine counts goes on in the next one", async () => {
    const log = logOf(40, 500);
    const first = (await packSlice(log, slice(), PLAIN))!;
    assert.deepEqual((await packSlice(log, slice(), PLAIN))!.bytes, first.bytes);
    assert.equal(first.isFinal, false);
    const next = (await packSlice(log, slice({ from: first.tallies, isFirst: false }), PLAIN))!;
    assert.equal(next.first, first.last + 1);
    assert.equal(gunzipSync(first.bytes).toString("latin1", 0, 22), "SALLYPORT RECORDING 1\n");
  });

  test("a live session gives a whole part or none, and never a trailer", async () => {
    const log = logOf(10, 500);
    assert.equal(await packSlice(log, slice({ end: null }), PLAIN), null);
    const made = (await packSlice(log, slice({ end: null, bytes: 2_000 }), PLAIN))!;
    assert.deepEqual([made.first, made.last, made.isFinal], [1, 4, false]);
  });

  test("a range that is fixed stays, however the log has grown", async () => {
    const log = logOf(10, 500);
    const made = (await packSlice(log, slice({ last: 3, end: null }), PLAIN))!;
    assert.deepEqual([made.first, made.last, made.isFinal], [1, 3, false]);
    const all = (await packSlice(log, slice({ last: 10 }), PLAIN))!;
    assert.equal(all.isFinal, true);
  });

  test("where all entries are in earlier parts, the trailer is a part of its own", async () => {
    const log = logOf(4, 500);
    const made = (await packSlice(log, slice({ end: null, last: 4 }), PLAIN))!;
    const rest = (await packSlice(log, slice({ from: made.tallies, isFirst: false }), PLAIN))!;
    assert.deepEqual([rest.first, rest.last, rest.isFinal], [5, 4, true]);
    assert.equal(gunzipSync(rest.bytes).toString("latin1", 8), "{}");
  });

  test("others have their turn in between: no stretch of work is longer than a few entries", async () => {
    const log = logOf(64, 60_000);
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await packSlice(log, slice({ bytes: Number.POSITIVE_INFINITY }), PLAIN);
    clearInterval(count);
    assert.ok(turns >= 16, `${turns} turns while 64 entries of 60 kB were packed`);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { composer } from "../../protocol/activity/testing.ts";
import type { Entry } from "../../protocol/entry.ts";
import { encodeFrame, FrameType } from "../../protocol/frame.ts";
import { edgeEvent } from "../../protocol/recording/events.ts";
import { EntryTap } from "./tap.ts";

const { facts } = composer("postgres");

test("entries are the connector's own, in order; a reader that fails is told and lost, the others and the session go on", () => {
  const seen: Entry[] = [];
  let ends = 0;
  const lines: unknown[] = [];
  const bad = {
    loss: "its spans can't be made",
    entry({ seq }: Entry) {
      if (seq === 2) throw new Error("hostile");
    },
    end: () => assert.fail("it is lost"),
  };
  const good = { loss: "", entry: (entry: Entry) => void seen.push(entry), end: () => void ends++ };
  const tap = new EntryTap([bad, good], {
    log: (message, about) => lines.push([message, about]),
    clock: () => 7,
  });
  tap.opened(facts);
  const frame = encodeFrame(FrameType.data, 0, 0, Buffer.from("abc"));
  tap.frame("agent", frame);
  // A receiver may change what it was given.
  frame.fill(0);
  tap.frame("connector", encodeFrame(FrameType.event, 0, 0, Buffer.from("{}")));
  tap.frame("connector", encodeFrame(FrameType.data, 0, 0));
  tap.ended("closed", "done");
  assert.deepEqual(
    seen.map(({ kind, seq, time }) => [kind, seq, time]),
    [
      [0, 1, 7],
      [1, 2, 7],
      [3, 3, 7],
      [2, 4, 7],
      [0, 5, 7],
    ],
  );
  assert.ok(Buffer.from(seen[1]!.frame).includes("abc"));
  assert.equal(edgeEvent(seen[4]!.frame)?.event, "ended");
  assert.equal(ends, 1);
  assert.deepEqual(lines, [["its spans can't be made: hostile", { session: facts.session }]]);
});

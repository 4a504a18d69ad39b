import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectorEvent } from "../../protocol/control.ts";
import { RecordKind, readRecord } from "../../protocol/ssh/record.ts";
import type { ConnectorStream } from "../../protocol/stream.ts";
import { Recorder } from "./recorder.ts";

function recorder() {
  const told: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = {
    event(event: ConnectorEvent, logged?: () => void) {
      told.push((event as { event: string }).event);
      if (logged) waiting.push(logged);
    },
    record(chunks: Uint8Array[], logged?: () => void) {
      const { kind, channel, bytes } = readRecord(Buffer.concat(chunks));
      told.push(`${kind}/${channel} ${bytes.length > 20 ? bytes.length : Buffer.from(bytes).toString()}`);
      if (logged) waiting.push(logged);
    },
  };
  return { recorder: new Recorder(stream as unknown as ConnectorStream, () => {}), told, waiting };
}
const closed = (channel: number): ConnectorEvent => ({ event: "channel_closed", channel });

test("records of one channel and kind are gathered; others, and events, come between in order", async () => {
  const { recorder: one, told } = recorder();
  for (const part of ["a", "b"]) one.record(RecordKind.output, 1, Buffer.from(part));
  one.record(RecordKind.error, 1, Buffer.from("c"));
  one.record(RecordKind.output, 2, Buffer.from("d"));
  one.event(closed(2));
  one.record(RecordKind.output, 1, Buffer.from("e"));
  assert.deepEqual(told, ["2/1 ab", "3/1 c", "2/2 d", "channel_closed"]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.at(-1), "2/1 e");
});

test("no record is larger than its bound, and who waits for a large one waits for all of it", () => {
  const { recorder: one, told, waiting } = recorder();
  let logged = 0;
  one.record(RecordKind.input, 1, Buffer.alloc(300_000), () => {
    logged += 1;
  });
  one.flush();
  assert.equal(told.length, 3);
  assert.ok(told.every((line) => Number(line.split(" ")[1]) <= 128 * 1024));
  assert.equal(waiting.length, 1);
  waiting[0]!();
  assert.equal(logged, 1);
});

test("everybody who waits for what was gathered is told, once", () => {
  const { recorder: one, waiting } = recorder();
  const logged: number[] = [];
  for (const name of [1, 2, 3]) one.record(RecordKind.input, 1, Buffer.from("x"), () => logged.push(name));
  one.flush();
  one.flush();
  assert.equal(waiting.length, 1);
  waiting[0]!();
  assert.deepEqual(logged, [1, 2, 3]);
});

test("`logged` resolves when the edge says so, and not before", async () => {
  const { recorder: one, waiting } = recorder();
  let isLogged = false;
  const done = one.logged(closed(1)).then(() => {
    isLogged = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isLogged, false);
  waiting[0]!();
  await done;
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { RecordKind } from "../../protocol/ssh/record.ts";
import type { ConnectorStream } from "../../protocol/stream.ts";
import { Recorder } from "./recorder.ts";
import { TunnelSocket } from "./tunnel-socket.ts";

/** A recorder and a socket as a connection joins them. `turns`: what left, by turns of the event loop. */
function rig() {
  const turns: string[][] = [];
  let current: string[] | undefined;
  const send = (what: string) => {
    if (current === undefined) {
      current = [];
      turns.push(current);
      process.nextTick(() => {
        current = undefined;
      });
    }
    current.push(what);
  };
  const stream = {
    credit: 1,
    record: (chunks: Uint8Array[]) => send(`record ${Buffer.concat(chunks).subarray(5)}`),
    send: (chunks: Uint8Array[]) => send(`bytes ${Buffer.concat(chunks)}`),
  };
  const recorder = new Recorder(stream as unknown as ConnectorStream, () => socket.flush());
  const socket = new TunnelSocket(stream as unknown as ConnectorStream, () => recorder.flush());
  return { stream, recorder, socket, turns };
}

test("a key and its answer leave in one turn, the records before the bytes", async () => {
  const { recorder, socket, turns } = rig();
  recorder.record(RecordKind.input, 1, Buffer.from("k"));
  recorder.record(RecordKind.output, 1, Buffer.from("k"));
  socket.write("encrypted");
  await turn();
  assert.deepEqual(turns, [["record k", "record k", "bytes encrypted"]]);
});

test("bytes that wait for credit don't keep their records waiting, and go when there is some", async () => {
  const { stream, recorder, socket, turns } = rig();
  stream.credit = 0;
  recorder.record(RecordKind.output, 1, Buffer.from("said"));
  socket.write("encrypted");
  await turn();
  assert.deepEqual(turns, [["record said"]]);
  stream.credit = 1;
  socket.drained();
  assert.deepEqual(turns.flat(), ["record said", "bytes encrypted"]);
});

test("bytes that are too many to be gathered take their records with them, before them", () => {
  const { recorder, socket, turns } = rig();
  recorder.record(RecordKind.output, 1, Buffer.from("said"));
  socket.write(Buffer.alloc(128 * 1024, "x"));
  assert.equal(turns.flat()[0], "record said");
  assert.match(turns.flat()[1]!, /^bytes x/);
});

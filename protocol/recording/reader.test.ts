import assert from "node:assert/strict";
import { before, test } from "node:test";
import { SallyportError } from "../errors.ts";
import { MAX_FRAME, recordingEntry, recordingHeader, TRAILER_MARK } from "../recording.ts";
import { generateKey } from "../signatures.ts";
import { parseEntry, type RecordingPart, readRecording } from "./reader.ts";
import { Composer, inChunks, printedRandom } from "./testing.ts";

let composer: Composer;
let file: Buffer;

before(async () => {
  composer = new Composer("sess-1", await generateKey(), await generateKey())
    .opened()
    .joined()
    .agent(Buffer.from("hello"))
    .target(Buffer.alloc(3000, "w"))
    .ended();
  file = await composer.file();
});

test("a file reads the same at every chunk size", async () => {
  const parts: RecordingPart[] = [
    { part: "header", header: { session: "sess-1" } },
    ...composer.entries.map((entry): RecordingPart => ({ part: "entry", entry })),
    { part: "trailer", trailer: await composer.seals() },
  ];
  for (const size of [1, 2, 3, 7, 23, 24, 25, 1000, file.length]) {
    assert.deepEqual(plain(await read(inChunks(file, size))), plain(parts), `chunks of ${size}`);
  }
});

test("a file cut anywhere is said to be cut", async () => {
  for (let length = 22; length < file.length; length++) {
    await assert.rejects(
      read(inChunks(file.subarray(0, length))),
      /the recording is cut/,
      `cut at ${length}`,
    );
  }
});

test("a file that is none, or goes on after its end, is refused", async () => {
  await assert.rejects(read(inChunks(Buffer.from("PGDMP"))), /not a Sallyport recording/);
  await assert.rejects(read(inChunks(Buffer.alloc(0))), /not a Sallyport recording/);
  await assert.rejects(read(inChunks(Buffer.concat([file, Buffer.from("x")]))), /bytes follow the trailer/);
});

test("hostile lengths are refused before anything is kept", async () => {
  const header = recordingHeader("sess-1");
  const entry = Buffer.alloc(4);
  entry.writeUInt32BE(MAX_FRAME + 1);
  await assert.rejects(read(endless(Buffer.concat([header, entry]))), /over the limit/);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32BE(TRAILER_MARK, 0);
  trailer.writeUInt32BE(0xffffffff, 4);
  await assert.rejects(read(endless(Buffer.concat([header, trailer]))), /over the limit/);
  const long = Buffer.from(header);
  long.writeUInt32BE(0x7fffffff, 22);
  await assert.rejects(read(endless(long)), /over the limit/);
});

test("one entry reads as a viewer receives it", () => {
  const [entry] = composer.entries;
  const bytes = recordingEntry(entry!, entry!.hash);
  assert.deepEqual(plain(parseEntry(bytes)), plain(entry));
  for (const wrong of [
    bytes.subarray(0, -1),
    bytes.subarray(0, 20),
    Buffer.concat([bytes, Buffer.alloc(1)]),
  ]) {
    assert.throws(() => parseEntry(wrong), { code: "protocol_violation" });
  }
});

test("random damage ends in a typed error or in parts, never otherwise", async () => {
  const random = printedRandom();
  for (let round = 0; round < 1000; round++) {
    const bytes = Buffer.from(file);
    for (let count = 1 + random(8); count > 0; count--) bytes[random(bytes.length)] = random(256);
    try {
      await read(inChunks(bytes.subarray(0, 1 + random(bytes.length)), 1 + random(512)));
    } catch (error) {
      assert.ok(error instanceof SallyportError, String(error));
    }
  }
});

async function read(chunks: AsyncIterable<Uint8Array>): Promise<RecordingPart[]> {
  const parts: RecordingPart[] = [];
  for await (const part of readRecording(chunks)) parts.push(part);
  return parts;
}

/** These bytes, then zeros without end: a reader that waits for more than it may would never stop. */
async function* endless(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  for (let sent = 0; sent < 64; sent++) yield Buffer.alloc(65_536);
  throw new Error("the reader took far more than its limit");
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item) =>
      item instanceof Uint8Array ? Buffer.from(item).toString("hex") : item,
    ),
  );
}

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { Composer, inChunks } from "../../protocol/recording/testing.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { exportToFile, exportToStream } from "./export.ts";
import { NO_IDENTITY } from "./identity.ts";
import { isSessionId, recordingBytes } from "./source.ts";

let folder: string;
let file: Buffer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-export-"));
  const composer = new Composer("sess-1", await generateKey(), await generateKey()).opened().joined();
  file = await composer.target(Buffer.alloc(100_000)).ended().file();
});

after(() => rmSync(folder, { recursive: true }));

test("a recording is written as it is, for its owner alone", async () => {
  const path = join(folder, "whole.sallyport");
  assert.deepEqual(await exportToFile(inChunks(file, 1000), path), {
    bytes: file.length,
    entries: 4,
    sealed: true,
  });
  assert.ok(readFileSync(path).equals(file));
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("one that breaks off leaves no file, and keeps the one that was there", async () => {
  const path = join(folder, "kept.sallyport");
  await exportToFile(inChunks(file), path);
  await assert.rejects(exportToFile(inChunks(file.subarray(0, -1)), path), { code: "protocol_violation" });
  await assert.rejects(exportToFile(broken(), path), /the network went away/);
  assert.ok(readFileSync(path).equals(file));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".")),
    [],
  );
  await assert.rejects(exportToFile(inChunks(file), join(folder, "none", "x")), { code: "invalid_request" });
});

test("a stream gets the same bytes at its own pace", async () => {
  const stream = new PassThrough({ highWaterMark: 100 });
  const read = stream.toArray();
  const { entries } = await exportToStream(inChunks(file, 1000), stream);
  stream.end();
  assert.equal(entries, 4);
  assert.ok(Buffer.concat(await read).equals(file));
});

test("a reference of 32 hex digits is a session, anything else a file", async () => {
  assert.equal(isSessionId("5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3"), true);
  assert.equal(isSessionId("5F0C9D3E8A7B46F1A2D4C6E8F0A1B2C3"), false);
  const missing = recordingBytes(
    join(folder, "missing"),
    () => assert.fail("the edge was asked"),
    NO_IDENTITY,
  );
  await assert.rejects(missing.next(), { code: "not_found" });
  await assert.rejects(recordingBytes(folder, () => assert.fail("the edge was asked"), NO_IDENTITY).next(), {
    code: "invalid_request",
  });
});

async function* broken(): AsyncGenerator<Uint8Array> {
  yield file.subarray(0, 500);
  throw new Error("the network went away");
}

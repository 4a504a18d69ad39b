import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { RecordingSource } from "../../protocol/evidence/recording-check.ts";
import { NO_IDENTITY } from "../recordings/identity.ts";
import { unpacked } from "../recordings/unpacked.ts";
import { recordingsAt } from "./files.ts";

describe("files of recordings", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-files-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const text = async (source: { open(): AsyncIterable<Uint8Array> }) =>
    Buffer.concat(await collected(source.open())).toString();

  async function* bytes(whole: Uint8Array, size = whole.length || 1): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
  }

  const read = async (whole: Uint8Array, size?: number) =>
    Buffer.concat(await collected(unpacked(bytes(whole, size), NO_IDENTITY))).toString();

  const packed = Buffer.concat([gzipSync("one, "), gzipSync("two")]);

  test("what is packed, in one member or several, is unpacked; what is not stays as it is", async () => {
    for (const size of [1, 5, 1_000]) {
      assert.equal(await read(packed, size), "one, two");
      assert.equal(
        await read(Buffer.from("plain text that is longer than a magic"), size),
        "plain text that is longer than a magic",
      );
    }
    assert.equal(await read(Buffer.alloc(0)), "");
    assert.equal(await read(Buffer.from("x")), "x");
  });

  test("what is packed and damaged, cut or followed by something is told, and what is encrypted", async () => {
    for (const whole of [
      packed.subarray(0, -1),
      packed.subarray(0, 12),
      Buffer.concat([packed, Buffer.alloc(8)]),
      Buffer.concat([packed, Buffer.from("tail")]),
      packed.map((byte, at) => (at === packed.length - 6 ? byte ^ 1 : byte)),
    ]) {
      await assert.rejects(read(whole), { code: "protocol_violation" });
    }
    await assert.rejects(read(Buffer.from("age-encryption.org/v1\n-> X25519 abc")), {
      code: "recording_encrypted",
    });
  });

  test("what is not read for want of a key is not left open", async () => {
    let isOpen = true;
    async function* download(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from("age-encryption.org/v1\n-> X25519 ".padEnd(1_000));
      } finally {
        isOpen = false;
      }
    }
    await assert.rejects(collected(unpacked(download(), NO_IDENTITY)), { code: "recording_encrypted" });
    assert.equal(isOpen, false);
  });

  test("what goes wrong with reading passes through, packed or not", async () => {
    async function* broken(first: Uint8Array): AsyncGenerator<Uint8Array> {
      yield first;
      throw new Error("the disk is gone");
    }
    for (const first of [packed.subarray(0, 20), Buffer.from("plain text, longer than a magic")]) {
      await assert.rejects(collected(unpacked(broken(first), NO_IDENTITY)), { message: "the disk is gone" });
    }
  });

  test("a folder is its recordings, in order, and those of its folders; objects together are one", async () => {
    const place = join(folder, "copy");
    const objects = join(place, "recordings", "session");
    mkdirSync(objects, { recursive: true });
    const parts = [gzipSync("first "), gzipSync("second")];
    for (const [index, part] of parts.entries()) writeFileSync(join(objects, `000${index + 1}.gz`), part);
    for (const [name, content] of [
      ["b.sallyport", "b"],
      ["a.sallyport.gz", gzipSync("a")],
      ["keys.json", "{}"],
    ] as const)
      writeFileSync(join(place, name), content);
    symlinkSync(folder, join(place, "loop"));
    const found = [...recordingsAt(place, NO_IDENTITY)];
    assert.deepEqual(await Promise.all(found.map(text)), ["a", "b", "first second"]);
    assert.deepEqual([found[0]!.archive(), found[1]!.archive()], [null, null]);
    const sha = (...pieces: Uint8Array[]) => createHash("sha256").update(Buffer.concat(pieces)).digest();
    assert.deepEqual(found[2]!.archive(), {
      parts: 2,
      bytes: parts[0]!.length + parts[1]!.length,
      sha256: sha(...parts.map((part) => sha(part))).toString("hex"),
    });
  });

  test("a sealed recording that misses an object is told", async () => {
    const place = join(folder, "missing");
    mkdirSync(place);
    for (const part of [1, 3]) writeFileSync(join(place, `000${part}.gz`), gzipSync("x"));
    const [source] = [...recordingsAt(place, NO_IDENTITY)] as [RecordingSource];
    await assert.rejects(text(source), { message: /object 2 of the recording is missing/ });
    assert.equal(source.archive(), null);
  });

  test("objects are in the order of their numbers, not of their names", async () => {
    const place = join(folder, "many");
    mkdirSync(place);
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
    for (const part of numbers)
      writeFileSync(join(place, `${String(part).padStart(4, "0")}.gz`), gzipSync(`${part} `));
    assert.equal(
      await text([...recordingsAt(place, NO_IDENTITY)][0]!),
      numbers.map((part) => `${part} `).join(""),
    );
  });

  test("no such file, and no recording in a folder", () => {
    assert.throws(() => [...recordingsAt(join(folder, "nowhere"), NO_IDENTITY)], { code: "not_found" });
    const empty = join(folder, "empty");
    mkdirSync(empty);
    assert.throws(() => [...recordingsAt(empty, NO_IDENTITY)], { code: "not_found" });
  });
});

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

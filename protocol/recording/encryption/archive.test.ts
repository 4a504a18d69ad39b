import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { SallyportError } from "../../errors.ts";
import { seededRandom } from "../testing.ts";
import {
  type ArchiveIndex,
  archiveBeginning,
  archiveEnd,
  archiveHeader,
  isArchive,
  padding,
} from "./archive.ts";
import { ArchiveReader } from "./archive-reader.ts";

const SEED = Number(process.env.SEED ?? 1);
const OBJECTS = [Buffer.alloc(700, 1), Buffer.alloc(512, 2), Buffer.alloc(1, 3)];

const INDEX: ArchiveIndex = {
  session: "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3",
  trailer: { edgeSeal: { key: "k", entries: 3, head: "00", signature: "s" } },
  parts: OBJECTS.map((bytes, index) => ({
    part: index + 1,
    first: index + 1,
    last: index + 1,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  })),
};

function archive(index = INDEX, objects = OBJECTS): Buffer {
  const pieces = index.parts.flatMap((part, i) => [
    archiveHeader(index, part),
    objects[i]!,
    padding(part.bytes),
  ]);
  return Buffer.concat([archiveBeginning(index), ...pieces, archiveEnd()]);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(
  bytes: Uint8Array,
  size = bytes.length || 1,
): Promise<{ index: ArchiveIndex; objects: Buffer[] }> {
  const reader = await ArchiveReader.begin(inPieces(bytes, size));
  const objects: Buffer[] = [];
  for await (const { bytes } of reader.objects()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
    objects.push(Buffer.concat(chunks));
  }
  return { index: reader.index, objects };
}

describe("the archive of an encrypted recording", () => {
  test("is read as it was written, in pieces of any size", async () => {
    assert.equal(isArchive(archive()), true);
    assert.equal(isArchive(Buffer.alloc(600)), false);
    for (const size of [1, 7, 512, 100_000])
      assert.deepEqual(await read(archive(), size), { index: INDEX, objects: OBJECTS });
  });

  test("no bit changes unseen, and no end before the end", async () => {
    console.log(`SEED=${SEED}`);
    const random = seededRandom(SEED);
    const whole = archive();
    for (let at = 0; at < whole.length; at += 1 + random(7)) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << random(8);
      // What is said of parts and seals may be said otherwise: that is judged by hashes and signatures.
      const said = await read(changed).then(
        ({ index }) => index,
        (error: SallyportError) => error.code,
      );
      if (said !== "protocol_violation") assert.notDeepEqual(said, INDEX, `byte ${at}`);
      if (at > 1_500) assert.equal(said, "protocol_violation", `byte ${at}`);
    }
    for (let end = 0; end < whole.length; end += 1 + random(97))
      await assert.rejects(read(whole.subarray(0, end)), { code: "protocol_violation" }, `cut at ${end}`);
    await assert.rejects(read(Buffer.concat([whole, Buffer.alloc(512)])), { code: "protocol_violation" });
  });

  test("an index that claims what can't be is refused before anything is gathered", async () => {
    for (const change of [
      { parts: [] },
      { parts: [{ ...INDEX.parts[0]!, part: 2 }] },
      { parts: [{ ...INDEX.parts[0]!, bytes: -1 }] },
      { parts: [{ ...INDEX.parts[0]!, bytes: 2 ** 40 }] },
      { parts: [{ ...INDEX.parts[0]!, sha256: "x" }] },
      { session: "../../../etc" },
    ]) {
      const index = { ...INDEX, ...change };
      await assert.rejects(read(archive(index)), (error) => error instanceof SallyportError);
    }
    const huge = archive();
    huge.write("77777777777", 124, "latin1");
    await assert.rejects(read(huge), { code: "protocol_violation" });
  });
});

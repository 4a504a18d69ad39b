import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { partKey } from "../../protocol/recording/sealed.ts";
import { SealingWorld } from "../testing/sealing-world.ts";
import { SessionEntries, startedStream } from "./entries.ts";
import { sealedPart } from "./sealed-recording.ts";
import { Archive, type Bucket } from "./sealing/archive.ts";

const ID = "a".repeat(32);
const SIZES = Array.from({ length: 40 }, (_, i) => 50 + i * 5);

/** A sealed session whose rows are gone, and how it is read. */
async function sealed() {
  const world = new SealingWorld();
  const record = world.session(ID, SIZES);
  const file = world.file(record);
  const sealer = world.sealer();
  sealer.want(record);
  await sealer.start(world.now);
  const { parts } = world.marked.get(ID)!;
  const opened: string[] = [];
  const plain = world.bucket(async (_what, act) => act());
  let fault: (() => void) | null = null;
  const bucket = {
    ...plain,
    get: async (key: string) => {
      opened.push(key);
      fault?.();
      return plain.get(key);
    },
  } as Bucket;
  const entries = new SessionEntries({
    session: ID,
    archive: new Archive(bucket),
    part: (seq) => sealedPart({ parts, isEncrypted: false }, seq),
    rows: null,
    trailer: () => ({}),
  });
  const break_ = (by: () => void) => {
    fault = by;
  };
  return { world, file, entries, opened, parts, break_ };
}

const all = async <T>(items: AsyncIterable<T>) => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};

describe("a sealed session's entries", () => {
  test("from any number on, and only the parts that hold them are opened", async () => {
    const { entries, opened, parts } = await sealed();
    for (let from = 1; from <= SIZES.length + 3; from++) {
      opened.length = 0;
      const found = await all(entries.entries(from));
      assert.deepEqual(
        found.map(({ seq }) => seq),
        Array.from({ length: Math.max(0, SIZES.length + 1 - from) }, (_, i) => from + i),
      );
      assert.deepEqual(
        opened,
        parts.filter(({ last }) => last >= from).map(({ part }) => partKey(ID, part, false)),
      );
    }
  });

  test("who reads no further leaves the rest unopened", async () => {
    const { entries, opened } = await sealed();
    for await (const { seq } of entries.entries(1)) if (seq === 2) break;
    assert.equal(opened.length, 1);
  });

  test("any changed byte, and a part that is gone, shorter or another's: an error, never fewer entries", async () => {
    const { world, entries, file } = await sealed();
    const key = partKey(ID, 2, false);
    const whole = world.objects.get(key)!;
    const variants: (Buffer | null)[] = [
      null,
      whole.subarray(0, -1),
      world.objects.get(partKey(ID, 1, false))!,
    ];
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      variants.push(changed);
    }
    for (const variant of variants) {
      if (variant) world.objects.set(key, variant);
      else world.objects.delete(key);
      await assert.rejects(all(entries.file()), { code: "recording_damaged", message: /part 2 / });
      await assert.rejects(all(entries.entries(1)), { code: "recording_damaged" });
      world.objects.set(key, whole);
    }
    assert.deepEqual(Buffer.concat(await all(entries.file())), file);
  });

  test("a store that fails is told as such, before anything is answered where nothing could be read", async () => {
    const { entries, break_ } = await sealed();
    break_(() => {
      throw new Error("internal details of the store");
    });
    await assert.rejects(startedStream(entries.file()), {
      code: "recording_unavailable",
      message: "object storage does not give the recording now",
    });
  });

  test("a stream that is begun ends with the error, not with an end", async () => {
    const { world, entries } = await sealed();
    world.objects.delete(partKey(ID, 3, false));
    const stream = await startedStream(entries.file());
    await assert.rejects(all(stream), { code: "recording_damaged" });
  });
});

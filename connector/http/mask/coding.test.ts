import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { SallyportError } from "../../../protocol/errors.ts";
import { codingsOf, decoded } from "./coding.ts";

const TEXT = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(""));
const CODED: [string, Buffer][] = [
  ["gzip", gzipSync(TEXT)],
  ["x-gzip", gzipSync(TEXT)],
  ["GZIP", gzipSync(TEXT)],
  ["gzip", Buffer.concat([gzipSync(TEXT.subarray(0, 9)), gzipSync(TEXT.subarray(9))])],
  ["deflate", deflateSync(TEXT)],
  ["deflate", deflateRawSync(TEXT)],
  ["br", brotliCompressSync(TEXT)],
  ["zstd", zstdCompressSync(TEXT)],
  ["gzip, br", brotliCompressSync(gzipSync(TEXT))],
  ["identity", TEXT],
  ["", TEXT],
];

function cut(bytes: Buffer, size: number): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    ),
  );
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof SallyportError && error.code === expected;
}

describe("a body that is coded", () => {
  for (const [coding, bytes] of CODED) {
    test(`by '${coding}' is decoded, however it comes`, async () => {
      for (const size of [1_000, 1_000_000]) {
        assert.deepEqual(await buffer(decoded(cut(bytes, size), codingsOf([coding])!)), TEXT);
      }
    });
  }

  test("by nothing that is known, or by too much, is not", () => {
    for (const names of [["compress"], ["gzip", "x"], ["gzip, gzip, gzip, gzip"], ["aes128gcm"]]) {
      assert.equal(codingsOf(names), null);
    }
    assert.deepEqual(codingsOf(["gzip", "br"]), ["gzip", "br"]);
  });

  for (const [coding, bytes] of CODED.slice(0, 8)) {
    if (coding.includes(",")) continue;
    test(`by '${coding}' and ends too early is told`, async () => {
      const half = cut(bytes.subarray(0, bytes.length >> 1), 1_000);
      await assert.rejects(buffer(decoded(half, codingsOf([coding])!)), code("protocol_violation"));
    });
    test(`and isn't, but says '${coding}', is told`, async () => {
      const nonsense = cut(Buffer.from("this is nothing at all, and never was".repeat(9)), 1_000);
      await assert.rejects(buffer(decoded(nonsense, codingsOf([coding])!)), code("protocol_violation"));
    });
  }

  test("and empty is empty", async () => {
    for (const coding of ["gzip", "deflate", "br", "zstd"]) {
      assert.equal((await buffer(decoded(Readable.from([]), [coding]))).length, 0);
    }
  });

  test("and expands beyond all bounds is broken off", async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    for (const [coding, bytes] of [
      ["br", brotliCompressSync(zeros, { params: { 1: 5 } })],
      ["zstd", zstdCompressSync(zeros)],
    ] as const) {
      let went = 0;
      const stream = decoded(cut(bytes, 65_536), [coding]);
      const read = async () => {
        for await (const chunk of stream) went += chunk.length;
      };
      await assert.rejects(read(), code("limit_exceeded"));
      assert.ok(went < 40 * 1024 * 1024, `${went}`);
    }
  });

  test("and expands twice is broken off as well", async () => {
    const bytes = gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    await assert.rejects(buffer(decoded(cut(bytes, 65_536), ["gzip", "gzip"])), code("limit_exceeded"));
  });

  test("is taken no faster than it is wanted, and let go when it isn't", async () => {
    let asked = 0;
    const bytes = gzipSync(Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef"), { level: 0 });
    const body = new Readable({
      highWaterMark: 1_024,
      read() {
        const from = asked;
        asked += 512;
        this.push(from >= bytes.length ? null : bytes.subarray(from, asked));
      },
    });
    const stream = decoded(body, ["gzip"]);
    const [chunk] = await new Promise<Buffer[]>((resolve) =>
      stream.once("data", (one: Buffer) => {
        stream.pause();
        resolve([one]);
      }),
    );
    assert.ok(chunk!.length > 0);
    assert.ok(asked < 2 * 1024 * 1024, `${asked}`);
    const closed = new Promise((resolve) => body.once("close", resolve));
    stream.destroy();
    await closed;
    assert.ok(body.destroyed);
  });

  test("fails as the target's connection does", async () => {
    const broken = new Error("reset");
    const body = new Readable({
      read() {
        this.destroy(broken);
      },
    });
    await assert.rejects(buffer(decoded(body, ["gzip", "br"])), broken);
  });
});

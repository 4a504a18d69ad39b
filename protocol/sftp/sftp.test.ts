import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { SEED } from "../seeded.ts";
import type { Attributes } from "./body.ts";
import { AttrFlag, MAX_HANDLE, MAX_PACKET, MAX_REQUEST, Packet } from "./numbers.ts";
import {
  limitsReply,
  packet,
  readAttributes,
  readData,
  readExtensions,
  readHandle,
  readLimits,
  readSingleName,
  readStatus,
  status,
  string,
  u32,
  u64,
  version,
} from "./packets.ts";
import { PacketReader } from "./reader.ts";
import { readRequest, type SftpRequest } from "./request.ts";
import { attributes, requestPacket } from "./testing.ts";

console.log(`SFTP codec: SEED=${SEED}`);

function read(chunks: Uint8Array[], side: "client" | "server" = "client"): Buffer[] {
  const reader = new PacketReader(side);
  const seen: Buffer[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next()) seen.push(Buffer.from(reader.packet()));
  }
  reader.finish();
  return seen;
}

function code(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof SallyportError) return error.code;
    throw error;
  }
  return "accepted";
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));
const handle = fc.uint8Array({ maxLength: MAX_HANDLE }).map((value) => Buffer.from(value).toString("latin1"));
const number = fc.nat({ max: 0xffffffff });
const large = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const attrs: fc.Arbitrary<Attributes> = fc
  .record(
    {
      size: large,
      owner: fc.tuple(number, number),
      permissions: number,
      times: fc.tuple(number, number),
      extended: fc.array(fc.record({ type: bytes, data: bytes }), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  )
  .map(({ size, owner, permissions, times, extended }) => ({
    ...(size !== undefined && { size }),
    ...(owner !== undefined && { uid: owner[0], gid: owner[1] }),
    ...(permissions !== undefined && { permissions }),
    ...(times !== undefined && { atime: times[0], mtime: times[1] }),
    ...(extended !== undefined && { extended: extended.map((pair) => ({ ...pair })) }),
  }));

const HANDLE_TYPES = ["close", "fstat", "readdir", "fsync", "fstatvfs"] as const;
const PATH_TYPES = [
  "lstat",
  "stat",
  "opendir",
  "remove",
  "rmdir",
  "realpath",
  "readlink",
  "statvfs",
  "expand-path",
] as const;

const request: fc.Arbitrary<SftpRequest> = fc.oneof(
  fc.record({ type: fc.constant("open" as const), path: bytes, flags: number, attributes: attrs }),
  fc.record({ type: fc.constant("read" as const), handle, offset: large, length: number }),
  fc.record({ type: fc.constant("write" as const), handle, offset: large, data: bytes }),
  fc.record({ type: fc.constantFrom(...HANDLE_TYPES), handle }),
  fc.record({ type: fc.constantFrom(...PATH_TYPES), path: bytes }),
  fc.record({ type: fc.constant("fsetstat" as const), handle, attributes: attrs }),
  fc.record({
    type: fc.constantFrom("setstat" as const, "lsetstat" as const, "mkdir" as const),
    path: bytes,
    attributes: attrs,
  }),
  fc.record({
    type: fc.constantFrom("rename" as const, "posix-rename" as const, "hardlink" as const),
    path: bytes,
    other: bytes,
  }),
  fc.record({ type: fc.constant("symlink" as const), target: bytes, link: bytes }),
  fc.record({
    type: fc.constant("copy-data" as const),
    from: handle,
    fromOffset: large,
    length: large,
    to: handle,
    toOffset: large,
  }),
  fc.record({ type: fc.constant("home-directory" as const), user: bytes }),
  fc.record({ type: fc.constantFrom("limits" as const, "users-groups-by-id" as const, "unknown" as const) }),
);

describe("SFTP requests", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(request, number, (sent, id) => {
        const reader = new PacketReader("client");
        reader.push(requestPacket(id, sent));
        assert.ok(reader.next());
        assert.equal(reader.id, id);
        assert.deepEqual(readRequest(reader.type, reader.body()), { ...sent });
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test("with one byte too many or too few are violations", () => {
    fc.assert(
      fc.property(request, (sent) => {
        if (sent.type === "unknown") return;
        const whole = requestPacket(1, sent);
        const type = whole[4]!;
        const body = whole.subarray(9);
        assert.equal(
          code(() => readRequest(type, Buffer.concat([body, Buffer.of(0)]))),
          "protocol_violation",
        );
        const shorter = code(() => readRequest(type, body.subarray(0, -1)));
        // A shorter name of an extension is another extension.
        assert.ok(shorter === "protocol_violation" || (type === Packet.EXTENDED && sent.type === "limits"));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test("of garbage throw nothing but SallyportError", () => {
    fc.assert(
      fc.property(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 200 }), (type, garbage) => {
        code(() => readRequest(type, Buffer.from(garbage)));
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });

  test("with lengths, counts and handles that lie are violations", () => {
    const open = (rest: Buffer) => code(() => readRequest(Packet.OPEN, rest));
    assert.equal(open(u32(0xffffffff)), "protocol_violation");
    const path = Buffer.concat([string("/x"), u32(1)]);
    assert.equal(open(Buffer.concat([path, u32(AttrFlag.EXTENDED), u32(0xffffffff)])), "protocol_violation");
    assert.equal(open(Buffer.concat([path, u32(0x10)])), "protocol_violation");
    const long = string(Buffer.alloc(MAX_HANDLE + 1));
    assert.equal(
      code(() => readRequest(Packet.CLOSE, long)),
      "protocol_violation",
    );
  });

  test("by the name of something that every object has are unknown", () => {
    for (const name of ["constructor", "__proto__", "toString"]) {
      assert.deepEqual(readRequest(Packet.EXTENDED, string(name)), { type: "unknown" });
    }
  });
});

const STREAM = [
  packet(Packet.INIT, 3),
  requestPacket(1, { type: "open", path: Buffer.from("/x"), flags: 1, attributes: {} }),
  requestPacket(2, { type: "write", handle: "h", offset: 0n, data: Buffer.from("abc") }),
  requestPacket(3, { type: "limits" }),
];

describe("the reader of packets", () => {
  test("finds the same packets at every pair of split positions", () => {
    const stream = Buffer.concat(STREAM);
    for (let a = 0; a <= stream.length; a++) {
      for (let b = a; b <= stream.length; b++) {
        const seen = read([stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)]);
        assert.deepEqual(seen, STREAM);
      }
    }
    assert.deepEqual(read([...stream].map((byte) => Uint8Array.of(byte))), STREAM);
  });

  test("refuses what can be no packet as soon as its length is there", () => {
    const after = (length: number, type: number) =>
      code(() => read([Buffer.concat([u32(length), Buffer.of(type), u32(0)])]));
    assert.equal(after(4, Packet.INIT), "protocol_violation");
    assert.equal(after(0, Packet.INIT), "protocol_violation");
    assert.equal(after(MAX_PACKET + 1, Packet.WRITE), "frame_too_large");
    assert.equal(after(MAX_REQUEST + 1, Packet.OPEN), "frame_too_large");
    assert.equal(
      code(() => read([Buffer.from("Welcome to this host")], "server")),
      "frame_too_large",
    );
    assert.equal(
      code(() => read([u32(0xffffffff)])),
      "frame_too_large",
    );
  });

  test("says that a stream ended inside a packet, and takes the longest", () => {
    const longest = packet(Packet.WRITE, 1, Buffer.alloc(MAX_PACKET - 5));
    assert.equal(longest.length, MAX_PACKET + 4);
    assert.deepEqual(read([longest.subarray(0, 1000), longest.subarray(1000)]), [longest]);
    assert.equal(
      code(() => read([longest.subarray(0, -1)])),
      "protocol_violation",
    );
  });

  test("allocates nothing for a claimed length, and little for bytes that come one by one", () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 200 }, () => {
      const reader = new PacketReader("client");
      reader.push(Buffer.concat([u32(MAX_PACKET), Buffer.of(Packet.WRITE), u32(1)]));
      assert.equal(reader.next(), false);
      return reader;
    });
    for (const one of readers) one.push(Buffer.alloc(1));
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 << 20);
  });

  test("throws nothing but SallyportError for garbage", () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.constantFrom("client" as const, "server" as const), (garbage, side) => {
        code(() => read(garbage, side));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe("SFTP answers", () => {
  const body = (whole: Buffer) => whole.subarray(9);

  test("are read as they were written", () => {
    assert.deepEqual(readStatus(body(status(7, 3, "no"))), { code: 3, words: "no" });
    assert.deepEqual(readStatus(u32(4)), { code: 4, words: "" });
    const limits = { packet: 1n, read: 2n, write: 3n, handles: 4n };
    assert.deepEqual(readLimits(body(limitsReply(1, limits))), limits);
    assert.deepEqual(readExtensions(body(version([["a", "1"]]))), [["a", "1"]]);
    const name = Buffer.concat([u32(1), string("/home"), string("long"), attributes({ size: 1n })]);
    assert.equal(readSingleName(name).toString(), "/home");
    assert.equal(readHandle(string("h")), "h");
    assert.equal(readData(string("abc")).toString(), "abc");
    fc.assert(
      fc.property(attrs, (told) => assert.deepEqual(readAttributes(attributes(told)), told)),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("that lie are violations", () => {
    for (const call of [
      () => readSingleName(Buffer.concat([u32(2), string("/a"), string(""), u32(0)])),
      () => readSingleName(u32(1)),
      () => readHandle(string(Buffer.alloc(MAX_HANDLE + 1))),
      () => readData(Buffer.concat([u32(5), Buffer.from("abc")])),
      () => readData(Buffer.concat([u32(2), Buffer.from("abc")])),
      () => readLimits(u64(1n)),
      () => readExtensions(Buffer.concat(Array.from({ length: 200 }, () => string("x")))),
    ]) {
      assert.equal(code(call), "protocol_violation");
    }
  });

  test("have words of bounded length", () => {
    assert.equal(readStatus(body(status(1, 4, "x".repeat(10_000)))).words.length, 256);
  });
});

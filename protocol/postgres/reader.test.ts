import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { SEED } from "../seeded.ts";
import * as m from "./messages.ts";
import { MessageReader, type ReaderOptions, STARTUP } from "./reader.ts";
import { message, u32, untyped } from "./wire.ts";

console.log(`reader fuzz: SEED=${SEED}`);

const EVERYTHING: ReaderOptions = { whole: "BCDEFHPQSXcfdpRK23GVvnNAt1sZTIW", wholeLimit: 1 << 20 };
const PIECES: ReaderOptions = { whole: "", wholeLimit: 0 };

interface Seen {
  type: number;
  bytes: Buffer;
  pieces: number;
}

/** Pushes the chunks and puts the pieces of each message together again. */
function read(reader: MessageReader, chunks: Uint8Array[]): Seen[] {
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next()) {
      if (reader.first) seen.push({ type: reader.type, bytes: Buffer.alloc(0), pieces: 0 });
      const current = seen.at(-1)!;
      current.bytes = Buffer.concat([current.bytes, reader.bytes()]);
      current.pieces += 1;
      if (reader.last) assert.equal(current.bytes.length, reader.length + (reader.type === STARTUP ? 4 : 5));
    }
  }
  return seen;
}

const CLIENT = [
  m.sslRequest(),
  m.gssencRequest(),
  m.startupMessage(m.PROTOCOL_3_0, [["user", "someone"]]),
  m.query("SELECT 1"),
  m.parse({ statement: "s", sql: "SELECT $1", parameterTypes: [25] }),
  m.copyData(Buffer.from("1\t2\n")),
  m.sync(),
  m.terminate(),
];
const SERVER = [
  m.authenticationOk(),
  m.parameterStatus("TimeZone", "UTC"),
  m.backendKeyData({ processId: 7, secret: Buffer.alloc(32, 1) }),
  m.readyForQuery("I"),
  message(m.BACKEND.DataRow, Buffer.from([0, 1, 0, 0, 0, 2, 65, 66])),
  message(m.BACKEND.BindComplete),
  m.readyForQuery("T"),
];

describe("the reader", () => {
  for (const [direction, messages] of [
    ["frontend", CLIENT],
    ["backend", SERVER],
  ] as const) {
    for (const [name, options] of [
      ["whole", EVERYTHING],
      ["in pieces", PIECES],
    ] as const) {
      test(`finds the same ${direction} messages, ${name}, at every pair of split positions`, () => {
        const stream = Buffer.concat(messages);
        for (let a = 0; a <= stream.length; a++) {
          for (let b = a; b <= stream.length; b++) {
            const chunks = [stream.subarray(0, a), stream.subarray(a, b), stream.subarray(b)];
            const reader = new MessageReader(direction, options);
            const seen = read(reader, chunks);
            assert.deepEqual(
              seen.map(({ bytes }) => bytes),
              messages,
            );
            if (options === EVERYTHING) assert.ok(seen.every(({ pieces }) => pieces === 1));
            reader.finish();
          }
        }
      });
    }
  }

  test("reads a stream that comes byte by byte", () => {
    const reader = new MessageReader("backend", EVERYTHING);
    const seen = read(
      reader,
      [...Buffer.concat(SERVER)].map((byte) => Uint8Array.of(byte)),
    );
    assert.deepEqual(
      seen.map(({ bytes }) => bytes),
      SERVER,
    );
  });

  test("hands over a message past the limit in pieces, without holding it", () => {
    const big = m.query("x".repeat(5000));
    const reader = new MessageReader("frontend", { whole: "Q", wholeLimit: 1000 });
    read(reader, [m.startupMessage(m.PROTOCOL_3_0, [])]);
    const [seen] = read(reader, [big.subarray(0, 3000), big.subarray(3000)]);
    assert.equal(seen!.pieces, 2);
    assert.deepEqual(seen!.bytes, big);
  });

  test("gives a body only of a message that is in one piece", () => {
    const reader = new MessageReader("backend", PIECES);
    reader.push(m.readyForQuery("E"));
    assert.ok(reader.next());
    assert.deepEqual(Buffer.from(reader.body()!), Buffer.from("E"));
    reader.push(m.readyForQuery("I").subarray(0, 5));
    while (reader.next()) assert.equal(reader.body(), null);
    assert.equal(reader.boundary, false);
  });

  test("pieces of one chunk stand one behind the other", () => {
    const stream = Buffer.concat(SERVER);
    const reader = new MessageReader("backend", PIECES);
    reader.push(stream);
    const { data } = reader;
    let end = 0;
    while (reader.next()) {
      assert.equal(reader.start, end);
      end = reader.end;
    }
    assert.deepEqual(Buffer.from(data.subarray(0, end)), stream);
  });

  test("keeps no chunk once all of it is read", () => {
    const reader = new MessageReader("backend", PIECES);
    reader.push(Buffer.concat(SERVER));
    while (reader.next());
    assert.equal(reader.data.length, 0);
  });
});

function refusal(direction: "frontend" | "backend", ...chunks: Uint8Array[]): string {
  try {
    const reader = new MessageReader(direction, EVERYTHING);
    read(reader, chunks);
    reader.finish();
  } catch (error) {
    if (error instanceof SallyportError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("the reader refuses", () => {
  const startup = m.startupMessage(m.PROTOCOL_3_0, []);
  const typed = (letter: string, length: number) =>
    Buffer.concat([Buffer.from(letter), u32(length), Buffer.alloc(16)]);

  test("a type that no message has", () => {
    assert.equal(refusal("frontend", startup, typed("?", 4)), "protocol_violation");
    assert.equal(refusal("backend", typed("Q", 8)), "protocol_violation");
  });
  test("a length below the type's least", () => {
    for (const length of [0, 1, 3, 4]) {
      assert.equal(refusal("frontend", startup, typed("Q", length)), "protocol_violation");
    }
  });
  test("a length above the type's limit, before the body is there", () => {
    assert.equal(refusal("frontend", startup, typed("S", 5)), "frame_too_large");
    assert.equal(refusal("frontend", startup, typed("E", m.SMALL_MESSAGE + 1)), "frame_too_large");
    assert.equal(refusal("frontend", startup, typed("Q", m.LARGE_MESSAGE + 1)), "frame_too_large");
    assert.equal(refusal("backend", typed("Z", 6)), "frame_too_large");
    assert.equal(refusal("backend", typed("D", 0xffff_ffff)), "frame_too_large");
    assert.equal(refusal("backend", typed("K", 8 + 257)), "frame_too_large");
  });
  test("a startup message that is none, from its first four bytes", () => {
    assert.equal(refusal("frontend", Buffer.from("GET ")), "frame_too_large");
    assert.equal(refusal("frontend", u32(7)), "protocol_violation");
    assert.equal(refusal("frontend", u32(m.STARTUP_MESSAGE + 1)), "frame_too_large");
  });
  test("encryption requests and CancelRequests of another length", () => {
    assert.equal(refusal("frontend", untyped(u32(80877103), Buffer.alloc(1))), "protocol_violation");
    assert.equal(refusal("frontend", m.cancelRequest(1, Buffer.alloc(3))), "protocol_violation");
    assert.equal(refusal("frontend", m.cancelRequest(1, Buffer.alloc(257))), "protocol_violation");
    assert.equal(refusal("frontend", m.cancelRequest(1, Buffer.alloc(256))), "accepted");
  });
  test("bytes behind a CancelRequest", () => {
    assert.equal(refusal("frontend", m.cancelRequest(1, Buffer.alloc(4)), m.sync()), "protocol_violation");
  });
  test("a stream that ends inside a message", () => {
    const whole = m.query("SELECT 1");
    for (let end = 1; end < whole.length; end++) {
      assert.equal(
        refusal("frontend", startup, whole.subarray(0, end)),
        "protocol_violation",
        `${end} bytes`,
      );
    }
  });
});

describe("fuzz", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 });
  const direction = fc.constantFrom("frontend" as const, "backend" as const);

  test("garbage makes the reader throw nothing but SallyportError", () => {
    fc.assert(
      fc.property(direction, chunks, fc.boolean(), (side, garbage, started) => {
        const start = started ? [m.startupMessage(m.PROTOCOL_3_0, [])] : [];
        refusal(side, ...start, ...garbage);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test("any cut of a stream of messages gives the same messages, in pieces or whole", () => {
    const body = fc.uint8Array({ maxLength: 300 });
    const messages = fc.array(
      body.map((bytes) => m.copyData(bytes)),
      { minLength: 1, maxLength: 10 },
    );
    const cuts = fc.array(fc.nat({ max: 3200 }), { maxLength: 12 });
    fc.assert(
      fc.property(messages, cuts, fc.nat({ max: 400 }), (sent, at, wholeLimit) => {
        const stream = Buffer.concat(sent);
        const ends = [...at.filter((cut) => cut <= stream.length).sort((a, b) => a - b), stream.length];
        const cut = ends.map((end, i) => stream.subarray(ends[i - 1] ?? 0, end));
        const seen = read(new MessageReader("backend", { whole: "d", wholeLimit }), cut);
        assert.deepEqual(
          seen.map(({ bytes }) => bytes),
          sent,
        );
        for (const { bytes, pieces } of seen) if (bytes.length <= wholeLimit) assert.equal(pieces, 1);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("a claimed length allocates nothing", () => {
    const claim = Buffer.concat([Buffer.from("d"), u32(m.LARGE_MESSAGE)]);
    const readers = Array.from({ length: 200 }, () => {
      const reader = new MessageReader("backend", { whole: "d", wholeLimit: m.LARGE_MESSAGE + 1 });
      read(reader, [claim, Buffer.alloc(10)]);
      return reader;
    });
    assert.ok(process.memoryUsage().arrayBuffers < 64 << 20, "200 claims of 1 GiB");
    assert.ok(readers.every(({ boundary }) => boundary));
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import * as m from "../../../protocol/postgres/messages.ts";
import { MessageReader } from "../../../protocol/postgres/reader.ts";
import { cstring, message, u16, u32 } from "../../../protocol/postgres/wire.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { DEFAULT_DETECTORS, DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import { Net } from "./net.ts";

console.log(`net: SEED=${SEED}`);

const ALL = Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "mask"])) as Detectors;
const CARD = "4111111111111111";
const STARS = "*".repeat(16);

/** What passes of a stream that comes in chunks, which end where `cuts` tell. */
function through(stream: Buffer, cuts: readonly number[] = [], detectors = ALL) {
  const net = Net.of(detectors)!;
  const reader = new MessageReader("backend", { whole: "RKvSNEZ", wholeLimit: 64 * 1024 });
  const out: Buffer[] = [];
  const passage = {
    span: (data: Uint8Array, start: number, end: number) =>
      void out.push(Buffer.from(data.subarray(start, end))),
    bytes: (bytes: Uint8Array) => void out.push(Buffer.from(bytes)),
  };
  const ends = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, stream.length]) {
    reader.push(Uint8Array.prototype.slice.call(stream, from, end));
    from = end;
    while (reader.next()) net.take(reader, passage);
  }
  net.settle(passage);
  return { bytes: Buffer.concat(out), found: net.found() };
}

function dataRow(...values: (string | Buffer | null)[]): Buffer {
  const parts = values.map((value) =>
    value === null ? [u32(0xffffffff)] : [u32(Buffer.byteLength(value)), Buffer.from(value)],
  );
  return message(m.BACKEND.DataRow, u16(values.length), ...parts.flat());
}

function rowDescription(...columns: { name: string; type?: number; format?: number }[]): Buffer {
  const parts = columns.map(({ name, type = 25, format = 0 }) =>
    Buffer.concat([cstring(name), u32(0), u16(0), u32(type), u16(0), u32(0), u16(format)]),
  );
  return message(m.BACKEND.RowDescription, u16(columns.length), ...parts);
}

const copyData = (payload: string | Buffer) => message(m.BACKEND.CopyData, Buffer.from(payload));
const copyOut = (format: 0 | 1) => message(m.BACKEND.CopyOutResponse, Uint8Array.of(format), u16(0));
const COPY_DONE = message(m.BACKEND.CopyDone);

function int8(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** Expects `stream` to come out as `expected`, whole and byte by byte. */
function expects(stream: Buffer[], expected: Buffer[]): void {
  const sent = Buffer.concat(stream);
  const everywhere = [...sent.keys()];
  assert.deepEqual(through(sent).bytes.toString("latin1"), Buffer.concat(expected).toString("latin1"));
  assert.deepEqual(through(sent, everywhere).bytes, Buffer.concat(expected));
}

describe("what goes to the agent is looked through", () => {
  test("in the values of rows, each by itself", () => {
    expects(
      [dataRow(`a ${CARD} b`, null, "", CARD.slice(0, 8), CARD.slice(8))],
      [dataRow(`a ${STARS} b`, null, "", CARD.slice(0, 8), CARD.slice(8))],
    );
  });

  test("in what errors, notices and notifications say", () => {
    const fields = (text: string): [string, string][] => [
      ["S", "ERROR"],
      ["C", "22P02"],
      ["M", `bad ${text}`],
      ["D", `Failing row contains (${text}).`],
    ];
    const notification = (text: string) =>
      message(m.BACKEND.NotificationResponse, u32(7), cstring("channel"), cstring(text));
    expects(
      [
        m.errorFields("ErrorResponse", fields(CARD)),
        m.errorFields("NoticeResponse", fields(CARD)),
        notification(CARD),
      ],
      [
        m.errorFields("ErrorResponse", fields(STARS)),
        m.errorFields("NoticeResponse", fields(STARS)),
        notification(STARS),
      ],
    );
  });

  test("in settings, results of functions and names of columns", () => {
    const result = (text: string) =>
      message(m.BACKEND.FunctionCallResponse, u32(text.length), Buffer.from(text));
    expects(
      [
        m.parameterStatus("application_name", CARD),
        result(`"${CARD}"`),
        rowDescription({ name: CARD }, { name: "b" }),
      ],
      [
        m.parameterStatus("application_name", STARS),
        result(`"${STARS}"`),
        rowDescription({ name: STARS }, { name: "b" }),
      ],
    );
  });

  test("in the rows of a COPY, as text and CSV, also cut into messages", () => {
    const row = (text: string) => `1\t${text} x\n`;
    expects(
      [
        copyOut(0),
        copyData(row(CARD)),
        copyData(row(CARD).slice(0, 9)),
        copyData(row(CARD).slice(9)),
        COPY_DONE,
      ],
      [
        copyOut(0),
        copyData(row(STARS)),
        copyData(row(STARS).slice(0, 9)),
        copyData(row(STARS).slice(9)),
        COPY_DONE,
      ],
    );
    expects([copyOut(0), copyData(`a,"${CARD}"\n`)], [copyOut(0), copyData(`a,"${STARS}"\n`)]);
    expects(
      [copyOut(0), copyData("41111111"), copyData("11111111"), COPY_DONE],
      [copyOut(0), copyData("00000000"), copyData("00000000"), COPY_DONE],
    );
  });

  test("in the rows of a binary COPY", () => {
    const stream = (text: string) => {
      const head = Buffer.concat([
        Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"),
        u32(0),
        u32(3),
        Buffer.from("ext"),
      ]);
      const tuple = Buffer.concat([
        u16(3),
        u32(text.length),
        Buffer.from(text),
        u32(0xffffffff),
        u32(1),
        Buffer.from("4"),
      ]);
      return [
        copyOut(1),
        copyData(Buffer.concat([head, tuple])),
        copyData(tuple),
        copyData(u16(0xffff)),
        COPY_DONE,
      ];
    };
    expects(stream(`x ${CARD}`), stream(`x ${STARS}`));
  });

  test("in numbers, which stay numbers", () => {
    const columns = rowDescription(
      { name: "a", type: 20 },
      { name: "b", type: 20, format: 1 },
      { name: "c", type: 1700 },
      { name: "d", type: 1700, format: 1 },
      { name: "e", type: 25 },
      { name: "f", type: 23, format: 1 },
    );
    const numeric = (...groups: number[]) =>
      Buffer.concat([u16(4), u16(3), u16(0), u16(0), ...groups.map(u16)]);
    const small = u32(4_111_111);
    expects(
      [
        columns,
        dataRow(CARD, int8(BigInt(CARD)), `${CARD}.00`, numeric(4111, 1111, 1111, 1111), CARD, small),
      ],
      [columns, dataRow("0".repeat(16), int8(0n), `${"0".repeat(16)}.00`, numeric(0, 0, 0, 0), STARS, small)],
    );
  });

  test("with what the names of columns tell", () => {
    const columns = rowDescription(
      { name: "customer_ssn" },
      { name: "other" },
      { name: "ssn", type: 23, format: 1 },
    );
    expects(
      [columns, dataRow("123-45-6789", "123-45-6789", u32(123456789))],
      [columns, dataRow("***********", "123-45-6789", u32(0))],
    );
    const next = [columns, m.readyForQuery("I"), dataRow("123-45-6789", "", null)];
    expects(next, next);
  });

  test("and counted, until it is asked", () => {
    const { found } = through(
      Buffer.concat([dataRow(CARD, "alice@example.com"), dataRow(CARD)]),
      [],
      DEFAULT_DETECTORS,
    );
    assert.deepEqual(found, { card: { masked: 2, reported: 0 }, email: { masked: 0, reported: 1 } });
  });
});

test("where every detector is off there is no net", () => {
  const off = Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "off"])) as Detectors;
  assert.equal(Net.of(off), null);
  assert.notEqual(Net.of({ ...off, card: "report" }), null);
});

test("a message of the connector's own is looked through in a copy", () => {
  const refusal = m.errorFields("ErrorResponse", [["M", `no ${CARD}`]]);
  const before = Buffer.from(refusal);
  assert.deepEqual(
    Buffer.from(Net.of(ALL)!.message(refusal)),
    m.errorFields("ErrorResponse", [["M", `no ${STARS}`]]),
  );
  assert.deepEqual(refusal, before);
});

test("a long value is held back by no more than a window", () => {
  const net = Net.of(ALL)!;
  const reader = new MessageReader("backend");
  let passed = 0;
  const passage = {
    span: (_: Uint8Array, start: number, end: number) => {
      passed += end - start;
    },
    bytes: (bytes: Uint8Array) => {
      passed += bytes.length;
    },
  };
  const stream = dataRow("x ".repeat(500_000));
  for (let at = 0; at < stream.length; at += 8192) {
    reader.push(Uint8Array.prototype.slice.call(stream, at, at + 8192));
    while (reader.next()) net.take(reader, passage);
    assert.ok(Math.min(at + 8192, stream.length) - passed <= 64 * 1024);
  }
  assert.equal(passed, stream.length);
});

test("a row whose values go past it ends the session", () => {
  const short = message(m.BACKEND.DataRow, u16(1), u32(10), Buffer.from("x"));
  const code = { code: "protocol_violation" };
  assert.throws(() => through(short), code);
  assert.throws(() => through(short, [...short.keys()]), code);
  assert.throws(() => through(message(m.BACKEND.DataRow, u16(1), u32(0xfffffffe))), code);
});

describe("whatever the contents are", () => {
  const values = [
    CARD,
    "alice@example.com",
    "ssn 123-45-6789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    `-----BEGIN PRIVATE KEY-----\n${"MIIEowIB".repeat(9)}\n-----END PRIVATE KEY-----`,
    "password=Tr0ub4dor_3x9",
    "\0\0\0\x104111111111111111",
    "日本語",
    "4111 1111 ",
    "x",
    ", ",
    "@",
    "\n",
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...values), fc.string({ unit: "binary" })), { maxLength: 6 })
    .map((parts) => Buffer.from(parts.join("")));
  const long = fc
    .tuple(text, fc.nat({ max: 40_000 }), text)
    .map(([a, size, b]) => Buffer.concat([a, Buffer.alloc(size, " lorem ipsum"), b]));
  const field = fc.oneof({ weight: 20, arbitrary: text }, { weight: 1, arbitrary: long });
  const line = field.map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 ? 1 : byte))));
  const one = fc.oneof(
    fc.array(fc.option(field), { maxLength: 5 }).map((row) => dataRow(...row)),
    line.map((bytes) => copyData(bytes)),
    line.map((bytes) => copyData(Buffer.concat([bytes, Buffer.from("\n")]))),
    line.map((bytes) => m.errorFields("ErrorResponse", [["M", bytes.toString()]])),
    line.map((bytes) => m.errorFields("NoticeResponse", [["D", bytes.toString()]])),
    fc.constantFrom(copyOut(0), COPY_DONE, m.readyForQuery("I")),
    fc.constant(rowDescription({ name: "a" }, { name: "ssn" }, { name: "c", type: 20 })),
  );
  const streams = fc.array(one, { maxLength: 12 }).map((messages) => Buffer.concat(messages));
  const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 20 }), fc.constant([...Array(2000).keys()]));

  /** Where each message begins, its type, and where each value of a row does. */
  function frames(stream: Buffer): string[] {
    const reader = new MessageReader("backend");
    reader.push(stream);
    const all: string[] = [];
    while (reader.next()) {
      const lengths =
        reader.type === m.BACKEND.DataRow.type
          ? m.parseDataRow(reader.body()!).map((value) => value?.length)
          : [];
      all.push(`${reader.start} ${reader.type} ${lengths.join()}`);
    }
    assert.ok(reader.boundary);
    return all;
  }

  test("the frames stay, and how the stream is cut changes nothing", () => {
    fc.assert(
      fc.property(streams, cuts, (stream, at) => {
        const whole = through(stream);
        assert.deepEqual(frames(whole.bytes), frames(stream));
        const cut = through(stream, at);
        assert.ok(cut.bytes.equals(whole.bytes));
        assert.deepEqual(cut.found, whole.found);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("what is only reported passes byte for byte", () => {
    const report = Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "report"])) as Detectors;
    fc.assert(
      fc.property(streams, cuts, (stream, at) => {
        assert.ok(through(stream, at, report).bytes.equals(stream));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

test("a description of more columns than there can be ends the session: unread, it would hide what columns are called", () => {
  const columns = (count: number) =>
    rowDescription(
      ...Array.from({ length: count }, (_, index) => ({ name: `${"x".repeat(59)}${1_000 + index}` })),
    );
  const secret = dataRow("aB3xZ9kQaB3xZ9kQ");
  const named = through(Buffer.concat([rowDescription({ name: "api_key" }), secret]));
  assert.ok(!named.bytes.includes("aB3xZ9kQ"));
  through(columns(1_664));
  const attack = Buffer.concat([columns(3_200), secret]);
  for (const cuts of [[], [1_000, 100_000]]) {
    assert.throws(() => through(attack, cuts), { code: "protocol_violation" });
  }
});

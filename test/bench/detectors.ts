import { DEFAULT_DETECTORS } from "../../connector/mask/detectors/modes.ts";
import { Net, type Passage } from "../../connector/postgres/mask/net.ts";
import { BACKEND } from "../../protocol/postgres/message-types.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import { cstring, message, u16, u32 } from "../../protocol/postgres/wire.ts";
import { median, type Row, rounded } from "./samples.ts";

/** Bytes of a result, and of the pieces in which the connector reads it. */
const RESULT = 100e6;
const CHUNK = 64 * 1024;
/** Of the part that is made and sent again and again. */
const PART = 4e6;

/** What a result has; each is made from a number. */
const RESULTS: Record<string, (id: number) => Buffer> = {
  "detectors, rows of a shop": (id) =>
    dataRow(
      String(id),
      String((id * 7_919) % 100_003),
      `customer ${id}`,
      `c${id}@example.com`,
      `${((id * 31) % 90_000) / 100}`,
      "2026-01-07 12:34:56.789012+00",
      "shipped",
    ),
  "detectors, rows of numbers": (id) =>
    dataRow(...[1, 7, 31, 104_729, 7_919_000_003].map((factor) => String(id * factor))),
  "detectors, JSON documents": (id) =>
    dataRow(
      String(id),
      JSON.stringify({
        id,
        customer: { name: `Customer ${id}`, mail: `c${id}@example.com`, city: "Vienna" },
        items: [1, 2, 3].map((item) => ({ sku: `A-${item}-${id}`, count: item, price: item * 9.99 })),
        note: "Please leave the parcel with the neighbours at the door on the left.",
      }),
    ),
  "detectors, COPY": (id) =>
    message(
      BACKEND.CopyData,
      Buffer.from(`${id}\t${(id * 7_919) % 100_003}\tcustomer ${id}\t2026-01-07 12:34:56\t\\N\n`),
    ),
  "detectors, texts of 1 MB": (id) =>
    dataRow("The quick brown fox jumps over the lazy dog, for the third time today. ".repeat(15_000) + id),
};

/** How fast the net looks through results, MB/s of one core; nothing of it but reading messages is the relay's. */
export function detectorSpeeds(repetitions: number): Row[] {
  return Object.entries(RESULTS).map(([workload, rowOf]) => {
    const part = partOf(rowOf);
    const speeds: number[] = [];
    for (let repetition = 0; repetition <= repetitions; repetition++) speeds.push(speed(part));
    return {
      workload,
      path: "net",
      clients: 1,
      ratio: null,
      p50: null,
      p99: null,
      // The first is V8's, to compile what runs.
      value: rounded(median(speeds.slice(1)), 1),
      unit: "MB/s",
      better: "more",
      repetitions,
    };
  });
}

/** MB/s of processor time, so that other work on the machine counts little. */
function speed(part: Buffer): number {
  const net = Net.of(DEFAULT_DETECTORS)!;
  const reader = new MessageReader("backend");
  let passed = 0;
  const passage: Passage = {
    span: (_, start, end) => {
      passed += end - start;
    },
    bytes: (bytes) => {
      passed += bytes.length;
    },
  };
  reader.push(DESCRIPTION);
  while (reader.next()) net.take(reader, passage);
  const before = process.cpuUsage();
  passed = 0;
  while (passed < RESULT) {
    for (let at = 0; at < part.length; at += CHUNK) {
      // As a socket gives it: the net may write into it.
      reader.push(Uint8Array.prototype.slice.call(part, at, at + CHUNK));
      while (reader.next()) net.take(reader, passage);
    }
  }
  const { user, system } = process.cpuUsage(before);
  return passed / (user + system);
}

const DESCRIPTION = Buffer.concat([
  message(BACKEND.CopyOutResponse, Uint8Array.of(0), u16(0)),
  message(BACKEND.RowDescription, u16(1), cstring("id"), Buffer.alloc(18)),
]);

function partOf(rowOf: (id: number) => Buffer): Buffer {
  const rows: Buffer[] = [];
  for (let id = 1, size = 0; size < PART; id++) {
    const row = rowOf(id);
    rows.push(row);
    size += row.length;
  }
  return Buffer.concat(rows);
}

function dataRow(...values: string[]): Buffer {
  const fields = values.flatMap((value) => [u32(Buffer.byteLength(value)), Buffer.from(value)]);
  return message(BACKEND.DataRow, u16(values.length), ...fields);
}

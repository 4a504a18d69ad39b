import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import "../seeded.ts";
import { KeySet } from "./key-set.ts";
import { MAX_LINE, readLines } from "./lines.ts";
import { type SessionState, SessionTable } from "./session-table.ts";

const id = (number: number) => number.toString(16).padStart(32, "0");
const state = fc.record(
  {
    said: fc.integer({ min: 1, max: 15 }),
    opened: fc.maxSafeNat(),
    until: fc.maxSafeNat(),
    connector: fc.nat(),
    stub: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  },
  { noNullPrototype: true },
);

test("a table of sessions keeps what a map keeps, as it grows", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50).map(id), state), { maxLength: 40 }), (written) => {
      const [table, map] = [new SessionTable(), new Map<string, SessionState>()];
      for (const [id, value] of written) {
        table.set(id, value);
        map.set(id, value);
      }
      assert.equal(table.size, map.size);
      assert.deepEqual(new Map(table.entries()), map);
    }),
  );
  const table = new SessionTable();
  const value = { said: 1, opened: 1, until: 2, connector: 3, stub: 4n };
  for (let number = 0; number < 5_000; number++) table.set(id(number), { ...value, opened: number });
  for (let number = 0; number < 5_000; number++) assert.equal(table.get(id(number))!.opened, number);
  assert.equal(table.get(id(5_000)), undefined);
});

test("a set of keys knows what was there", () => {
  const keys = new KeySet();
  for (let number = 0; number < 5_000; number++) assert.ok(keys.add(`key ${number}`));
  for (let number = 0; number < 5_000; number++) assert.ok(!keys.add(`key ${number}`));
});

test("lines are the same in chunks of any size", async () => {
  const line = fc.string({ unit: fc.constantFrom("a", "\0", "é", "€", "😀", "\r"), maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      assert.deepEqual(await collected(readLines(inOrder(chunks))), lines);
    }),
    { numRuns: 30 },
  );
});

test("a line that is too long, cut, or no UTF-8 is told by its number", async () => {
  for (const [bytes, words] of [
    [Buffer.from(`a\n${"x".repeat(MAX_LINE + 1)}`), /line 2 is longer/],
    [Buffer.from("a\nb"), /ends within line 2/],
    [Buffer.from([0x61, 0x0a, 0xff, 0x0a]), /line 2 is no UTF-8/],
  ] as const) {
    await assert.rejects(collected(readLines(inOrder([bytes]))), { message: words });
  }
  assert.equal((await collected(readLines(inOrder([Buffer.from(`${"x".repeat(MAX_LINE)}\n`)])))).length, 1);
});

async function* inOrder(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

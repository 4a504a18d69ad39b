import assert from "node:assert/strict";
import { test } from "node:test";
import { printedRandom } from "../recording/testing.ts";
import { showValue, typeName } from "./types.ts";

/** Each type against a real server: test/replay.test.ts. Here: what no server sends. */

test("text stays text; binary is decoded by type; what is unknown or malformed is hex", () => {
  assert.equal(shown(23, 0, Buffer.from("42")), "42");
  assert.equal(shown(23, 1, Buffer.from([0, 0, 0, 42])), "42");
  assert.equal(shown(23, 1, Buffer.from([0, 42])), "\\x002a");
  assert.equal(shown(99_999, 1, Buffer.from([1, 2])), "\\x0102");
  assert.equal(shown(3802, 1, Buffer.from('\x01{"a": 1}')), '{"a": 1}');
  assert.equal(shown(3802, 1, Buffer.from("\x02?")), "\\x023f");
  assert.deepEqual(
    [typeName(1009), typeName(1184), typeName(99_999)],
    ["text[]", "timestamp with time zone", "oid 99999"],
  );
});

test("a long value shows its beginning, and says how long it is", () => {
  const text = Buffer.from("é".repeat(100));
  assert.deepEqual(showValue(25, 1, text, text.length, 5), { text: "éé", bytes: 200, cut: true });
  assert.deepEqual(showValue(25, 0, text.subarray(0, 4), 200, 50), { text: "éé", bytes: 200, cut: true });
  assert.deepEqual(showValue(17, 1, text, text.length, 2), { text: "\\xc3a9", bytes: 200, cut: true });
  assert.deepEqual(showValue(23, 1, Buffer.from([0, 0]), 4, 50), { text: "\\x0000", bytes: 4, cut: true });
});

test("arrays that claim more than they hold are hex, at once", () => {
  const claims = (...words: number[]) => {
    const bytes = Buffer.alloc(words.length * 4);
    words.forEach((word, index) => {
      bytes.writeInt32BE(word, index * 4);
    });
    return bytes;
  };
  for (const bytes of [
    claims(1, 0, 23, 0x7fffffff, 1),
    claims(2, 0, 23, 0x7fffffff, 1, 0, 1),
    claims(6, 0, 23, 1000, 1, 1000, 1, 1000, 1, 1000, 1, 1000, 1, 1000, 1),
    claims(7, 0, 23),
    claims(-1, 0, 23),
    claims(1, 0, 23, 1, 1, 400),
  ]) {
    assert.match(shown(1007, 1, bytes), /^\\x/);
  }
});

test("nesting is bounded", () => {
  let bytes = Buffer.from([0, 0, 0, 0]);
  for (let depth = 0; depth < 300; depth++) {
    const header = Buffer.alloc(12);
    header.writeInt32BE(1, 0);
    header.writeInt32BE(2249, 4);
    header.writeInt32BE(bytes.length, 8);
    bytes = Buffer.concat([header, bytes]);
  }
  assert.match(shown(2249, 1, bytes), /^[("]+\\*x?/);
});

test("no bytes of any type throw", () => {
  const random = printedRandom();
  const types = Array.from({ length: 4000 }, (_, oid) => oid).filter(
    (oid) => !typeName(oid).startsWith("oid "),
  );
  assert.ok(types.length > 60);
  for (let round = 0; round < 20_000; round++) {
    const oid = types[random(types.length)]!;
    const bytes = Buffer.from(
      Array.from({ length: random(40) }, () => (random(2) ? random(256) : random(4))),
    );
    const value = showValue(oid, 1, bytes, bytes.length, 4096);
    assert.equal(typeof value.text, "string", `${typeName(oid)} ${bytes.toString("hex")}`);
  }
});

function shown(oid: number, format: number, bytes: Buffer): string {
  return showValue(oid, format, bytes, bytes.length, 4096).text;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runs, SEED } from "./seeded.ts";
import { readTraceContext, type TraceContext, traceFields, traceparentOf } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const GOOD = `00-${TRACE}-${SPAN}-01`;

test("the example of the specification", () => {
  assert.deepEqual(readTraceContext(GOOD, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"), {
    traceId: TRACE,
    spanId: SPAN,
    sampled: true,
    state: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
  });
  assert.equal(readTraceContext(`00-${TRACE}-${SPAN}-00`)?.sampled, false);
});

test("of a later version what is known counts, and what follows is passed over", () => {
  const context = { traceId: TRACE, spanId: SPAN, sampled: true };
  assert.deepEqual(readTraceContext(`cc-${TRACE}-${SPAN}-01-what-the-future-has`), context);
  assert.deepEqual(readTraceContext(`cc-${TRACE}-${SPAN}-01`), context);
  assert.equal(readTraceContext(`cc-${TRACE}-${SPAN}-01.what`), null);
  assert.equal(readTraceContext(`cc-${TRACE}-${SPAN}-01-${"x".repeat(300)}`), null);
  // Other flags than `sampled` are not ours to hand on.
  assert.equal(traceparentOf(readTraceContext(`00-${TRACE}-${SPAN}-ff`)!), GOOD);
});

for (const [what, parent] of [
  ["nothing", ""],
  ["the version that is none", `ff-${TRACE}-${SPAN}-01`],
  ["capitals", GOOD.toUpperCase()],
  ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
  ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["more than version 00 has", `${GOOD}-00`],
  ["a blank", ` ${GOOD}`],
  ["a line feed at its end", `${GOOD}\n`],
  ["two of them, as of two fields", `${GOOD},${GOOD}`],
  ["a character that is no hex", GOOD.replace("a", "g")],
  ["one character too few", GOOD.slice(0, -1)],
] as const) {
  test(`${what} is no traceparent`, () => {
    assert.equal(readTraceContext(parent), null);
    // And no state without one.
    assert.equal(readTraceContext(parent, "a=1"), null);
  });
}

const member = (index: number) => `k${index}=v`;
for (const [what, state] of [
  ["33 members", Array.from({ length: 33 }, (_, index) => member(index)).join(",")],
  ["513 characters", `${"k=".padEnd(257, "v")},${"l=".padEnd(255, "v")}`],
  ["a key twice", "a=1,b=2,a=3"],
  ["a key in capitals", "A=1"],
  ["a value with an equals sign", "a=1=2"],
  ["a value that ends with a blank that another follows", "a=1 \u00a0"],
  ["characters beyond ASCII", "a=é"],
  ["a line feed", "a=1\nb=2"],
  ["no value", "a="],
  ["no equals sign", "a"],
  ["no member", " , "],
] as const) {
  test(`a tracestate with ${what} is dropped, and the traceparent stays`, () => {
    assert.deepEqual(readTraceContext(GOOD, state), { traceId: TRACE, spanId: SPAN, sampled: true });
  });
}

test("members may be empty, have blanks around them, and tenants in keys", () => {
  for (const state of ["a=1,,b=2", "a=1 ,\tb=2", "1tenant@vendor=x y", `${"k=".padEnd(256, "v")},l=1`]) {
    assert.equal(readTraceContext(GOOD, state)?.state, state);
  }
});

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((characters) => characters.join(""))
    .filter((text) => !/^0+$/.test(text));
const key = fc.stringMatching(/^[a-z][a-z0-9_*/-]{0,8}$/);
const value = fc.stringMatching(/^[!-+\--<>-~]{1,8}$/);
const state = fc
  .uniqueArray(fc.tuple(key, value), { minLength: 1, maxLength: 20, selector: ([name]) => name })
  .map((members) => members.map((pair) => pair.join("=")).join(","));

test(`SEED=${SEED} what is written is read as it was`, () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), fc.option(state), (traceId, spanId, sampled, text) => {
      const context: TraceContext = { traceId, spanId, sampled, ...(text !== null && { state: text }) };
      const fields = traceFields(context);
      assert.deepEqual(readTraceContext(fields.traceparent, fields.tracestate), context);
    }),
    { numRuns: runs(300, 20_000) },
  );
});

test(`SEED=${SEED} whatever comes, what is handed on is well-formed and short`, () => {
  const near = fc
    .tuple(fc.constantFrom(GOOD, `cc-${TRACE}-${SPAN}-01-x`), fc.nat(60), fc.string({ maxLength: 4 }))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + put.length));
  const parent = fc.oneof(near, fc.string({ unit: "binary", maxLength: 600 }));
  const states = fc.oneof(state, fc.string({ unit: "binary", maxLength: 2_000 }));
  fc.assert(
    fc.property(parent, states, (one, two) => {
      const context = readTraceContext(one, two);
      if (context === null) return;
      const fields = traceFields(context);
      assert.match(fields.traceparent!, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/);
      assert.match(fields.tracestate ?? "", /^[\t -~]{0,512}$/);
    }),
    { numRuns: runs(500, 50_000) },
  );
});

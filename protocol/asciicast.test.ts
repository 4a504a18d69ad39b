import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ASCIICAST_VERSIONS, type AsciicastCode, AsciicastWriter } from "./asciicast.ts";
import { readCast } from "./asciicast-testing.ts";
import "./seeded.ts";

const HEADER = { columns: 80, rows: 24, term: "xterm", begun: 1_500_000_000_250 };

test("version 2 has times since the beginning, version 3 since the event before", () => {
  const lines = (version: 2 | 3) => {
    const writer = new AsciicastWriter(version);
    const { begun } = HEADER;
    return (
      writer.header({ ...HEADER, command: "top", title: "alice on web1" }) +
      writer.event(begun + 1, "o", "a\u001b[m\u007f\u009b\u2028é") +
      writer.resized(begun + 1_500, 100, 30) +
      writer.event(begun + 61_750, "x", "0")
    );
  };
  assert.equal(
    lines(2),
    `{"version":2,"width":80,"height":24,"timestamp":1500000000,"command":"top","title":"alice on web1","env":{"TERM":"xterm"}}
[0.001, "o", "a\\u001b[m\\u007f\\u009b\\u2028é"]
[1.500, "r", "100x30"]
`,
  );
  assert.equal(
    lines(3),
    `{"version":3,"term":{"cols":80,"rows":24,"type":"xterm"},"timestamp":1500000000,"command":"top","title":"alice on web1"}
[0.001, "o", "a\\u001b[m\\u007f\\u009b\\u2028é"]
[1.499, "r", "100x30"]
[60.250, "x", "0"]
`,
  );
});

test("sizes are those that a player can read", () => {
  const writer = new AsciicastWriter(3);
  const text = writer.header({ ...HEADER, columns: 0, rows: 4_000_000_000 }) + writer.resized(0, 70_000, 0);
  const { columns, rows, events } = readCast(text);
  assert.deepEqual([columns, rows, events], [1, 65_535, [[0, "r", "65535x1"]]]);
});

test("whatever is written reads back, in time and without an error that adds up", () => {
  const event = fc.tuple(
    fc.integer({ min: -2_000, max: 2_000_000 }),
    fc.constantFrom<AsciicastCode>("o", "i", "m"),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ASCIICAST_VERSIONS), fc.array(event), (version, events) => {
      const writer = new AsciicastWriter(version);
      let text = writer.header(HEADER);
      let time = HEADER.begun;
      let latest = time;
      const expected = events.map(([step, code, data]) => {
        time += step;
        text += writer.event(time, code, data);
        latest = Math.max(latest, time);
        return [latest - HEADER.begun, code, data];
      });
      assert.deepEqual(readCast(text).events, expected);
    }),
  );
});

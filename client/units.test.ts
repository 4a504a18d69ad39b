import assert from "node:assert/strict";
import { test } from "node:test";
import { durationText, parseDuration, parseSize } from "./units.ts";

test("durations", () => {
  const cases: [string, number | undefined][] = [
    ["15s", 15_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["7d", 604_800_000],
    ["15", undefined],
    ["", undefined],
    ["1h x", undefined],
    ["-1s", undefined],
    ["1h 5m", undefined],
    ["0.0001s", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseDuration(text), expected, text);
});

test("sizes", () => {
  const cases: [string, number | undefined][] = [
    ["8GiB", 8 * 1024 ** 3],
    ["500 MB", 500_000_000],
    ["1.5KiB", 1536],
    ["8", undefined],
    ["8gib", undefined],
    ["1MB1MB", undefined],
    ["99999999TiB", undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseSize(text), expected, text);
});

test("durations for people", () => {
  assert.equal(durationText(0), "0s");
  assert.equal(durationText(5_400_000), "1h30m");
  assert.equal(durationText(90_061_000), "1d1h");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "./log-line.ts";

test("a line is one JSON object with what it is about, whatever that is", () => {
  const held = Object.assign(new Error("the store\nfailed"), { token: "hunter2" });
  const about = {
    session: "0".repeat(32),
    error: held,
    count: 3,
    none: null,
    odd: { a: 1 },
    long: "x".repeat(9_000),
  };
  const line = lineOf(new Date(0), "error", "a session is not settled yet", about);
  assert.ok(!line.includes("\n") && !line.includes("hunter2"));
  const { long, ...told } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(told, {
    time: "1970-01-01T00:00:00.000Z",
    level: "error",
    message: "a session is not settled yet",
    session: "0".repeat(32),
    error: "the store\nfailed",
    count: 3,
    none: null,
    odd: "[object Object]",
  });
  assert.equal((long as string).length, 2_048);
});

test("a line about an approval names the session that it is of, if it is of one", () => {
  const session = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
  const of = (approval: string) =>
    JSON.parse(lineOf(new Date(0), "error", "it failed", { approval })).session;
  assert.equal(of(`${session}-7`), session);
  assert.equal(of("a-request"), undefined);
});

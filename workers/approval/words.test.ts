import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleApproval, sampleRequest } from "../testing/sample-approval.ts";
import { duration, scopeText, utc } from "./words.ts";

test("what an approval covers is told by its scope", () => {
  const covers = (scope: "once" | "fingerprint" | "session") =>
    scopeText(sampleApproval({}, { scope, lastsMs: 900_000 }).question);
  assert.equal(covers("once"), "exactly this, once");
  assert.equal(covers("fingerprint"), "statements of this shape in this session, for 15 min");
  assert.equal(covers("session"), "whatever these rules hold in this session, for 15 min");
  assert.equal(scopeText(sampleRequest("").question), "every connection to the target, for 15 min");
});

test("a time is told to the second", () => {
  assert.equal(utc(Date.UTC(2026, 10, 22, 5, 40, 12, 999)), "2026-11-22 05:40:12 UTC");
});

test("a duration is told in its two largest units", () => {
  assert.deepEqual([0, 999, 61_000, 3_600_000, 90_061_000, -5].map(duration), [
    "0 s",
    "1 s",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
    "0 s",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Judged, RecordingReport, Report } from "../../protocol/evidence/report.ts";
import type { Verdict } from "../../protocol/recording/findings.ts";
import { reportLines } from "./lines.ts";
import { isoTime, runVerify } from "./run.ts";

function judged(verdict: Verdict): Judged {
  const state = verdict === "verified" ? "ok" : verdict === "failed" ? "failed" : "absent";
  return { verdict, checks: [{ name: "chain", state, sentence: "a sentence" }], notes: [] };
}

function recording(name: string, verdict: Verdict, session: string | null = name): RecordingReport {
  return { ...judged(verdict), name: `${name}.sallyport`, session, entries: 3, firstWrong: null };
}

function report(verdict: Verdict, recordings: RecordingReport[], more: Partial<Report> = {}): Report {
  return { verdict, recordings, evidence: [], ledger: null, witness: null, history: null, ...more };
}

test("one recording is told line by line, with where the keys are from", () => {
  assert.deepEqual(
    reportLines(report("verified", [recording("one", "verified")]), "keys.json").map((line) =>
      line.replace(/ +/g, " "),
    ),
    ["verified: session one, 3 entries", " ✓ hash chain a sentence", " keys: keys.json"],
  );
});

test("of several recordings those that verify have one line each, and all of them a last one", () => {
  const lines = reportLines(
    report("failed", [recording("one", "verified"), recording("two", "failed")]),
    "keys.json",
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/ +/g, " ")),
    [
      "verified: session one, 3 entries (one.sallyport)",
      "NOT VERIFIED: session two, 3 entries (two.sallyport)",
      " ✗ hash chain a sentence",
      " keys: keys.json",
      "NOT VERIFIED: 2 recordings; not verified: 1 recording",
    ],
  );
});

test("what files hold can't drive the terminal", () => {
  const hostile = recording("\u001b[2J\u202eone", "failed");
  hostile.checks[0]!.sentence = "\u001b]0;title\u0007";
  hostile.notes.push("\u009b1m");
  const text = reportLines(report("failed", [hostile]), "\u001bkeys").join("\n");
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
});

test("a ledger names the sessions that are open, and at most 20", () => {
  const sessions = Array.from({ length: 30 }, (_, number) => `session-${number}`);
  const none = { count: 0, sessions: [] };
  const ledger = {
    ...judged("verified"),
    ...{ name: "ledger.jsonl", origin: "example.com/ledger", size: 40 },
    sessions: {
      ...{
        at: 0,
        started: 30,
        sealed: 0,
        void: 0,
        deleted: 0,
        overdue: none,
        differing: none,
        unconfirmed: none,
      },
      open: { count: 30, sessions },
      missing: null,
    },
  };
  const lines = reportLines(report("verified", [], { ledger }), "keys.json");
  assert.ok(lines.includes("    session-19") && !lines.includes("    session-20"));
  assert.ok(lines.includes("    … and 10 more"));
});

test("a wrong use is refused before anything is read", async () => {
  const none = { evidence: [] };
  await assert.rejects(runVerify([], none, null), { code: "invalid_request", message: /nothing to verify/ });
  await assert.rejects(runVerify(["x"], { ...none, all: true }, null), {
    code: "invalid_request",
    message: /--all/,
  });
  await assert.rejects(runVerify(["x"], none, null), { code: "invalid_request", message: /no keys/ });
});

test("times are ISO, and nothing else", () => {
  assert.equal(isoTime("2026-11-22"), Date.UTC(2026, 10, 22));
  assert.equal(isoTime("2026-11-22T08:00+01:00"), Date.UTC(2026, 10, 22, 7));
  for (const text of ["", "yesterday", "2026-13-01", "1", "2026-11-22T08:00"])
    assert.equal(isoTime(text), null, text);
});

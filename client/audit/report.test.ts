import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuditScope, reportMarkdown } from "./report.ts";
import { Results } from "./results.ts";

const SCOPE: AuditScope = {
  at: 0,
  from: "files",
  since: 0,
  until: 1,
  target: null,
  principal: null,
  sessions: 2,
  insteadOf: null,
};

test("what there is one of is told as one", () => {
  const results = new Results();
  results.tested("recordings", "a");
  results.tested("conformance", "a");
  for (const session of ["a", "b"]) results.tested("approvals", session);
  const report = reportMarkdown(SCOPE, results.all());
  const populations = [...report.matchAll(/Population: (.*)\.$/gm)].map(([, words]) => words);
  assert.deepEqual(populations, [
    "1 recording in 1 session",
    "0 policy versions in 0 sessions",
    "1 statement, command or request in 1 session",
    "2 approvals that were used in 2 sessions",
    "0 statements that read labelled columns in 0 sessions",
    "0 sessions in 0 sessions",
  ]);
});

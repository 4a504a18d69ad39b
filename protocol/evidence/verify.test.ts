import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Keys } from "../recording/keys.ts";
import {
  caught,
  evidenceFile,
  type Files,
  keysOf,
  LedgerComposer,
  ledgerFile,
  newSigners,
  type Signers,
  session,
  sessionId,
  verifyFiles,
  witnessFile,
} from "./testing.ts";

let signers: Signers;
let keys: Keys;
let files: Required<Omit<Files, "at">>;

before(async () => {
  signers = await newSigners();
  keys = keysOf(signers);
  const sessions = [1, 2].map((number) => session(number, signers));
  const ledger = new LedgerComposer().edgeKey(signers.edge).policy(1);
  for (const composer of sessions) await ledger.started(composer).sealed(composer);
  const { entries } = ledger;
  files = {
    recordings: await Promise.all(sessions.map((composer) => composer.file())),
    evidence: [await evidenceFile(sessionId(1), entries, signers.edge)],
    ledger: await ledgerFile(entries, signers.edge),
    witness: await witnessFile(entries, signers.edge, [2, 4, 6]),
    hasAll: true,
  };
});

test("all files together verify, in chunks of any size", async () => {
  for (const chunk of [1, 7, 65_536]) {
    const report = await verifyFiles(files, keys, chunk);
    assert.equal(report.verdict, "verified", caught(report).join("; "));
    assert.deepEqual(caught(report), []);
  }
});

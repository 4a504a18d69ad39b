import assert from "node:assert/strict";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Keys } from "../recording/keys.ts";
import type { Composer } from "../recording/testing.ts";
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

/**
 * The catching matrix of docs/evidence.md: what somebody changed, and which property catches it. Here stands what was
 * honest; `setUp` makes it. Each case of the matrix names all that is not ok, and nothing else.
 */
export let signers: Signers;
export let thief: Signers;
export let keys: Keys;
export let first: Composer;
export let second: Composer;
export let third: Composer;
export let entries: LedgerEntry[];
export let files: Required<Omit<Files, "at">>;

export async function setUp(): Promise<void> {
  signers = await newSigners();
  thief = await newSigners();
  keys = keysOf(signers);
  first = session(1, signers);
  second = session(2, signers);
  third = session(3, signers);
  entries = await honest([first, second, third]);
  files = await filesOf([first, second, third], entries);
}

/** The entries of an honest ledger with these sessions. */
export async function honest(sessions: Composer[]): Promise<LedgerEntry[]> {
  const ledger = new LedgerComposer().edgeKey(signers.edge).policy(1);
  for (const composer of sessions) await ledger.started(composer).sealed(composer);
  return ledger.entries;
}

/** All files of these sessions, and of a ledger that tells this, signed. */
export async function filesOf(
  sessions: Composer[],
  told: LedgerEntry[],
  key = signers.edge,
): Promise<Required<Omit<Files, "at">>> {
  return {
    recordings: await Promise.all(sessions.map((composer) => composer.file())),
    evidence: [await evidenceFile(sessionId(1), told, key)],
    ledger: await ledgerFile(told, key),
    witness: await witnessFile(told, key, [4, told.length]),
    hasAll: true,
  };
}

/** Asserts that these files, in place of the honest ones, are caught by exactly this. */
export async function catches(changed: Files, expected: string[], by = keys): Promise<void> {
  const report = await verifyFiles({ ...files, ...changed }, by);
  assert.deepEqual(caught(report), expected);
  const isFailed = expected.some((one) => one.endsWith("failed"));
  assert.equal(report.verdict, isFailed ? "failed" : expected.length > 0 ? "incomplete" : "verified");
}

/** These files, and no others. */
export function only(changed: Files): Files {
  const none = { recordings: [], evidence: [], ledger: undefined, witness: undefined, hasAll: false };
  return { ...none, ...changed } as Files;
}

/** The honest ledger's entries, of which one is changed. */
export function replaced<Entry extends LedgerEntry>(key: string, change: Partial<Entry>): LedgerEntry[] {
  return entries.map((entry) => (entry.key === key ? ({ ...entry, ...change } as LedgerEntry) : entry));
}

export function without(...found: string[]): LedgerEntry[] {
  return entries.filter(({ key }) => !found.includes(key));
}

/** A file without one of its lines, counted from 0. */
export function withoutLine(file: Buffer, line: number): Buffer {
  return Buffer.from(file.toString().split("\n").toSpliced(line, 1).join("\n"));
}

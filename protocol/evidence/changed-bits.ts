import assert from "node:assert/strict";
import { entryText } from "../ledger/reading.ts";
import type { Keys } from "../recording/keys.ts";
import type { Report } from "./report.ts";
import {
  evidenceFile,
  type Files,
  keysOf,
  LedgerComposer,
  ledgerFile,
  newSigners,
  session,
  sessionId,
  verifyFiles,
  witnessFile,
} from "./testing.ts";

/** One small file of each kind, and the bits of it that may change unseen. */
export interface Target {
  name: "recording" | "evidence" | "ledger" | "witness";
  file: Buffer;
  keys: Keys;
  /** Verifies it with this in its place. */
  verify(changed: Buffer): Promise<Report>;
  /** Places of bytes that are free: see `freeBytes`. */
  free: ReadonlySet<number>;
}

export async function targets(): Promise<Target[]> {
  const signers = await newSigners();
  const keys = keysOf(signers);
  const composer = session(1, signers);
  const ledger = new LedgerComposer().edgeKey(signers.edge).started(composer);
  const { entries } = await ledger.sealed(composer);
  const witness = await witnessFile(entries, signers.edge);
  const target = (name: Target["name"], file: Buffer, filesOf: (file: Buffer) => Files): Target => ({
    name,
    file,
    keys,
    verify: (changed) => verifyFiles(filesOf(changed), keys),
    free: name === "witness" ? freeBytes(witness) : new Set(),
  });
  const all = [
    target("recording", await composer.file(), (file) => ({ recordings: [file] })),
    target("evidence", await evidenceFile(sessionId(1), entries, signers.edge), (file) => ({
      evidence: [file],
    })),
    target("ledger", await ledgerFile(entries, signers.edge), (file) => ({ ledger: file })),
    target("witness", witness, (file) => ({ witness: file })),
  ];
  for (const { name, file, verify } of all) assert.equal((await verify(file)).verdict, "verified", name);
  assert.ok(entries.map(entryText).every((text) => text.length > 0));
  return all;
}

/**
 * The digits of `written` in a witness export: when the edge wrote an item, by its own clock. Nothing signs them, and
 * none of the properties rests on them; a sentence tells them as the witness's word. A flip that makes no other digit of
 * one is caught all the same.
 */
function freeBytes(file: Buffer): Set<number> {
  const free = new Set<number>();
  const text = file.toString("latin1");
  for (const match of text.matchAll(/"written":(\d+)\}\n/g)) {
    const start = match.index + '"written":'.length;
    for (let at = start; at < start + match[1]!.length; at++) free.add(at);
  }
  return free;
}

/** Flips one bit, and asserts that this is caught. */
export async function assertCaught(target: Target, byte: number, bit: number): Promise<void> {
  const changed = Buffer.from(target.file);
  changed[byte]! ^= 1 << bit;
  if (target.free.has(byte) && isDigit(changed[byte]!)) return;
  const { verdict } = await target.verify(changed);
  assert.notEqual(verdict, "verified", `bit ${bit} of byte ${byte} of the ${target.name}`);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

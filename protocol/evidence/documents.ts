import { type Evidence, evidenceText, readEvidence } from "../ledger/evidence.ts";
import { exactObject, isCount, readLines, violation } from "./lines.ts";
import { faultOf } from "./source.ts";

/**
 * Reads the files that go with recordings (docs/evidence.md), strictly: of each there is one spelling alone, so that no
 * bit can change unseen. The layout is checked; what it says is judged elsewhere. Readers throw `protocol_violation` for
 * what the file holds; what its bytes throw passes through.
 */
export const LEDGER_FORMAT = "sallyport ledger 1";
export const WITNESS_FORMAT = "sallyport witness 1";

/** Bytes of an evidence file: a session's entries are its beginning and end, and its approvals. */
const MAX_EVIDENCE = 32 * 1024 * 1024;

/** A piece of a ledger export, in the file's order: one header, entries from 0, one checkpoint. */
export type LedgerPart =
  | { part: "header"; origin: string }
  | { part: "entry"; index: number; entry: string }
  | { part: "checkpoint"; checkpoint: string };

/** A piece of a witness export: one header, then leaves from 0, each checkpoint behind the last leaf that it covers. */
export type WitnessPart =
  | { part: "header"; origin: string }
  | { part: "leaf"; index: number; hash: string; entry: string; written: number }
  | { part: "checkpoint"; size: number; checkpoint: string; written: number };

/** Reads an evidence file whole. */
export async function readEvidenceFile(chunks: AsyncIterable<Uint8Array>): Promise<Evidence> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MAX_EVIDENCE) throw violation(`the file is longer than ${MAX_EVIDENCE} bytes`);
    pieces.push(chunk);
  }
  const bytes = Buffer.concat(pieces);
  const { format, session, origin, entries, checkpoint } = evidenceOf(bytes.toString());
  const proven = entries.map(({ index, entry, proof }) => ({ index, entry, proof }));
  const written = evidenceText({ format, session, origin, entries: proven, checkpoint });
  if (!Buffer.from(written).equals(bytes)) throw violation("the file is not as it was written");
  return { format, session, origin, entries: proven, checkpoint };
}

function evidenceOf(json: string): Evidence {
  try {
    return readEvidence(json);
  } catch (error) {
    throw violation(faultOf(error));
  }
}

/** Reads a ledger export as it arrives; holds one line. */
export async function* readLedgerExport(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LedgerPart, void, undefined> {
  let number = 0;
  let hasEnded = false;
  for await (const line of readLines(chunks)) {
    const place = `line ${++number}`;
    if (hasEnded) throw violation(`${place} follows the checkpoint`);
    if (number === 1) {
      yield header(line, LEDGER_FORMAT);
    } else if (line.startsWith('{"checkpoint"')) {
      const { checkpoint } = exactObject(line, ["checkpoint"], place);
      if (typeof checkpoint !== "string") throw violation(`${place}: the checkpoint is no text`);
      hasEnded = true;
      yield { part: "checkpoint", checkpoint };
    } else {
      const { index, entry } = exactObject(line, ["index", "entry"], place);
      if (!isCount(index) || typeof entry !== "string") throw violation(`${place} is no entry`);
      yield { part: "entry", index, entry };
    }
  }
  if (!hasEnded) throw violation("the export is cut: there is no checkpoint at its end");
}

/** Reads a witness export as it arrives; holds one line. */
export async function* readWitnessExport(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<WitnessPart, void, undefined> {
  let number = 0;
  for await (const line of readLines(chunks)) {
    const place = `line ${++number}`;
    if (number === 1) yield header(line, WITNESS_FORMAT);
    else if (line.startsWith('{"size"')) yield witnessedCheckpoint(line, place);
    else yield witnessedLeaf(line, place);
  }
  if (number === 0) throw violation("the file is empty");
}

function witnessedCheckpoint(line: string, place: string): WitnessPart {
  const { size, checkpoint, written } = exactObject(line, ["size", "checkpoint", "written"], place);
  if (!isCount(size) || typeof checkpoint !== "string" || !isCount(written)) {
    throw violation(`${place} is no checkpoint`);
  }
  return { part: "checkpoint", size, checkpoint, written };
}

function witnessedLeaf(line: string, place: string): WitnessPart {
  const { index, hash, entry, written } = exactObject(line, ["index", "hash", "entry", "written"], place);
  if (!isCount(index) || typeof hash !== "string" || typeof entry !== "string" || !isCount(written)) {
    throw violation(`${place} is no leaf`);
  }
  return { part: "leaf", index, hash, entry, written };
}

function header(line: string, expected: string): { part: "header"; origin: string } {
  const { format, origin } = exactObject(line, ["format", "origin"], "line 1");
  if (format !== expected) throw violation(`line 1 does not say that this is a "${expected}"`);
  if (typeof origin !== "string") throw violation("line 1 names no origin");
  return { part: "header", origin };
}

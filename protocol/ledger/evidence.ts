import { SallyportError } from "../errors.ts";
import { count, hasExactly, isObject, list, misfit, type Shape, type Test, text } from "../json-shape.ts";
import { MAX_ENTRY } from "./entry.ts";
import { HASH_LENGTH, MAX_PROOF } from "./merkle.ts";
import { MAX_NOTE } from "./note.ts";

/** What the ledger says of one session, with proofs: what `sallyport sessions prove` writes and `verify` reads. */
export interface Evidence {
  format: typeof EVIDENCE_FORMAT;
  session: string;
  origin: string;
  /** The session's entries, in the ledger's order. */
  entries: ProvenEntry[];
  /** The signed note to which all proofs lead. */
  checkpoint: string;
}

export interface ProvenEntry {
  index: number;
  /** The entry's JSON text: its UTF-8 bytes are the leaf. */
  entry: string;
  /** Inclusion proof, RFC 6962 section 2.1.1: base64 of each hash. */
  proof: string[];
}

export const EVIDENCE_FORMAT = "sallyport evidence 1";

/** Entries of one session: its approvals have three each at most, and are bounded themselves. */
export const MAX_EVIDENCE_ENTRIES = 4_000;
/** UTF-16 units of an evidence file. */
export const MAX_EVIDENCE = 0x800_0000;

const isHash: Test = (value) => {
  if (typeof value !== "string") return false;
  const bytes = Buffer.from(value, "base64");
  return bytes.length === HASH_LENGTH && bytes.toString("base64") === value;
};

const PROVEN: Shape<ProvenEntry> = {
  index: count(0, Number.MAX_SAFE_INTEGER),
  entry: text(2, MAX_ENTRY),
  proof: list(0, MAX_PROOF, isHash),
};

const EVIDENCE: Shape<Evidence> = {
  format: (value) => value === EVIDENCE_FORMAT,
  session: (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value),
  origin: text(1, 255),
  entries: list(0, MAX_EVIDENCE_ENTRIES, (value) => hasExactly(value, PROVEN)),
  checkpoint: text(1, MAX_NOTE),
};

export function evidenceText(evidence: Evidence): string {
  return `${JSON.stringify(evidence)}\n`;
}

/**
 * Reads an evidence file: its form alone, nothing is verified; entries are read by `readLedgerEntry`, the checkpoint by
 * `openCheckpoint`. Throws `invalid_request`.
 */
export function readEvidence(json: string): Evidence {
  if (json.length > MAX_EVIDENCE) throw wrong("too long");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw wrong("no JSON");
  }
  if (!isObject(value)) throw wrong("no object");
  const bad = misfit(value, EVIDENCE);
  if (bad !== null)
    throw wrong(bad === "" ? "one with a member that is not known" : `one with a wrong "${bad}"`);
  return value as unknown as Evidence;
}

function wrong(what: string): SallyportError {
  return new SallyportError(
    "invalid_request",
    `this is no evidence file: it is ${what}`,
    "Get one: sallyport sessions prove SESSION -o FILE.",
  );
}

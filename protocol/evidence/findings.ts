import { CHECKS } from "../recording/findings.ts";

/**
 * What is looked at beside a recording itself (protocol/recording/findings.ts), in the order in which it is told. Only
 * what the files given allow is looked at.
 */

/** Of a recording, against the ledger: with an evidence file, a ledger export or a witness export. */
export const ENTERED_CHECKS = {
  "ledger-start": "beginning in the ledger",
  "ledger-seal": "seal in the ledger",
  "ledger-approvals": "approvals in the ledger",
} as const;

/** Of a recording that is encrypted, and is not decrypted. */
export const CLOSED_CHECKS = { format: CHECKS.format, contents: "contents" } as const;

/** The same, where it says how it is sealed. */
export const CLOSED_SEAL_CHECKS = {
  "edge-seal": CHECKS["edge-seal"],
  "connector-seal": CHECKS["connector-seal"],
} as const;

/** Of a recording whose sealed objects were given as they are. */
export const ARCHIVE_CHECKS = { archive: "sealed objects" } as const;

/** Of a recording, with a witness export. */
export const WITNESSED_CHECKS = { witnessed: "outside witness" } as const;

export const RECORDING_CHECKS = {
  ...CHECKS,
  ...CLOSED_CHECKS,
  ...ENTERED_CHECKS,
  ...ARCHIVE_CHECKS,
  ...WITNESSED_CHECKS,
} as const;

/** Of an evidence file. */
export const EVIDENCE_CHECKS = {
  layout: "layout of the file",
  checkpoint: "signed checkpoint",
  proofs: "proofs of its entries",
  session: "the session's entries",
} as const;

/** Of what the entries say, whichever file has them all. */
export const REVIEW_CHECKS = {
  entries: "form of entries, and each once",
  seals: "seals in the entries",
  agreement: "edge and connector agree",
  sessions: "every session accounted for",
} as const;

/** Of the whole archive, where it is said to be given. */
export const ALL_CHECKS = { recordings: "every recording given" } as const;

/** Of a ledger export. */
export const LEDGER_CHECKS = {
  layout: "layout of the file",
  order: "no entry missing, doubled or moved",
  checkpoint: "signed checkpoint",
  root: "entries are what is signed",
  ...REVIEW_CHECKS,
} as const;

/** Of a witness export; where no ledger export is given, what its entries say as well. */
export const WITNESS_CHECKS = {
  layout: "layout of the file",
  order: "no entry missing, doubled or moved",
  leaves: "each entry has its hash",
  checkpoints: "checkpoints are signed and fit",
} as const;

/** Of all of them together. */
export const HISTORY_CHECKS = { history: "one history", covered: "the witness has it all" } as const;

export const EVIDENCE_WORDS = {
  ...RECORDING_CHECKS,
  ...EVIDENCE_CHECKS,
  ...WITNESS_CHECKS,
  ...LEDGER_CHECKS,
  ...ALL_CHECKS,
  ...HISTORY_CHECKS,
} as const;

export type EvidenceCheckName = keyof typeof EVIDENCE_WORDS;

export function namesOf<Name extends string>(...checks: Partial<Record<Name, string>>[]): Name[] {
  return checks.flatMap((one) => Object.keys(one) as Name[]);
}

import { openCheckpoint, type SignedCheckpoint } from "../ledger/checkpoint.ts";
import type { Evidence, ProvenEntry } from "../ledger/evidence.ts";
import { leafHash, verifyInclusion } from "../ledger/merkle.ts";
import { readLedgerEntry } from "../ledger/reading.ts";
import { Findings, type Verdict } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { thumbprint } from "../signatures.ts";
import { readEvidenceFile } from "./documents.ts";
import { EVIDENCE_CHECKS, namesOf } from "./findings.ts";
import type { History } from "./history.ts";
import type { EvidenceReport } from "./report.ts";
import { type Found, SessionEntries, sessionOf } from "./session-entries.ts";
import { faultOf, layoutFaultOf, type Source } from "./source.ts";
import { counted, dateText } from "./words.ts";

type EvidenceName = keyof typeof EVIDENCE_CHECKS;

/** What an evidence file proves: its entries count for nothing where the verdict is `failed`. */
export interface CheckedEvidence {
  report: EvidenceReport;
  entries: SessionEntries;
  /** The latest time that an entry tells, ms since 1970. */
  latest: number;
}

/** Verifies an evidence file by itself; what it claims of the whole ledger goes to `history`. */
export async function checkEvidence(source: Source, keys: Keys, history: History): Promise<CheckedEvidence> {
  const findings = new Findings<EvidenceName>(namesOf(EVIDENCE_CHECKS));
  const entries = new SessionEntries();
  let latest = 0;
  let evidence: Evidence | null = null;
  let checkpoint: SignedCheckpoint | null = null;
  try {
    evidence = await readEvidenceFile(source.open());
    findings.ok("layout", "the file is whole, and in the one spelling it has");
  } catch (error) {
    findings.fail("layout", layoutFaultOf(error));
  }
  if (evidence) {
    checkpoint = await signedCheckpoint(evidence, keys, findings);
    for (const found of foundIn(evidence, checkpoint, findings)) {
      entries.add(found);
      latest = Math.max(latest, found.entry.time);
    }
    judgeSession(evidence, entries, findings);
  }
  if (checkpoint) {
    history.origin(checkpoint.origin, source.name);
    history.claim({ ...checkpoint, source: source.name });
  }
  const { verdict, checks, notes } = findings.result();
  const report = {
    name: source.name,
    verdict,
    session: evidence?.session ?? null,
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    checks,
    notes,
  };
  return { report, entries: isTrusted(verdict) ? entries : new SessionEntries(), latest };
}

function isTrusted(verdict: Verdict): boolean {
  return verdict !== "failed";
}

async function signedCheckpoint(
  { checkpoint: note, origin }: Evidence,
  keys: Keys,
  findings: Findings<EvidenceName>,
): Promise<SignedCheckpoint | null> {
  try {
    const checkpoint = await openCheckpoint(note, origin, keys.edge);
    findings.ok(
      "checkpoint",
      `for ${checkpoint.size} entries of ${origin}, signed by the edge with its key ${thumbprint(checkpoint.signer)}`,
    );
    return checkpoint;
  } catch (error) {
    findings.fail("checkpoint", faultOf(error));
    return null;
  }
}

/** The entries whose proofs hold. */
function foundIn(
  evidence: Evidence,
  checkpoint: SignedCheckpoint | null,
  findings: Findings<EvidenceName>,
): Found[] {
  const found: Found[] = [];
  const keys = new Set<string>();
  let last = -1;
  for (const proven of evidence.entries) {
    const { index } = proven;
    if (index <= last)
      findings.fail("session", `entry ${index} follows entry ${last}, or stands there twice`);
    last = Math.max(last, index);
    const leaf = leafHash(Buffer.from(proven.entry));
    if (!checkpoint || !isProven(proven, leaf, checkpoint)) {
      findings.fail("proofs", `nothing proves that entry ${index} stands in the ledger`);
      continue;
    }
    try {
      const entry = readLedgerEntry(proven.entry);
      if (keys.has(entry.key)) findings.fail("session", `entry ${index} has the key of one before it`);
      keys.add(entry.key);
      if (sessionOf(entry) === evidence.session) found.push({ index, leaf, entry, written: null });
      else findings.fail("session", `entry ${index} is about something else`);
    } catch (error) {
      findings.fail("session", `entry ${index}: ${faultOf(error)}`);
    }
  }
  findings.ok(
    "proofs",
    `each of ${counted(evidence.entries.length, "entry", "entries")} is proven to stand in the ledger`,
  );
  return found;
}

function isProven(
  { index, proof }: ProvenEntry,
  leaf: Uint8Array,
  { size, root }: SignedCheckpoint,
): boolean {
  const hashes = proof.map((hash) => Buffer.from(hash, "base64"));
  return verifyInclusion(index, size, leaf, hashes, root);
}

function judgeSession(
  { session }: Evidence,
  { started, sealed, void: voided, deleted }: SessionEntries,
  findings: Findings<EvidenceName>,
): void {
  const end = sealed ?? voided;
  if (!started)
    findings.absent("session", `no entry says that session ${session} was started: they are not all of them`);
  else if (!end) findings.absent("session", `no entry says how session ${session} ended`);
  else {
    const how = sealed ? "sealed" : "over without having been opened";
    const stub = deleted ? `, deleted on ${dateText(deleted.entry.time)}` : "";
    findings.ok(
      "session",
      `session ${session}: started on ${dateText(started.entry.time)}, ${how} on ${dateText(end.entry.time)}${stub}`,
    );
  }
}

import type { Check, Verdict } from "../recording/findings.ts";
import type { EvidenceCheckName } from "./findings.ts";
import type { SessionsReport } from "./review.ts";

/** What was found out about one file, or several together. */
export interface Judged {
  verdict: Verdict;
  checks: Check<EvidenceCheckName>[];
  /** What is unusual but proves no change. */
  notes: string[];
}

export interface RecordingReport extends Judged {
  /** The file. */
  name: string;
  /** The session that it claims to be of, or null when it has no readable header. */
  session: string | null;
  entries: number;
  /** The first entry that is wrong, counted from 1; null when no one entry is. */
  firstWrong: number | null;
}

export interface EvidenceReport extends Judged {
  name: string;
  session: string | null;
  origin: string | null;
  /** Entries of the ledger at its checkpoint. */
  size: number | null;
}

export interface LogReport extends Judged {
  name: string;
  origin: string | null;
  /** Entries, or leaves. */
  size: number;
  /** Of a witness export null where a ledger export is given. */
  sessions: SessionsReport | null;
}

/** All that was found out. Members whose files were not given are null or empty. */
export interface Report {
  /** `failed` if anything failed; else `incomplete` if anything is absent. */
  verdict: Verdict;
  recordings: RecordingReport[];
  evidence: EvidenceReport[];
  ledger: LogReport | null;
  witness: LogReport | null;
  /** Of all files together that tell of a ledger, where there are two or more. */
  history: Judged | null;
}

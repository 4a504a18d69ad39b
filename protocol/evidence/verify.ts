import { Findings, verdictOf } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { checkEvidence } from "./evidence-check.ts";
import type { HISTORY_CHECKS } from "./findings.ts";
import { History } from "./history.ts";
import { LedgerPass } from "./ledger-pass.ts";
import { CheckedRecording, type RecordingSource } from "./recording-check.ts";
import type { Judged, LogReport, Report } from "./report.ts";
import { OVERDUE_MS } from "./review.ts";
import { type Found, SessionEntries, sessionOf } from "./session-entries.ts";
import type { Source } from "./source.ts";
import { WitnessPass } from "./witness-pass.ts";
import { counted } from "./words.ts";

/** What is given to be verified. Names of sources stand in sentences. */
export interface Given {
  recordings: Iterable<RecordingSource> | AsyncIterable<RecordingSource>;
  evidence: Iterable<Source>;
  ledger: Source | null;
  witness: Source | null;
  /** As of when sessions are open or overdue, ms since 1970; null: the latest time that the files tell. */
  at: number | null;
  /** Whether the recordings are claimed to be all that there are. */
  hasAll: boolean;
}

/** Of which session entries are kept, and those. */
type Kept = Map<string, SessionEntries>;

/**
 * Verifies recordings, evidence files, a ledger export and a witness export, each by itself and against each other, from
 * nothing but these and public keys. Never throws for what they hold; errors of reading them pass through. Memory: a few
 * KB for each recording and evidence file; of a ledger's entries 45 bytes for each session and 16 for each other, twice
 * that with room to grow.
 */
export async function verifyEvidence(given: Given, keys: Keys): Promise<Report> {
  const history = new History();
  const recordings: CheckedRecording[] = [];
  for await (const source of given.recordings) recordings.push(await CheckedRecording.check(source, keys));
  const sessions = new Set(recordings.flatMap(({ session }) => session ?? []));

  const evidence = [];
  for (const source of given.evidence) evidence.push(await checkEvidence(source, keys, history));

  const fromLedger: Kept = new Map();
  const fromWitness: Kept = new Map();
  const { hasAll } = given;
  const ledger =
    given.ledger && new LedgerPass(given.ledger, keys, history, keeper(fromLedger, sessions), hasAll);
  const isOnly = ledger === null;
  const witness =
    given.witness &&
    new WitnessPass(given.witness, keys, history, keeper(fromWitness, sessions), { isOnly, hasAll });
  const unwitnessed = await drain(ledger, witness, history);

  const times = [ledger?.review.latest, witness?.latest, witness?.review?.latest];
  const latest = Math.max(0, ...evidence.map((one) => one.latest), ...times.map((time) => time ?? 0));
  const at = given.at ?? latest;
  const all = hasAll ? sessions : null;
  const ledgerSessions = ledger && (await ledger.finish(at, all));
  const witnessSessions = witness && (await witness.finish(at, all));

  for (const { report, entries } of evidence) {
    if (report.session !== null && !fromLedger.has(report.session) && sessions.has(report.session))
      fromLedger.set(report.session, entries);
  }
  const isEntered = ledger !== null || witness !== null || evidence.length > 0;
  const reports = recordings.map((recording) => {
    const { session } = recording;
    const noted = (kept: Kept) => (session === null ? undefined : kept.get(session)) ?? new SessionEntries();
    const known = session !== null && fromLedger.has(session) ? noted(fromLedger) : noted(fromWitness);
    return recording.report(
      isEntered ? known : null,
      ledger?.isWhole ? ledger.review : null,
      witness ? { entries: noted(fromWitness), size: witness.covered } : null,
    );
  });

  const told = evidence.map(({ report }) => report);
  const ledgerReport = ledger && { ...logReport(given.ledger!, ledger), sessions: ledgerSessions };
  const witnessReport = witness && { ...logReport(given.witness!, witness), sessions: witnessSessions };
  const together = evidence.length + Number(ledger !== null) + Number(witness !== null) > 1;
  const judged = together
    ? judgeHistory(history, ledger, witness, unwitnessed !== null && unwitnessed + OVERDUE_MS < at)
    : null;
  return {
    verdict: verdictOf(
      [...reports, ...told, ledgerReport, witnessReport, judged].flatMap((one) =>
        one ? one.checks.map(({ state }) => state) : [],
      ),
    ),
    recordings: reports,
    evidence: told,
    ledger: ledgerReport,
    witness: witnessReport,
    history: judged,
  };
}

/** Keeps the entries of the sessions whose recordings are given. */
function keeper(kept: Kept, sessions: ReadonlySet<string>): (found: Found) => void {
  return (found) => {
    const session = sessionOf(found.entry);
    if (session === null || !sessions.has(session)) return;
    const entries = kept.get(session) ?? new SessionEntries();
    kept.set(session, entries);
    entries.add(found);
  };
}

/**
 * Takes all leaves of both, side by side. Answers when the oldest entry happened that no checkpoint at the witness
 * covers, ms since 1970; null where there is none.
 */
async function drain(
  ledger: LedgerPass | null,
  witness: WitnessPass | null,
  history: History,
): Promise<number | null> {
  let [hasLedger, hasWitness] = [ledger !== null, witness !== null];
  let isOne = hasLedger && hasWitness;
  let oldest: { index: number; time: number } | null = null;
  for (let index = 0; hasLedger || hasWitness; index++) {
    const here = hasLedger ? await ledger!.next() : null;
    const there = hasWitness ? await witness!.next() : null;
    hasLedger = here !== null;
    hasWitness = there !== null;
    if (isOne && here && there && Buffer.compare(here, there) !== 0) {
      history.contradict(`entry ${index} of the ledger export is another than the witness was given`);
      isOne = false;
    }
    const covered = witness?.covered ?? 0;
    if (oldest && oldest.index < covered) oldest = null;
    if (here && index >= covered) oldest ??= { index, time: ledger!.review.newest };
  }
  return oldest?.time ?? null;
}

function logReport(source: Source, pass: LedgerPass | WitnessPass): Omit<LogReport, "sessions"> {
  const { verdict, checks, notes } = pass.findings.result();
  return { name: source.name, verdict, origin: pass.origin, size: pass.size, checks, notes };
}

/** Judges what all files tell of one ledger. */
function judgeHistory(
  history: History,
  ledger: LedgerPass | null,
  witness: WitnessPass | null,
  isLate: boolean,
): Judged {
  const names = ledger && witness ? (["history", "covered"] as const) : (["history"] as const);
  const findings = new Findings<keyof typeof HISTORY_CHECKS>(names);
  for (const sentence of history.contradictions) findings.fail("history", sentence);
  const logs = [ledger, witness].filter((log) => log !== null);
  const size = Math.max(0, ...logs.map((log) => log.size));
  const later = history.unmet().find((claim) => claim.size > size);
  const isWhole = logs.every((log) => log.isWhole);
  if (later && logs.length > 0 && isWhole) {
    findings.fail(
      "history",
      `${later.source} knows of ${later.size} entries, the export only of ${size}: it was made before, or the ledger was rolled back. What is exported last must know all`,
    );
  }
  if (logs.length > 0 && !isWhole)
    findings.absent("history", "a file is not whole, so that they can't be compared");
  else if (logs.length === 0 && history.claims > 1) {
    findings.absent(
      "history",
      "checkpoints of different sizes: a ledger export, or a witness export, tells whether they are of one ledger",
    );
  }
  findings.ok("history", "all files tell the same history of one ledger");
  if (ledger && witness) judgeCovered(ledger, witness, isLate, findings);
  const { verdict, checks, notes } = findings.result();
  return { verdict, checks, notes };
}

function judgeCovered(
  ledger: LedgerPass,
  witness: WitnessPass,
  isLate: boolean,
  findings: Findings<keyof typeof HISTORY_CHECKS>,
): void {
  const rest = ledger.size - witness.covered;
  if (!ledger.isWhole || !witness.isWhole) {
    findings.absent("covered", "a file is not whole, so that they can't be compared");
  } else if (witness.size > ledger.size) {
    findings.fail(
      "covered",
      `the witness was given ${counted(witness.size - ledger.size, "entry", "entries")} that the ledger export has not: it was made before, or the ledger was rolled back. Export the ledger last`,
    );
  } else if (rest === 0) {
    findings.ok("covered", `all ${ledger.size} entries were given to the witness, under a checkpoint`);
  } else if (isLate) {
    findings.absent(
      "covered",
      `${ledger.size} entries; ${counted(rest, "entry", "entries")} at the end not witnessed, for longer than ${OVERDUE_MS / 60_000} minutes`,
    );
  } else {
    findings.ok(
      "covered",
      `the witness was given all ${ledger.size} entries but for ${rest} at the end, ${rest === 1 ? "which is" : "which are"} new`,
    );
  }
}

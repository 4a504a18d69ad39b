import { SallyportError } from "../errors.ts";
import { type Check, Findings, verdictOf } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { verifyRecording } from "../recording/verify.ts";
import { type ClosedRecording, checkClosed } from "./closed-check.ts";
import { type GivenArchive, judgeEntered, judgeWitnessed, type LedgerTimes } from "./entered.ts";
import {
  ARCHIVE_CHECKS,
  ENTERED_CHECKS,
  type EvidenceCheckName,
  namesOf,
  WITNESSED_CHECKS,
} from "./findings.ts";
import { RecordedFacts } from "./recorded-facts.ts";
import type { RecordingReport } from "./report.ts";
import type { SessionEntries } from "./session-entries.ts";
import type { Source } from "./source.ts";

/** A recording's file, or its sealed objects; decrypted and decompressed as it is opened. */
export interface RecordingSource extends Source {
  /** The sealed objects that were read, once they were; null where the recording came in another way. */
  archive(): GivenArchive | null;
  /**
   * Reads what there is of one that could not be decrypted: opening it has thrown `recording_encrypted`. Absent where it can't be
   * read a second time.
   */
  closed?(): Promise<ClosedRecording>;
}

/** What a recording tells by itself. */
interface Verified {
  session: string | null;
  entries: number;
  firstWrong: number | null;
  checks: Check<EvidenceCheckName>[];
  notes: string[];
}

/** A recording that was verified by itself, and what it says that the ledger says, too. */
export class CheckedRecording {
  readonly #name: string;
  readonly #verified: Verified;
  readonly #facts: RecordedFacts;
  readonly #archive: GivenArchive | null;
  /** Null where its contents were looked at. */
  readonly #closed: ClosedRecording | null;

  private constructor(
    name: string,
    verified: Verified,
    facts: RecordedFacts,
    archive: GivenArchive | null,
    closed: ClosedRecording | null,
  ) {
    this.#name = name;
    this.#verified = verified;
    this.#facts = facts;
    this.#archive = archive;
    this.#closed = closed;
  }

  /** Throws what reading throws; of one that can't be decrypted only where it can't be read again. */
  static async check(source: RecordingSource, keys: Keys): Promise<CheckedRecording> {
    const facts = new RecordedFacts();
    try {
      const verification = await verifyRecording(source.open(), keys, facts);
      return new CheckedRecording(source.name, verification, facts, source.archive(), null);
    } catch (error) {
      const isClosed = error instanceof SallyportError && error.code === "recording_encrypted";
      if (!isClosed || !source.closed) throw error;
      return CheckedRecording.#closedOf(source.name, await source.closed(), error, keys);
    }
  }

  static async #closedOf(
    name: string,
    closed: ClosedRecording,
    { message, hint }: SallyportError,
    keys: Keys,
  ): Promise<CheckedRecording> {
    const { session, trailer, archive } = closed;
    const facts = new RecordedFacts();
    if (trailer) facts.trailer(trailer);
    const findings = await checkClosed(closed, `${message} ${hint}`, keys);
    const entries = trailer?.edgeSeal?.entries ?? 0;
    return new CheckedRecording(name, { session, entries, ...findings.result() }, facts, archive, closed);
  }

  get session(): string | null {
    return this.#verified.session;
  }

  /**
   * `entries`: what is known of the session; null where no file given tells of the ledger. `whole`: the times of a ledger
   * of which all is given. `witness`: what it has of the session.
   */
  report(
    entries: SessionEntries | null,
    whole: LedgerTimes | null,
    witness: { entries: SessionEntries; size: number } | null,
  ): RecordingReport {
    const { session, entries: count, firstWrong, checks, notes } = this.#verified;
    const archive = this.#archive;
    const findings = new Findings(
      namesOf<keyof typeof ENTERED_CHECKS | keyof typeof ARCHIVE_CHECKS | keyof typeof WITNESSED_CHECKS>(
        entries ? this.#enteredChecks() : {},
        entries && archive ? ARCHIVE_CHECKS : {},
        witness ? WITNESSED_CHECKS : {},
      ),
    );
    if (entries) judgeEntered(this.#facts, { entries, whole, archive }, findings);
    if (entries && witness) judgeWitnessed(entries, witness.entries, witness.size, findings);
    const further = findings.result();
    const all = [...checks, ...further.checks];
    return {
      name: this.#name,
      verdict: verdictOf(all.map(({ state }) => state)),
      session,
      entries: count,
      firstWrong,
      checks: all,
      notes: [...notes, ...further.notes],
    };
  }

  /** Of one that is closed, what it says of approvals is not known, nor, where there are the objects alone, of its seals. */
  #enteredChecks(): Partial<typeof ENTERED_CHECKS> {
    if (!this.#closed) return ENTERED_CHECKS;
    const { "ledger-start": start, "ledger-seal": seal } = ENTERED_CHECKS;
    return { "ledger-start": start, ...(this.#closed.trailer && { "ledger-seal": seal }) };
  }
}

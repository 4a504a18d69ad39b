import { Findings, verdictOf } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { type Verification, verifyRecording } from "../recording/verify.ts";
import { type GivenArchive, judgeEntered, judgeWitnessed, type LedgerTimes } from "./entered.ts";
import { ARCHIVE_CHECKS, ENTERED_CHECKS, namesOf, WITNESSED_CHECKS } from "./findings.ts";
import { RecordedFacts } from "./recorded-facts.ts";
import type { RecordingReport } from "./report.ts";
import type { SessionEntries } from "./session-entries.ts";
import type { Source } from "./source.ts";

/** A recording's file, or its sealed objects, decompressed. */
export interface RecordingSource extends Source {
  /** The sealed objects that were read, once they were; null where the recording came in another way. */
  archive(): GivenArchive | null;
}

/** A recording that was verified by itself, and what it says that the ledger says, too. */
export class CheckedRecording {
  readonly #source: RecordingSource;
  readonly #verification: Verification;
  readonly #facts: RecordedFacts;

  private constructor(source: RecordingSource, verification: Verification, facts: RecordedFacts) {
    this.#source = source;
    this.#verification = verification;
    this.#facts = facts;
  }

  static async check(source: RecordingSource, keys: Keys): Promise<CheckedRecording> {
    const facts = new RecordedFacts();
    const verification = await verifyRecording(source.open(), keys, facts);
    return new CheckedRecording(source, verification, facts);
  }

  get session(): string | null {
    return this.#verification.session;
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
    const { verdict: _, checks, notes, ...rest } = this.#verification;
    const archive = this.#source.archive();
    const findings = new Findings(
      namesOf<keyof typeof ENTERED_CHECKS | keyof typeof ARCHIVE_CHECKS | keyof typeof WITNESSED_CHECKS>(
        entries ? ENTERED_CHECKS : {},
        entries && archive ? ARCHIVE_CHECKS : {},
        witness ? WITNESSED_CHECKS : {},
      ),
    );
    if (entries) judgeEntered(this.#facts, { entries, whole, archive }, findings);
    if (entries && witness) judgeWitnessed(entries, witness.entries, witness.size, findings);
    const further = findings.result();
    const all = [...checks, ...further.checks];
    return {
      name: this.#source.name,
      verdict: verdictOf(all.map(({ state }) => state)),
      ...rest,
      checks: all,
      notes: [...notes, ...further.notes],
    };
  }
}

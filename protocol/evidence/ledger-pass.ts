import { openCheckpoint } from "../ledger/checkpoint.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { leafHash } from "../ledger/merkle.ts";
import { readLedgerEntry } from "../ledger/reading.ts";
import { Findings, type FindingsOf } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { thumbprint } from "../signatures.ts";
import { Frontier } from "../witness/frontier.ts";
import { type LedgerPart, readLedgerExport } from "./documents.ts";
import { ALL_CHECKS, LEDGER_CHECKS, namesOf } from "./findings.ts";
import type { History } from "./history.ts";
import { nextLeaf } from "./next-leaf.ts";
import { Review, type SessionsReport } from "./review.ts";
import type { Found } from "./session-entries.ts";
import { faultOf, type Source } from "./source.ts";

export type LedgerName = keyof typeof LEDGER_CHECKS | keyof typeof ALL_CHECKS;

/** Verifies a ledger export while its leaves are taken from it. */
export class LedgerPass {
  readonly findings: Findings<LedgerName>;
  readonly review: Review;
  origin: string | null = null;
  /** Whether all of it could be read, and stands in its place. */
  isWhole = false;
  readonly #source: Source;
  readonly #keys: Keys;
  readonly #history: History;
  readonly #keep: (found: Found) => void;
  readonly #parts: AsyncGenerator<LedgerPart, void, undefined>;
  readonly #tree = Frontier.empty();
  #isInOrder = true;
  #checkpoint: string | null = null;

  /** `keep` is given each entry; `hasAll`: every recording is said to be given. */
  constructor(source: Source, keys: Keys, history: History, keep: (found: Found) => void, hasAll: boolean) {
    this.findings = new Findings(namesOf<LedgerName>(LEDGER_CHECKS, hasAll ? ALL_CHECKS : {}));
    this.review = new Review(keys, this.findings);
    this.#source = source;
    this.#keys = keys;
    this.#history = history;
    this.#keep = keep;
    this.#parts = readLedgerExport(source.open());
  }

  get size(): number {
    return this.#tree.size;
  }

  /** The next leaf; null at the end, or where no further one can be trusted to be in its place. */
  next(): Promise<Uint8Array | null> {
    return nextLeaf(
      this.#parts,
      this.findings,
      (part) => this.#take(part),
      () => {
        this.isWhole = this.#isInOrder;
      },
    );
  }

  /** Judges what only the whole tells. */
  async finish(at: number, given: ReadonlySet<string> | null): Promise<SessionsReport> {
    if (this.isWhole) this.findings.ok("order", `its ${this.size} entries count from 0 without a gap`);
    if (this.#checkpoint !== null && this.origin !== null)
      await this.#judgeCheckpoint(this.#checkpoint, this.origin);
    return this.review.finish(at, given);
  }

  async #take(part: LedgerPart): Promise<Uint8Array | null> {
    if (part.part === "header") this.#open(part.origin);
    else if (part.part === "checkpoint") this.#checkpoint = part.checkpoint;
    else if (this.#isInOrder) return this.#entry(part.index, part.entry);
    return null;
  }

  #open(origin: string): void {
    this.origin = origin;
    this.#history.origin(origin, this.#source.name);
  }

  async #entry(index: number, text: string): Promise<Uint8Array | null> {
    if (index !== this.size) {
      this.findings.fail("order", `where entry ${this.size} belongs stands entry ${index}`);
      this.#isInOrder = false;
      return null;
    }
    const leaf = leafHash(Buffer.from(text));
    this.#tree.append(leaf);
    this.#history.meet(this.#source.name, this.size, () => this.#tree.root());
    const entry = entryOf(text, index, this.findings);
    if (entry) {
      await this.review.take(index, entry);
      this.#keep({ index, leaf, entry, written: null });
    }
    return leaf;
  }

  async #judgeCheckpoint(note: string, origin: string): Promise<void> {
    try {
      const { size, root, signer } = await openCheckpoint(note, origin, this.#keys.edge);
      this.findings.ok(
        "checkpoint",
        `for ${size} entries of ${origin}, signed by the edge with its key ${thumbprint(signer)}`,
      );
      if (!this.isWhole) return;
      if (size !== this.size) {
        const sentence = `the checkpoint is of ${size} entries; the export holds ${this.size}`;
        this.findings.fail("root", sentence);
      } else if (Buffer.compare(root, this.#tree.root()) !== 0) {
        this.findings.fail("root", "the edge signed other entries than these");
      } else this.findings.ok("root", `the root over these ${size} entries is the one that is signed`);
    } catch (error) {
      this.findings.fail("checkpoint", faultOf(error));
    }
  }
}

/** The entry that a text is; null where it is none, which is a finding. */
export function entryOf(text: string, index: number, findings: FindingsOf<"entries">): LedgerEntry | null {
  try {
    return readLedgerEntry(text);
  } catch (error) {
    findings.fail("entries", `entry ${index}: ${faultOf(error)}`);
    return null;
  }
}

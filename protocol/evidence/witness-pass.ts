import { openCheckpoint } from "../ledger/checkpoint.ts";
import { leafHash } from "../ledger/merkle.ts";
import { Findings } from "../recording/findings.ts";
import type { Keys } from "../recording/keys.ts";
import { Frontier } from "../witness/frontier.ts";
import { readWitnessExport, type WitnessPart } from "./documents.ts";
import { ALL_CHECKS, namesOf, REVIEW_CHECKS, WITNESS_CHECKS } from "./findings.ts";
import type { History } from "./history.ts";
import { entryOf } from "./ledger-pass.ts";
import { nextLeaf } from "./next-leaf.ts";
import { Review, type SessionsReport } from "./review.ts";
import type { Found } from "./session-entries.ts";
import { faultOf, type Source } from "./source.ts";
import { counted, dateText } from "./words.ts";

export type WitnessName = keyof typeof WITNESS_CHECKS | keyof typeof REVIEW_CHECKS | keyof typeof ALL_CHECKS;

/** Verifies a witness export while its leaves are taken from it. */
export class WitnessPass {
  readonly findings: Findings<WitnessName>;
  /** Only where no ledger export is given. */
  readonly review: Review | null;
  origin: string | null = null;
  isWhole = false;
  /** Leaves that a checkpoint covers which the edge has signed. */
  covered = 0;
  /** The latest time at which something was written, ms since 1970. */
  latest = 0;
  readonly #source: Source;
  readonly #keys: Keys;
  readonly #history: History;
  readonly #keep: (found: Found) => void;
  readonly #tree = Frontier.empty();
  readonly #parts: AsyncGenerator<WitnessPart, void, undefined>;
  #checkpoints = 0;
  #isInOrder = true;

  constructor(
    source: Source,
    keys: Keys,
    history: History,
    keep: (found: Found) => void,
    reviews: { isOnly: boolean; hasAll: boolean },
  ) {
    const reviewed = reviews.isOnly ? { ...REVIEW_CHECKS, ...(reviews.hasAll && ALL_CHECKS) } : {};
    this.findings = new Findings(namesOf<WitnessName>(WITNESS_CHECKS, reviewed));
    this.review = reviews.isOnly ? new Review(keys, this.findings) : null;
    this.#source = source;
    this.#keys = keys;
    this.#history = history;
    this.#keep = keep;
    this.#parts = readWitnessExport(source.open());
  }

  get size(): number {
    return this.#tree.size;
  }

  /** As of `LedgerPass`. */
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
  async finish(at: number, given: ReadonlySet<string> | null): Promise<SessionsReport | null> {
    const { findings, size } = this;
    if (this.isWhole) findings.ok("order", `its ${size} leaves count from 0 without a gap`);
    findings.ok("leaves", "each leaf's hash is that of its entry");
    if (!this.isWhole) findings.absent("checkpoints", "not all of them could be judged");
    if (this.#checkpoints === 0) findings.absent("checkpoints", "there is none");
    const rest = size - this.covered;
    const uncovered = rest > 0 ? `; ${counted(rest, "leaf", "leaves")} behind the last of them` : "";
    const sentence = `${this.#checkpoints} are signed by the edge and fit the leaves${uncovered}`;
    findings.ok("checkpoints", sentence);
    return this.review ? this.review.finish(at, given) : null;
  }

  async #take(part: WitnessPart): Promise<Uint8Array | null> {
    if (part.part === "header") {
      this.origin = part.origin;
      this.#history.origin(part.origin, this.#source.name);
      return null;
    }
    this.latest = Math.max(this.latest, part.written);
    if (!this.#isInOrder) return null;
    if (part.part === "leaf") return this.#leaf(part);
    await this.#checkpoint(part.size, part.checkpoint);
    return null;
  }

  /** A checkpoint stands behind the last leaf that it covers. */
  async #checkpoint(size: number, note: string): Promise<void> {
    this.#checkpoints++;
    try {
      const checkpoint = await openCheckpoint(note, this.origin!, this.#keys.edge);
      if (checkpoint.size !== size || size !== this.size || size <= this.covered) {
        this.findings.fail("checkpoints", `behind leaf ${this.size - 1} stands one that belongs elsewhere`);
      } else if (Buffer.compare(checkpoint.root, this.#tree.root()) !== 0) {
        this.findings.fail("checkpoints", `the one of ${size} entries is not over these leaves`);
      } else this.covered = size;
    } catch (error) {
      this.findings.fail("checkpoints", `the one of ${size} entries: ${faultOf(error)}`);
    }
  }

  async #leaf(part: Extract<WitnessPart, { part: "leaf" }>): Promise<Uint8Array | null> {
    const { index, entry: text, written } = part;
    if (index !== this.size) {
      this.findings.fail("order", `where leaf ${this.size} belongs stands leaf ${index}`);
      this.#isInOrder = false;
      return null;
    }
    const leaf = leafHash(Buffer.from(text));
    if (leaf.toString("hex") !== part.hash) {
      this.findings.fail("leaves", `leaf ${index} has not the hash of its entry`);
    }
    this.#tree.append(leaf);
    this.#history.meet(this.#source.name, this.size, () => this.#tree.root());
    const entry = this.#entry(text, index);
    if (entry) {
      await this.review?.take(index, entry);
      if (written < entry.time - MAX_CLOCKS_APART) {
        this.findings.note(`leaf ${index} was written on ${dateText(written)}, before it happened`);
      }
      this.#keep({ index, leaf, entry, written });
    }
    return leaf;
  }

  /** Where the ledger is given, its own form is judged there. */
  #entry(text: string, index: number): ReturnType<typeof entryOf> {
    return entryOf(text, index, this.review ? this.findings : new Findings(["entries"]));
  }
}

/** Clocks of one edge's machines, ms. */
const MAX_CLOCKS_APART = 60_000;

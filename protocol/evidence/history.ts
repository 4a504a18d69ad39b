import type { Checkpoint } from "../ledger/checkpoint.ts";

/** A signed checkpoint of which the tree is not there to be computed again: that of an evidence file. */
export interface Claim extends Checkpoint {
  /** Where it stands, for sentences. */
  source: string;
}

/** Finds out whether what several files tell of one ledger is one history. */
export class History {
  readonly #claims = new Map<number, Claim>();
  readonly #contradictions: string[] = [];
  readonly #origins = new Map<string, string>();
  /** Sizes of claims that a tree was computed for. */
  readonly #met = new Set<number>();

  /** What is wrong, in the order in which it was found. */
  get contradictions(): readonly string[] {
    return this.#contradictions;
  }

  contradict(sentence: string): void {
    this.#contradictions.push(sentence);
  }

  /** Notes of which ledger a file is. */
  origin(origin: string, source: string): void {
    for (const [other, where] of this.#origins) {
      if (other !== origin) {
        this.contradict(`${source} is of the ledger ${origin}, and ${where} is of the ledger ${other}`);
        return;
      }
    }
    this.#origins.set(origin, source);
  }

  claim(claim: Claim): void {
    const other = this.#claims.get(claim.size);
    if (!other) this.#claims.set(claim.size, claim);
    else if (Buffer.compare(other.root, claim.root) !== 0) this.#fork(claim.source, other.source, claim.size);
  }

  /** Compares the tree of a source at this size with what was claimed for it. */
  meet(source: string, size: number, root: () => Uint8Array): void {
    const claim = this.#claims.get(size);
    if (!claim) return;
    this.#met.add(size);
    if (Buffer.compare(root(), claim.root) !== 0) this.#fork(source, claim.source, size);
  }

  /** Claims for which no tree was computed, the largest first. */
  unmet(): Claim[] {
    return [...this.#claims.values()]
      .filter(({ size }) => !this.#met.has(size))
      .sort((one, other) => other.size - one.size);
  }

  get claims(): number {
    return this.#claims.size;
  }

  #fork(one: string, other: string, size: number): void {
    this.contradict(
      `${one} and ${other} tell two histories of the ledger's first ${size} entries: the ledger was forked`,
    );
  }
}

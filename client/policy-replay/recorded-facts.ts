import type { PlanEstimate } from "../../protocol/control.ts";
import { FINGERPRINT, type StatementFacts } from "../../protocol/sql/facts.ts";

/** Characters of JSON that are kept of one session's facts; an agent's programs have some hundred statements. */
const MAX_KEPT = 16 * 1024 * 1024;
/** Different facts of one fingerprint: of statements that differ in a constant LIMIT, or whose names meant another table. */
const MAX_VARIANTS = 256;
/** Fingerprints of which it is remembered that something was not kept. */
const MAX_PARTIAL = 100_000;

export interface Recorded {
  facts: StatementFacts;
  plan: PlanEstimate | null;
}

/** What the parser proved of a session's statements when they ran, by fingerprint. Bounded. */
export class RecordedFacts {
  readonly #known = new Map<string, Map<string, Recorded>>();
  /** Fingerprints of which something was not kept: what is kept of them proves nothing. */
  readonly #partial = new Set<string>();
  /** Too much was not kept to remember of what. */
  #allPartial = false;
  #kept = 0;

  /** Facts whose fingerprint is none belong to no statement and are ignored. */
  add(facts: StatementFacts, plan: PlanEstimate | null): void {
    const { fingerprint } = facts;
    if (!FINGERPRINT.test(fingerprint)) return;
    const variants = this.#known.get(fingerprint) ?? new Map<string, Recorded>();
    const json = JSON.stringify(facts);
    const before = variants.get(json);
    if (before) {
      // Estimates differ from one run to the next: the greatest is the one that a bound stops.
      before.plan = greater(before.plan, plan);
      return;
    }
    if (variants.size >= MAX_VARIANTS || this.#kept + json.length > MAX_KEPT) {
      this.#drop(fingerprint);
      return;
    }
    this.#kept += json.length;
    variants.set(json, { facts, plan });
    this.#known.set(fingerprint, variants);
  }

  /** All that was proved of statements with this fingerprint. `partial`: there was more than is kept. */
  of(fingerprint: string): { variants: Recorded[]; partial: boolean } {
    const variants = [...(this.#known.get(fingerprint)?.values() ?? [])];
    return { variants, partial: this.#allPartial || this.#partial.has(fingerprint) };
  }

  toJSON(): { known: Recorded[]; partial: string[]; allPartial: boolean } {
    return {
      known: [...this.#known.values()].flatMap((variants) => [...variants.values()]),
      partial: [...this.#partial],
      allPartial: this.#allPartial,
    };
  }

  /** What `toJSON` made. */
  static from({ known, partial, allPartial }: ReturnType<RecordedFacts["toJSON"]>): RecordedFacts {
    const recorded = new RecordedFacts();
    for (const { facts, plan } of known) recorded.add(facts, plan);
    for (const fingerprint of partial) recorded.#partial.add(fingerprint);
    recorded.#allPartial = allPartial;
    return recorded;
  }

  #drop(fingerprint: string): void {
    if (this.#partial.size < MAX_PARTIAL) this.#partial.add(fingerprint);
    else this.#allPartial = true;
  }
}

function greater(one: PlanEstimate | null, other: PlanEstimate | null): PlanEstimate | null {
  if (!one || !other) return one ?? other;
  return { rows: Math.max(one.rows, other.rows), cost: Math.max(one.cost, other.cost) };
}

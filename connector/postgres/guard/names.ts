import { SallyportError } from "../../../protocol/errors.ts";

/** Prepared statements, or portals, that a session may have at once. */
const MAX_NAMES = 10_000;
/** What one name may mean while the target has not yet told. */
const MAX_MEANINGS = 100;

/**
 * What the names of a session's prepared statements, or of its portals and cursors, may mean. SQL and protocol share
 * them (PREPARE and Parse, DECLARE and Bind), so there is one map for both. What the target will make of a message
 * isn't known until it answers: a Parse of a name that exists fails, and the old statement stays. So a name has all
 * meanings that it may have, each is judged, and the target's answers leave one.
 */
export class Names<Meaning> {
  readonly #meanings = new Map<string, Set<Meaning>>();

  /** All that this name may mean; none when it can't exist. */
  get(name: string): Meaning[] {
    return [...(this.#meanings.get(name) ?? [])];
  }

  all(): Meaning[] {
    return [...this.#meanings.values()].flatMap((meanings) => [...meanings]);
  }

  /** The target is asked to give the name this meaning. Throws `limit_exceeded`. */
  add(name: string, meaning: Meaning): void {
    const meanings = this.#meanings.get(name) ?? new Set();
    if (this.#meanings.size >= MAX_NAMES || meanings.size >= MAX_MEANINGS) {
      throw new SallyportError(
        "limit_exceeded",
        `the session has more than ${MAX_NAMES} prepared statements or portals`,
        "Close or deallocate those that are no longer needed.",
      );
    }
    this.#meanings.set(name, meanings.add(meaning));
  }

  /** The target has taken it: what the name meant before is gone; what was asked after may still come. */
  confirm(name: string, meaning: Meaning): void {
    const meanings = this.#meanings.get(name);
    for (const other of meanings ?? []) {
      if (other === meaning) return;
      meanings!.delete(other);
    }
  }

  /** The target refused it; what the name meant before, it means still. */
  refuse(name: string, meaning: Meaning): void {
    this.#remove(name, meaning);
  }

  /** The target is asked to forget the name, or, without one, all. Returns what to call when it has. */
  forgetting(name?: string): () => void {
    const names = name === undefined ? [...this.#meanings.keys()] : [name];
    const known = names.flatMap((one) => this.get(one).map((meaning) => [one, meaning] as const));
    return () => {
      for (const [one, meaning] of known) this.#remove(one, meaning);
    };
  }

  #remove(name: string, meaning: Meaning): void {
    const meanings = this.#meanings.get(name);
    meanings?.delete(meaning);
    if (meanings?.size === 0) this.#meanings.delete(name);
  }
}

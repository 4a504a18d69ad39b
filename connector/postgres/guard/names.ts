import { SallyportError } from "../../../protocol/errors.ts";

/** Prepared statements, or portals, that a session may have at once. */
const MAX_NAMES = 10_000;
/** What one name may mean while the target has not yet told. */
const MAX_MEANINGS = 100;

/**
 * What the names of a session's prepared statements, or of its portals and cursors, may mean. SQL and protocol share
 * them (PREPARE and Parse, DECLARE and Bind), so there is one map for both. What the target will make of a message
 * isn't known until it answers: a Parse of a name that exists fails, and the old statement stays. So a name has all
 * meanings that it may have, each is judged, and the target's answers leave one. Only inside a batch, up to its Sync,
 * is the last one asked for certain at once: had the target refused it, it would skip all that follows.
 */
export class Names<Meaning> {
  readonly #meanings = new Map<string, Set<Meaning>>();

  /** What a message of this batch asked for last, by name. */
  readonly #asked = new Map<string, Meaning>();

  /** All that this name may mean; none when it can't exist. */
  get(name: string): Meaning[] {
    const meanings = this.#meanings.get(name);
    const asked = this.#asked.get(name);
    return asked !== undefined && meanings?.has(asked) ? [asked] : [...(meanings ?? [])];
  }

  all(): Meaning[] {
    return [...this.#meanings.values()].flatMap((meanings) => [...meanings]);
  }

  /** Whether it has as many meanings as are kept: the target's answers must be waited for. */
  crowded(name: string): boolean {
    return (this.#meanings.get(name)?.size ?? 0) >= MAX_MEANINGS;
  }

  /** A message of the extended protocol asks for it: what follows in its batch can mean nothing else. */
  ask(name: string, meaning: Meaning): void {
    this.add(name, meaning);
    this.#asked.set(name, meaning);
  }

  /** A Sync, or what is no message of the extended protocol. */
  endBatch(): void {
    this.#asked.clear();
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
    this.#asked.delete(name);
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
    const known = names.flatMap((one) =>
      [...(this.#meanings.get(one) ?? [])].map((meaning) => [one, meaning] as const),
    );
    for (const one of names) this.#asked.delete(one);
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

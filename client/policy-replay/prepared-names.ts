/** Texts that one name may stand for. */
const MAX_TEXTS = 100;
/** Characters of all texts and names of a session. */
const MAX_KEPT = 8 * 1024 * 1024;

/**
 * What the names of a session's prepared statements may stand for, those of SQL and those of the protocol, which share
 * them; or those of its portals. Whether the server took a PREPARE or a DEALLOCATE is not always to be seen, so a name keeps every text that it
 * may have: each is judged, and the worst counts.
 */
export class PreparedNames {
  readonly #texts = new Map<string, Set<string>>();
  #kept = 0;

  add(name: string, text: string): void {
    const texts = this.#texts.get(name) ?? new Set();
    if (texts.has(text)) return;
    const cost = name.length + text.length;
    if (texts.size >= MAX_TEXTS || this.#kept + cost > MAX_KEPT) {
      // Too much to remember: then it is not known what any name stands for.
      this.#texts.set(name, texts.add(UNKNOWN));
      return;
    }
    this.#kept += cost;
    this.#texts.set(name, texts.add(text));
  }

  /** The name stands for something that is not known. */
  lose(name: string): void {
    this.#texts.set(name, (this.#texts.get(name) ?? new Set()).add(UNKNOWN));
  }

  /** Whether anything was given this name. */
  has(name: string): boolean {
    return this.#texts.has(name);
  }

  /** The name is certainly gone; null: all are. */
  remove(name: string | null): void {
    if (name === null) {
      this.#texts.clear();
      this.#kept = 0;
      return;
    }
    for (const text of this.#texts.get(name) ?? [])
      if (text !== UNKNOWN) this.#kept -= name.length + text.length;
    this.#texts.delete(name);
  }

  /** All that it may stand for; null when that is not known. */
  of(name: string): string[] | null {
    const texts = this.#texts.get(name);
    return texts === undefined || texts.has(UNKNOWN) ? null : [...texts];
  }
}

/** No SQL has a zero byte. */
const UNKNOWN = "\0";

/**
 * What opening a session looks up first, remembered for a moment: a target's row, a service token's principal. That
 * can't be unsafe, as `register` reads the truth after it and refuses what has changed; it saves the round trips
 * that a pool of connections would make again and again. What is not there is never remembered.
 */
export class Remembered<T> {
  readonly #entries = new Map<string, { value: T; until: number }>();

  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry && entry.until > now) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  set(key: string, value: T, now: number): T {
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, { value, until: now + REMEMBER_MS });
    return value;
  }
}

const REMEMBER_MS = 10_000;
const MAX_ENTRIES = 10_000;

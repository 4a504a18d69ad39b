import type { Timers } from "./timers.ts";

/** Time that only goes on when a test says so. */
export class TestTimers implements Timers {
  readonly #calls = new Set<{ at: number; call: () => void }>();
  now = 0;

  get size(): number {
    return this.#calls.size;
  }

  after(ms: number, call: () => void): () => void {
    const one = { at: this.now + ms, call };
    this.#calls.add(one);
    return () => this.#calls.delete(one);
  }

  pass(ms: number): void {
    this.now += ms;
    for (const one of [...this.#calls]) {
      if (one.at > this.now) continue;
      this.#calls.delete(one);
      one.call();
    }
  }
}

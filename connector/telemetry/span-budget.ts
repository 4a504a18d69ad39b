/** Spans of one session that may be made in one moment, and how many more a second. */
export const BURST = 500;
export const PER_SECOND = 20;

/** How many spans a session may make: a flood of requests must not become one of spans. Pure; times are ms since 1970. */
export class SpanBudget {
  #left = BURST;
  #at: number;
  #leftOut = 0;

  constructor(now: number) {
    this.#at = now;
  }

  /** Spans that were refused. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Whether one more may be made. A clock that goes back gives nothing. */
  take(now: number): boolean {
    const passed = Math.max(0, now - this.#at);
    this.#at = Math.max(this.#at, now);
    this.#left = Math.min(BURST, this.#left + (passed * PER_SECOND) / 1_000);
    if (this.#left < 1) {
      this.#leftOut++;
      return false;
    }
    this.#left--;
    return true;
  }
}

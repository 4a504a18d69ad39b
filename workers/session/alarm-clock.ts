/** An object has one alarm; this keeps it at the earliest time that anyone asked for. */
export class AlarmClock {
  readonly #set: (at: number) => void;
  #next = Number.POSITIVE_INFINITY;
  #fired = 0;

  /** `set` sets the runtime's alarm, ms since 1970; setting replaces what was set before. */
  constructor(set: (at: number) => void) {
    this.#set = set;
  }

  /** The alarm has fired: whoever still waits for a later time asks again. */
  fired(now: number): void {
    this.#fired = Number.isFinite(this.#next) ? this.#next : now;
    this.#next = Number.POSITIVE_INFINITY;
  }

  /** Asks for the alarm at this time, or before. Infinity asks for nothing. */
  wake(at: number): void {
    // The runtime forgets an alarm that is set, while one runs, for that one's own millisecond.
    const time = Math.max(at, this.#fired + 1);
    if (time >= this.#next) return;
    this.#next = time;
    this.#set(time);
  }
}

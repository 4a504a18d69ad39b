import type { Timers } from "../guard/timers.ts";

/** How long what must be watched waits for somebody, in the beginning and when a watcher has left. Ms. */
export const WATCHER_MS = 15 * 60_000;

/** Whether somebody watches one session, and who waits for that. */
export class Watching {
  readonly #timers: Timers;
  #watchers = 0;
  readonly #listeners = new Set<() => void>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get isWatched(): boolean {
    return this.#watchers > 0;
  }

  /** The edge says how many people watch. */
  changed(watchers: number): void {
    this.#watchers = watchers;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` at each change of what the edge says; answers how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves true once somebody watches, false when nobody came in time, or `signal` was given. */
  begun(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isWatched: boolean) => {
        stopTimer();
        stopListening();
        signal.removeEventListener("abort", gone);
        resolve(isWatched);
      };
      const gone = () => settle(false);
      const stopTimer = this.#timers.after(WATCHER_MS, gone);
      const stopListening = this.onChange(() => {
        if (this.isWatched) settle(true);
      });
      signal.addEventListener("abort", gone);
      if (signal.aborted || this.isWatched) settle(this.isWatched && !signal.aborted);
    });
  }

  /**
   * Tells, until `signal`, whether something must stand still because nobody watches, at each change; and when nobody has
   * come back in time.
   */
  standStill(signal: AbortSignal, told: { changed(isFrozen: boolean): void; tooLong(): void }): void {
    let isFrozen = false;
    let stopTimer = () => {};
    const check = () => {
      if (this.isWatched !== isFrozen) return;
      isFrozen = !isFrozen;
      stopTimer();
      if (isFrozen) stopTimer = this.#timers.after(WATCHER_MS, told.tooLong);
      told.changed(isFrozen);
    };
    const stopListening = this.onChange(check);
    signal.addEventListener("abort", () => {
      stopTimer();
      stopListening();
    });
    check();
  }
}

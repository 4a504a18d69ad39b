/** Requests that wait until something has become true, each looked at again whenever it may have. */
export class Waiting {
  readonly #open = new Set<{ isTrue(): boolean; settle(): void }>();

  /** Resolves as soon as `isTrue` holds, and after `timeoutMs` in any case. */
  until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => {
      // It lives no longer than the request that waits here, which keeps the object awake anyway.
      const timer = setTimeout(() => one.settle(), timeoutMs);
      const one = {
        isTrue,
        settle: () => {
          clearTimeout(timer);
          this.#open.delete(one);
          resolve();
        },
      };
      this.#open.add(one);
    });
  }

  /** Something has changed. */
  look(): void {
    for (const one of [...this.#open]) if (one.isTrue()) one.settle();
  }
}

/**
 * Who may find out where a path leads and then use it: one at a time, in the order of asking. The channels of one SSH
 * session share one, so that none of them changes a link between another's question and use.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves with what ends the turn; it must be called, and may be more than once. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  }
}

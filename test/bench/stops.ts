/** What must be undone, last first, once. */
export class Stops {
  #steps: (() => Promise<void>)[] = [];
  #running: Promise<void> = Promise.resolve();

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Undoes everything, also when a step fails; throws what the first failure threw. Waits for a run under way. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#undo());
    return this.#running;
  }

  async #undo(): Promise<void> {
    const steps = this.#steps.reverse();
    this.#steps = [];
    const failures: unknown[] = [];
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
